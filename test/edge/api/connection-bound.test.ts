import { once } from 'node:events';
import { createServer, get, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, get as tlsGet } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { boundConnections } from '../../../edge/api/connection-bound.ts';
import { makeCertificates } from '../../support/certs.ts';
import { peer } from '../../support/peers.ts';

const ROOM = 4;
const waiting = { timeout: 5_000, interval: 5 };

async function start(server: Server) {
  const full: string[] = [];
  boundConnections(server, ROOM, (address) => full.push(address));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, full };
}

/** Connections that say nothing, all of them accepted. */
async function silent(server: Server, port: number, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let i = 0; i < count; i++) {
    const accepted = once(server, 'connection');
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
    sockets.push(socket);
    await accepted;
  }
  return sockets;
}

const statusOf = (answer: { statusCode?: number; resume(): void }): number | undefined => {
  answer.resume();
  return answer.statusCode;
};

test('bug: idle connections took every descriptor, and nobody could sign in', async () => {
  const server = createServer((_request, answer) => answer.end('in'));
  const { port, full } = await start(server);
  const sockets = await silent(server, port, 40);
  await vi.waitFor(() => expect(sockets.filter(({ closed }) => closed)).toHaveLength(36), waiting);
  const status = await new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', agent: false }, (answer) => resolve(statusOf(answer))).on('error', reject);
  });
  expect(status).toBe(200);
  expect(full).toEqual(Array(37).fill('127.0.0.1'));
});

test('also over TLS, before its handshake', async ({ skip }) => {
  if (peer('openssl') === undefined) skip();
  const { ca, server: own } = makeCertificates();
  const server = createTlsServer(own, (_request, answer) => answer.end('in'));
  const { port } = await start(server);
  const sockets = await silent(server, port, 10);
  await vi.waitFor(() => expect(sockets.filter(({ closed }) => closed)).toHaveLength(6), waiting);
  const status = await new Promise((resolve, reject) => {
    const url = `https://127.0.0.1:${port}/`;
    tlsGet(url, { ca, agent: false }, (answer) => resolve(statusOf(answer))).on('error', reject);
  });
  expect(status).toBe(200);
});

test('who is at work stays: requests under way, the live feed; then the new one is closed', async () => {
  const answers: ServerResponse[] = [];
  const server = createServer((_request, answer) => answers.push(answer));
  server.on('upgrade', (_request, socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'));
  const { port } = await start(server);
  const sockets = await silent(server, port, ROOM);
  for (const socket of sockets.slice(0, 3)) socket.write('GET / HTTP/1.1\r\nhost: gateway\r\n\r\n');
  sockets[3]?.write('GET / HTTP/1.1\r\nhost: gateway\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n');
  await Promise.all([
    vi.waitFor(() => expect(answers).toHaveLength(3), waiting),
    once(sockets[3] as Socket, 'data'),
  ]);
  const [refused] = await silent(server, port, 1);
  await vi.waitFor(() => expect(refused?.closed).toBe(true), waiting);
  expect(sockets.some(({ closed }) => closed)).toBe(false);

  // an answered one is idle again
  const answered = answers[0]?.req.socket.remotePort;
  answers[0]?.end();
  const socket = sockets.find(({ localPort }) => localPort === answered);
  await once(socket as Socket, 'data');
  const [next] = await silent(server, port, 1);
  await vi.waitFor(() => expect(socket?.closed).toBe(true), waiting);
  expect(next?.closed).toBe(false);
});
