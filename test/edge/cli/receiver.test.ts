import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import sqlite3 from 'sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadReceiverConfig } from '../../../config/receiver.ts';
import { receiverCommand, startReceiver } from '../../../edge/cli/receiver.ts';
import { frameOf } from '../../cloud-bridge/frames.ts';
import { RawGateway } from '../../cloud-bridge/raw-gateway.ts';
import { tempDir } from '../../simulators/temp-dir.ts';
import { MemoryOutbox } from '../../support/memory-outbox.ts';

let dir: string;
let remove: () => void;
let file: string;
let printed: string[];

beforeEach(() => {
  ({ dir, remove } = tempDir('receiver-cli'));
  file = join(dir, 'receiver.yaml');
  printed = [];
  for (const stream of ['log', 'error'] as const) {
    vi.spyOn(console, stream).mockImplementation((text) => void printed.push(String(text)));
  }
  process.exitCode = undefined;
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  remove();
});

/** Receives three rows as the file says, with its embedded broker, and stops again. */
async function receiveSome(): Promise<void> {
  writeFileSync(file, 'broker: { embedded: { port: 0 } }\nhttp: { port: 0 }\nstore: { file: receiver.db }\n');
  const loaded = loadReceiverConfig(file);
  if ('faults' in loaded) throw new Error('the configuration has faults');
  const running = await startReceiver(loaded.value, pino({ level: 'silent' }));
  await running.receiver.connected();
  const gateway = await RawGateway.connect(Number(new URL(running.brokerUrl).port));
  const outbox = new MemoryOutbox();
  outbox.append({}, {}, {});
  await gateway.frame(frameOf(outbox, 'e', 1, 3));
  await gateway.receipt('for all', ({ ack }) => ack === 3);
  await gateway.close();
  await running.stop();
}

const verify = (...more: string[]) =>
  receiverCommand().parseAsync(['node', 'x', 'verify', '--config', file, ...more]);

describe('receiver verify', () => {
  it('says that a store is sound', async () => {
    await receiveSome();
    await verify();
    expect(printed.join('\n')).toMatch(/sound; 1 gateways, 1 lanes, 3 events, 0 skipped, 0 rejected/);
    await verify('--json');
    expect(JSON.parse(printed.at(-1) ?? '')).toMatchObject({ ok: true, events: 3, faults: [] });
    expect(process.exitCode).toBeUndefined();
  });

  it('names what was altered and exits with 1', async () => {
    await receiveSome();
    await new Promise<void>((resolve) => {
      const db = new sqlite3.Database(join(dir, 'receiver.db'));
      db.exec("UPDATE event SET body = replace(body, 'pulse', 'raise') WHERE seq = 2", () =>
        db.close(() => resolve()),
      );
    });
    await verify();
    expect(printed.join('\n')).toMatch(/gw-01 lane e of epoch .*: body of seq 2 was altered/);
    expect(process.exitCode).toBe(1);
  });

  it('says that there is no store yet, and does not make one', async () => {
    writeFileSync(file, 'broker: { embedded: {} }\nstore: { file: none.db }\n');
    await verify();
    expect(printed.join('\n')).toMatch(/none\.db: does not exist; has this receiver ever run\?/);
    expect(process.exitCode).toBe(1);
  });

  it('exits with 78 at a faulty configuration', async () => {
    writeFileSync(file, 'broker: {}\n');
    await verify();
    expect(printed.join('\n')).toMatch(/receiver\.yaml:1:\d+ broker: names no broker/);
    expect(process.exitCode).toBe(78);
  });
});

describe('a receiver that cannot start', () => {
  it('closes what it had opened and says why', async () => {
    writeFileSync(
      file,
      'broker: { embedded: { port: 0 } }\nhttp: { port: 0 }\nstore: { file: receiver.db }\n',
    );
    const loaded = loadReceiverConfig(file);
    if ('faults' in loaded) throw new Error('the configuration has faults');
    const first = await startReceiver(loaded.value, pino({ level: 'silent' }));
    const taken = {
      ...loaded.value,
      http: { host: '127.0.0.1', port: Number(new URL(first.receiver.httpUrl).port) },
    };
    await expect(startReceiver(taken, pino({ level: 'silent' }))).rejects.toThrow(/EADDRINUSE/);
    await first.stop();
  });
});
