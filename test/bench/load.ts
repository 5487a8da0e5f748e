import { packageFile } from '../../contract/package-root.ts';
import { startProcess } from '../simulators/processes.ts';
import type { Account } from './campus.ts';
import type { LoadResult } from './load-generator.ts';
import { median } from './statistics.ts';

/** How a load is spread: connections, unacknowledged QoS 1 messages of each, devices that they speak for. */
export interface Shape {
  connections: number;
  inFlight: number;
  devices?: number;
}

/** Acknowledged messages a second, from a load generator in a process of its own. */
export async function load(
  port: number,
  shape: Shape,
  measureMs: number,
  account?: Account,
): Promise<number> {
  const options = { devices: shape.connections, ...shape, port, ...account, warmUpMs: 1_000, measureMs };
  const worker = startProcess(process.execPath, [
    packageFile('dist', 'test', 'bench', 'load-worker.js'),
    JSON.stringify(options),
  ]);
  const line = await worker.line((text) => text.startsWith('{'), measureMs + 60_000);
  await worker.ended;
  const { perSecond, closed } = JSON.parse(line) as LoadResult;
  if (closed > 0)
    throw new Error(`the broker closed ${closed} of ${shape.connections} connections under load`);
  return perSecond;
}

export function perSecond(rates: readonly number[]): string {
  return `${Math.round(median(rates)).toLocaleString('en')}/s`;
}
