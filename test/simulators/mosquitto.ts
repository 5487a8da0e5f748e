import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type RunningProcess, startProcess } from './processes.ts';

/** A port that was free a moment ago, for programs that cannot bind port 0 and tell. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

export interface Mosquitto {
  url: string;
  port: number;
  process: RunningProcess;
}

/**
 * Starts a real mosquitto on loopback. `extra`: further lines of its configuration; `verbose: false`: it does not
 * write a line for each packet.
 */
export async function startMosquitto(
  program: string,
  dir: string,
  options: { port?: number; extra?: string[]; verbose?: boolean } = {},
): Promise<Mosquitto> {
  const port = options.port ?? (await freePort());
  const file = join(dir, `mosquitto-${port}.conf`);
  const lines = [`listener ${port} 127.0.0.1`, 'allow_anonymous true', ...(options.extra ?? [])];
  writeFileSync(file, `${lines.join('\n')}\n`);
  const process = startProcess(program, ['-c', file, ...(options.verbose === false ? [] : ['-v'])]);
  await process.line((line) => line.includes(' running'));
  return { url: `mqtt://127.0.0.1:${port}`, port, process };
}
