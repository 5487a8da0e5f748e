import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fullJitter } from '../../../contract/back-off.ts';
import { ConnectionFailure } from './failure.ts';

export interface KeepConnected {
  /** Spans of the wait before an attempt. */
  backOff: { firstMs: number; maxMs: number };
  /** 0 to 1. */
  random: () => number;
  /** One attempt: resolves when its connection ended, rejects when there was none. */
  once: (signal: AbortSignal) => Promise<ConnectionFailure>;
  /** Called for each attempt that failed and each connection that ended; `wasOpen` tells which. */
  onEnd: (failure: ConnectionFailure, wasOpen: boolean) => void;
}

/** A connection that ends sooner was of no use: the next attempt waits longer. */
const USEFUL_MS = 10_000;

/** One connection after another, never two at a time, until aborted. Never rejects. */
export async function keepConnected(options: KeepConnected, signal: AbortSignal): Promise<void> {
  const { backOff, random, once, onEnd } = options;
  for (let failures = 0; !signal.aborted; ) {
    const wait = fullJitter(failures, backOff, random);
    await sleep(wait, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const began = performance.now();
    let failure: ConnectionFailure;
    let wasOpen = false;
    try {
      failure = await once(signal);
      wasOpen = true;
    } catch (error) {
      failure = error instanceof ConnectionFailure ? error : new ConnectionFailure('ended', String(error));
    }
    failures = wasOpen && performance.now() - began >= USEFUL_MS ? 0 : failures + 1;
    if (!signal.aborted) onEnd(failure, wasOpen);
  }
}
