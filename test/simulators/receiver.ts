import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { CloudEvent } from '../../contract/cloud-event.ts';
import { packageFile } from '../../contract/package-root.ts';
import { type RunningProcess, startProcess } from './processes.ts';
import { waitFor } from './wait.ts';

/** The province's reference receiver as its own process. */
export interface ReceiverProcess {
  process: RunningProcess;
  /** Its query side. */
  url: string;
  /** Where gateways publish to. */
  brokerUrl: string;
  configFile: string;
  /** GET of its query side, parsed. */
  get(path: string): Promise<unknown>;
}

/** Starts `receiver start` on a broker; the store is `receiver.db` in `dir`. */
export function startReceiver(dir: string, brokerUrl: string): Promise<ReceiverProcess> {
  return start(dir, { url: brokerUrl });
}

/** Starts a receiver with its embedded broker: a whole province, or another recipient, in one process. */
export function startProvince(dir: string, recipient?: string): Promise<ReceiverProcess> {
  return start(dir, { embedded: { port: 0 } }, recipient);
}

function start(dir: string, broker: Record<string, unknown>, recipient?: string): Promise<ReceiverProcess> {
  const configFile = join(dir, 'receiver.yaml');
  const config = {
    ...(recipient === undefined ? {} : { recipient }),
    broker,
    store: { file: 'receiver.db' },
    http: { host: '127.0.0.1', port: 0 },
  };
  writeFileSync(configFile, stringify(config));
  return restartReceiver(configFile);
}

/** Starts a receiver on a configuration that exists already. */
export async function restartReceiver(configFile: string): Promise<ReceiverProcess> {
  const main = packageFile('dist', 'edge', 'main.js');
  const running = startProcess(process.execPath, [main, 'receiver', 'start', '--config', configFile]);
  const line = await running.line((text) => text.includes('"msg":"ready"'), 30_000);
  const { http: url, broker: brokerUrl } = JSON.parse(line) as { http: string; broker: string };
  const get = async (path: string): Promise<unknown> => (await fetch(`${url}${path}`)).json();
  return { process: running, url, brokerUrl, configFile, get };
}

/** An event as the receiver's query side lists it. */
export interface ReceivedEvent {
  /** Place in the receiver's store. */
  position: number;
  lane: 'a' | 'e';
  seq: number;
  id: string;
  type: string;
  receivedAt: string;
  event: CloudEvent;
}

/** Every event the receiver stored of a gateway, page by page. */
export async function receivedEvents(
  receiver: ReceiverProcess,
  gateway: string,
  after = 0,
): Promise<ReceivedEvent[]> {
  const all: ReceivedEvent[] = [];
  for (let next = after; ; ) {
    const page = (await receiver.get(`/api/v1/events?gateway=${gateway}&after=${next}&limit=1000`)) as {
      events: ReceivedEvent[];
      next: number;
    };
    all.push(...page.events);
    if (page.events.length === 0) return all;
    next = page.next;
  }
}

/** Waits until the receiver has an event and returns it. */
export function waitForReceived(
  receiver: ReceiverProcess,
  gateway: string,
  what: string,
  match: (event: ReceivedEvent) => boolean,
  withinMs?: number,
): Promise<ReceivedEvent> {
  return waitFor(
    `the receiver to have ${what}`,
    async () => (await receivedEvents(receiver, gateway)).find(match),
    withinMs,
    50,
  );
}
