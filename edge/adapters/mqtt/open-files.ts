import { readFileSync } from 'node:fs';

/**
 * Descriptors that neither devices nor consoles get: journal, uplinks, brokers of the site, and the files that a sign-in
 * or an import opens. A gateway uses 33 when it has started.
 */
const OWN = 64;
/** Connections of consoles, on two listeners, and of those who look at metrics. */
const CONSOLES = 512;

/**
 * Connections that one listener of the console has descriptors for: a third of what the gateway itself leaves, at most
 * {@link CONSOLES}, and half of that for each, as there may be one with TLS and one without.
 */
export function roomForConsole(limits: string = readLimits()): number {
  const files = openFiles(limits);
  return Math.max(8, Math.floor(forConsoles(files) / 2));
}

/**
 * Connections of devices that this process has descriptors for. Without this bound the kernel's is met first: then whoever keeps
 * watch cannot sign in at the console, because devices hold every descriptor. Infinity where no bound is known.
 */
export function roomForConnections(limits: string = readLimits()): number {
  const files = openFiles(limits);
  return Math.max(Math.floor(files / 2), files - OWN - forConsoles(files));
}

function forConsoles(files: number): number {
  return Math.min(CONSOLES, Math.floor((files - OWN) / 3));
}

function openFiles(limits: string): number {
  const [, soft] = /^Max open files\s+(\d+)/m.exec(limits) ?? [];
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
}

/** Node has raised the soft limit to the hard one when it started. */
function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return ''; // no Linux
  }
}
