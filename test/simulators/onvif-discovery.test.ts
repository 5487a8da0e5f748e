// WS-Discovery of simulated devices, and cameras in a process of their own.
import { randomUUID } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { afterEach, expect, test } from 'vitest';
import { startCamera } from './onvif/camera.ts';
import { startCameraProcess } from './onvif/camera-process.ts';
import { JUNK, startDiscoveryResponder } from './onvif/discovery.ts';
import { SoapClient } from './onvif/soap-client.ts';
import type { SimulatedCamera } from './onvif/types.ts';
import { find, parseXml, textAt } from './onvif/xml.ts';
import { waitFor } from './wait.ts';

const stops: Array<() => Promise<void>> = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function devices(): Promise<{ camera: SimulatedCamera; controller: SimulatedCamera }> {
  const camera = await startCamera();
  const controller = await startCamera({ kind: 'access-controller' });
  stops.push(camera.stop.bind(camera), controller.stop.bind(controller));
  return { camera, controller };
}

/** Probes an address and collects datagrams until there are `enough`, by number or by what they say. */
async function probe(
  types: string,
  to: { host: string; port: number },
  enough: number | ((heard: Buffer[]) => boolean),
): Promise<Buffer[]> {
  const socket = createSocket('udp4');
  const heard: Buffer[] = [];
  socket.on('message', (message) => heard.push(message));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  socket.setMulticastInterface('127.0.0.1');
  const message = `<?xml version="1.0"?><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:n="http://www.onvif.org/ver10/network/wsdl" xmlns:x="http://www.onvif.org/ver10/device/wsdl"><e:Header><w:MessageID>uuid:${randomUUID()}</w:MessageID><w:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To><w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header><e:Body><d:Probe><d:Types>${types}</d:Types></d:Probe></e:Body></e:Envelope>`;
  socket.send(message, to.port, to.host);
  try {
    const done = typeof enough === 'number' ? () => heard.length >= enough : () => enough(heard);
    await waitFor('the datagrams', done, 10_000);
  } finally {
    socket.close();
  }
  return heard;
}

function addresses(datagrams: readonly Buffer[]): string[] {
  return datagrams
    .map((datagram) => find(parseXml(datagram.toString()), 'Body', 'ProbeMatches', 'ProbeMatch'))
    .map((match) => textAt(match, 'XAddrs'))
    .sort();
}

test('a probe by unicast finds cameras by one type, access controllers by the other', async () => {
  const { camera, controller } = await devices();
  const responder = await startDiscoveryResponder(() => [camera, controller]);
  stops.push(() => responder.stop());
  const to = { host: '127.0.0.1', port: responder.port };

  expect(addresses(await probe('n:NetworkVideoTransmitter', to, 1))).toEqual([camera.url]);
  expect(addresses(await probe('x:Device', to, 2))).toEqual([camera.url, controller.url].sort());
  camera.fault('foreign-address', { authority: '127.0.0.9:81' });
  expect(addresses(await probe('n:NetworkVideoTransmitter', to, 1))).toEqual([
    'http://127.0.0.9:81/onvif/device_service',
  ]);
  camera.fault('dead');
  expect(addresses(await probe('', to, 1))).toEqual([controller.url]);
  expect(responder.probes).toBe(4);
});

test('a probe to the multicast group on the loopback interface is answered', async () => {
  const { camera, controller } = await devices();
  const responder = await startDiscoveryResponder(() => [camera, controller], { interfaces: ['127.0.0.1'] });
  stops.push(() => responder.stop());

  // Other tests may answer on the group as well.
  const group = { host: '239.255.255.250', port: 3702 };
  const found = await probe('n:NetworkVideoTransmitter', group, (heard) =>
    heard.some((datagram) => datagram.includes(camera.url)),
  );
  expect(found.some((datagram) => datagram.includes(controller.url))).toBe(false);
});

test('hello tells the group of every device', async () => {
  const { camera, controller } = await devices();
  const responder = await startDiscoveryResponder(() => [camera, controller]);
  stops.push(() => responder.stop());
  const listener = createSocket({ type: 'udp4', reuseAddr: true });
  stops.push(() => new Promise((resolve) => listener.close(resolve)));
  const heard: string[] = [];
  listener.on('message', (message) => heard.push(message.toString()));
  await new Promise<void>((resolve) => listener.bind(3702, resolve));
  listener.addMembership('239.255.255.250', '127.0.0.1');

  responder.hello();
  const says = (url: string) => heard.some((message) => message.includes(':Hello>') && message.includes(url));
  await waitFor('both Hellos', () => says(camera.url) && says(controller.url));
});

test('junk and repeated answers surround the true ones', async () => {
  const { camera } = await devices();
  const responder = await startDiscoveryResponder(() => [camera]);
  stops.push(() => responder.stop());
  responder.junk(JUNK);
  responder.repeat(3);

  const heard = await probe('x:Device', { host: '127.0.0.1', port: responder.port }, 2 * JUNK.length + 3);
  expect(heard.filter((datagram) => datagram.includes(camera.url))).toHaveLength(3);
  expect(heard.some((datagram) => datagram.length === 0)).toBe(true);
  expect(heard.some((datagram) => datagram.includes('<!DOCTYPE'))).toBe(true);
  expect(heard.some((datagram) => datagram.length > 50_000)).toBe(true);
});

test('cameras of another process are driven by their index and told apart', async () => {
  const cameras = await startCameraProcess({
    cameras: 5,
    spread: true,
    options: { states: [], authentication: 'token' },
    discovery: {},
  });
  stops.push(() => cameras.stop());
  expect(cameras.cameras.map(({ host }) => host)).toContain('127.77.0.5');
  const { url } = cameras.cameras[3]!;
  const client = new SoapClient({ url, user: 'admin', password: 'campus-2026' });
  const address = await client.create();
  const emitted = await cameras.call('all', 'emit', {
    topic: 'tns1:Device/Trigger/Relay',
    operation: 'Changed',
  });
  expect(emitted.results).toEqual([0, 0, 0, 1, 0]);
  expect(Math.abs(emitted.at - Date.now())).toBeLessThan(60_000);
  expect((await client.pull(address)).messages).toEqual(['tns1:Device/Trigger/Relay Changed']);

  await cameras.call([3], 'fault', 'http', { status: 500 });
  expect((await client.call('<tds:GetScopes/>')).status).toBe(500);
  await cameras.call([3], 'clearFaults');
  await cameras.call([3], 'move', {});
  expect((await cameras.whereIs(3)).url).not.toBe(url);
  const { results } = await cameras.call([3], 'stats');
  expect(results[0]).toMatchObject({ creates: 1, delivered: 1, refused: 0, authenticated: 3 });
  await expect(cameras.call([9], 'stats')).rejects.toThrow('stats');
  const found = addresses(await probe('x:Device', { host: '127.0.0.1', port: cameras.discoveryPort! }, 5));
  expect(found).toHaveLength(5);
});
