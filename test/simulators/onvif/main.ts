// N simulated cameras as a process of their own, so that the gateway under test has its own CPU and memory figures.
//   node main.js '{"cameras":500}'     see ProcessOptions
// First line on stdout: {"ready":[...]}. Then each line on stdin is a Command, answered by one line with its id.
import { createInterface } from 'node:readline';
import { startCamera } from './camera.ts';
import { startDiscoveryResponder } from './discovery.ts';
import type { CameraIdentity, Command, ProcessOptions, RemoteMethod } from './process-protocol.ts';
import { steadyNow } from './times.ts';
import type { SimulatedCamera } from './types.ts';

const given = JSON.parse(process.argv[2] ?? '{}') as ProcessOptions;
const cameras = await Promise.all(
  Array.from({ length: given.cameras ?? 1 }, (_, index) =>
    startCamera({
      ...given.options,
      name: `${given.prefix ?? 'camera'}-${index + 1}`,
      // 250 addresses a network.
      ...(given.spread ? { host: `127.77.${Math.floor(index / 250)}.${(index % 250) + 1}` } : {}),
    }),
  ),
);
const discovery = given.discovery && (await startDiscoveryResponder(() => cameras, given.discovery));
say({ ready: cameras.map(identity), discoveryPort: discovery?.port });

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as Command;
  try {
    const at = steadyNow();
    const chosen = command.cameras === 'all' ? cameras : command.cameras.map((index) => cameras[index]!);
    const results = await Promise.all(chosen.map((camera) => run(camera, command.method, command.args)));
    say({ id: command.id, at, results });
  } catch (error) {
    say({ id: command.id, error: error instanceof Error ? error.message : String(error) });
  }
}
// The parent has gone, or asks to end.
process.exit(0);

function run(camera: SimulatedCamera, method: RemoteMethod | 'identity', args: readonly unknown[]): unknown {
  if (method === 'identity') return identity(camera);
  const call = camera[method] as (...args: readonly unknown[]) => unknown;
  return call.apply(camera, args as unknown[]);
}

function identity({ name, url, host, port, otherPort, snapshotUrl }: SimulatedCamera): CameraIdentity {
  return { name, url, host, port, otherPort, snapshotUrl };
}

function say(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
