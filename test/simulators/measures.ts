import { readdirSync, readFileSync } from 'node:fs';
import type { Gateway } from './gateway.ts';

/** A figure of `/metrics` by its name, with labels as they stand there; 0 where there is none. */
export async function metric({ url }: Pick<Gateway, 'url'>, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
  return Number(line?.split(' ').at(-1) ?? 0);
}

/** Memory of a gateway's process, MiB. */
export function rssOf({ process: { child } }: Gateway): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kib) / 1024);
}

/** Descriptors that a gateway's process has open. */
export function openFilesOf({ process: { child } }: Gateway): number {
  return readdirSync(`/proc/${child.pid}/fd`).length;
}
