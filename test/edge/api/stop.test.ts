import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { MemoryGateway } from './memory-gateway.ts';

test('a connection on which nothing was asked does not hold up the stop for a minute', async () => {
  // browsers open connections ahead of need
  const gateway = await new MemoryGateway().start();
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  // one whole exchange on another connection: the server has surely seen the silent one
  expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
  await gateway.stop();
  await closed;
}, 15_000);
