import { createSocket } from 'node:dgram';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type Found,
  SearchCounters,
  type SearchOptions,
  search,
} from '../../../../edge/adapters/onvif/discovery.ts';
import { factsOf, readAnnouncements } from '../../../../edge/adapters/onvif/discovery-message.ts';
import { addressesOf } from '../../../../edge/adapters/onvif/discovery-range.ts';
import { startCamera } from '../../../simulators/onvif/camera.ts';
import { JUNK, startDiscoveryResponder } from '../../../simulators/onvif/discovery.ts';
import type { CameraOptions, SimulatedCamera } from '../../../simulators/onvif/types.ts';

const stops: Array<() => Promise<void>> = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function camera(options: CameraOptions = {}): Promise<SimulatedCamera> {
  const started = await startCamera(options);
  stops.push(() => started.stop());
  return started;
}

async function responder(...[devices, options]: Parameters<typeof startDiscoveryResponder>) {
  const started = await startDiscoveryResponder(devices, options);
  stops.push(() => started.stop());
  return started;
}

/** Looks on the loopback interface alone; the last answer of each device counts. */
async function found(
  options: Partial<SearchOptions> = {},
): Promise<{ devices: Found[]; counters: SearchCounters }> {
  const devices = new Map<string, Found>();
  const counters = new SearchCounters();
  await search(
    {
      perSecond: 200,
      waitMs: 300,
      httpMs: 1_000,
      interfaces: ['127.0.0.1'],
      onFound: (one) => devices.set(one.id, one),
      ...options,
    },
    counters,
  );
  return { devices: [...devices.values()], counters };
}

describe('WS-Discovery', () => {
  test('finds cameras and access controllers by multicast, each once, under the address that answered', async () => {
    const gate = await camera({ name: 'gate' });
    const door = await camera({ name: 'door', kind: 'access-controller' });
    const answering = await responder(() => [gate, door], { interfaces: ['127.0.0.1'] });
    answering.repeat(3);
    const { devices, counters } = await found();
    // other tests of this machine may answer as well
    const ours = devices.filter(({ url }) => url === gate.url || url === door.url);
    expect(ours.map(({ url, endpoint, via }) => ({ url, endpoint, via }))).toEqual(
      expect.arrayContaining([
        { url: gate.url, endpoint: `urn:uuid:${gate.uuid}`, via: 'multicast' },
        { url: door.url, endpoint: `urn:uuid:${door.uuid}`, via: 'multicast' },
      ]),
    );
    expect(ours).toHaveLength(2);
    expect(ours.find(({ url }) => url === gate.url)?.types).toContain('NetworkVideoTransmitter');
    expect(counters.repeated).toBeGreaterThanOrEqual(8);
    expect(counters.deaf).toBe(0);
  });

  test('junk and the answers to others are counted, and hide nobody', async () => {
    const gate = await camera();
    const answering = await responder(() => [gate]);
    answering.junk(JUNK.filter((kind) => kind !== 'large'));
    const { devices, counters } = await found({ addresses: ['127.0.0.1'], unicastPort: answering.port });
    expect(devices.filter(({ via }) => via === 'unicast').map(({ url }) => url)).toEqual([gate.url]);
    // both probes, before and after the answer
    expect(counters.junk).toBeGreaterThanOrEqual(4 * (JUNK.length - 1));
  });

  test('no answer can send us elsewhere than where it came from', async () => {
    const gate = await camera();
    gate.fault('foreign-address', { authority: `198.51.100.7:${gate.port}` });
    const answering = await responder(() => [gate]);
    const { devices } = await found({ addresses: ['127.0.0.1'], unicastPort: answering.port });
    const one = devices.find(({ via }) => via === 'unicast');
    expect(one?.url).toBe(gate.url);
    expect(one?.says).toEqual([`http://198.51.100.7:${gate.port}/onvif/device_service`]);
  });

  test('a device that hides from discovery is found over HTTP, where its address is asked', async () => {
    const hidden = await camera({ host: '127.0.0.9' });
    const { devices, counters } = await found({
      addresses: ['127.0.0.8', '127.0.0.9'],
      httpPorts: [hidden.port],
    });
    expect(devices.filter(({ via }) => via === 'http').map(({ url }) => url)).toEqual([hidden.url]);
    expect(counters).toMatchObject({ asked: 2, toAsk: 2 });
    // it asked for the time, and showed no credentials
    expect(hidden.stats()).toMatchObject({
      requests: { GetSystemDateAndTime: 1 },
      refused: 0,
      authenticated: 0,
    });
  });

  test('a device that answers both ways is one', async () => {
    const gate = await camera();
    const answering = await responder(() => [gate]);
    const { devices } = await found({
      addresses: ['127.0.0.1'],
      httpPorts: [gate.port],
      unicastPort: answering.port,
    });
    expect(devices.filter(({ url }) => url === gate.url)).toMatchObject([
      { endpoint: `urn:uuid:${gate.uuid}` },
    ]);
  });

  test('bug: a flood of invented devices filled the list without a word, and hid the true ones', async () => {
    const gate = await camera({ host: '127.0.0.11' });
    const flooder = createSocket('udp4');
    stops.push(async () => void flooder.close());
    flooder.on('message', (probe, { port, address }) => {
      const id = /MessageID>urn:uuid:([^<]+)/.exec(probe.toString())?.[1] ?? '';
      for (let i = 0; i < 200; i++) {
        const answer = probeMatch(
          't:Device',
          '',
          'xmlns:t="http://www.onvif.org/ver10/device/wsdl"',
          id,
          `flood-${i}`,
        );
        flooder.send(answer, port, address);
      }
    });
    await new Promise<void>((resolve) => flooder.bind(0, '127.0.0.1', resolve));
    const { devices, counters } = await found({
      addresses: ['127.0.0.1', gate.host],
      unicastPort: flooder.address().port,
      httpPorts: [gate.port],
    });
    expect(devices.filter(({ endpoint }) => endpoint?.startsWith('urn:uuid:flood-'))).toHaveLength(64);
    expect(counters.leftOut).toBeGreaterThan(0);
    expect(devices.map(({ url }) => url)).toContain(gate.url);
  });

  test('bug: of two devices with one endpoint reference the second was hidden', async () => {
    let unicastPort = 0;
    const addresses = ['127.0.0.21', '127.0.0.22'];
    for (const host of addresses) {
      const socket = createSocket('udp4');
      stops.push(async () => void socket.close());
      socket.on('message', (probe, { port, address }) => {
        const id = /MessageID>urn:uuid:([^<]+)/.exec(probe.toString())?.[1] ?? '';
        socket.send(
          probeMatch('t:Device', '', 'xmlns:t="http://www.onvif.org/ver10/device/wsdl"', id, 'twin'),
          port,
          address,
        );
      });
      await new Promise<void>((resolve) => socket.bind(unicastPort, host, resolve));
      unicastPort = socket.address().port;
    }
    const { devices } = await found({ addresses, unicastPort });
    const twins = devices.filter(({ endpoint }) => endpoint === 'urn:uuid:twin');
    expect(twins.map(({ url }) => new URL(url).hostname).sort()).toEqual(addresses);
    expect(twins[1]?.twin).toBe(twins[0]?.url);
  });

  test('keeps its pace, and ends when it is told to', async () => {
    const addresses = Array.from({ length: 30 }, (_, i) => `127.0.3.${i + 1}`);
    const began = performance.now();
    await found({ addresses, perSecond: 50, waitMs: 0, unicastPort: 9 });
    expect(performance.now() - began).toBeGreaterThan(500 + 550);
    const { counters } = await found({ addresses, perSecond: 50, signal: AbortSignal.abort() });
    expect(counters.asked).toBe(0);
  });
});

const probeMatch = (types: string, scopes: string, more = '', to = 'AA-1', endpoint = 'X') =>
  Buffer.from(
    `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" ${more}><s:Header><a:RelatesTo>uuid:${to}</a:RelatesTo></s:Header><s:Body><d:ProbeMatches><d:ProbeMatch><a:EndpointReference><a:Address>urn:uuid:${endpoint}</a:Address></a:EndpointReference><d:Types>${types}</d:Types><d:Scopes>${scopes}</d:Scopes><d:XAddrs>http://192.0.2.1/onvif/device_service http://[fe80::1]/x junk</d:XAddrs></d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>`,
  );

describe('an answer', () => {
  const asked = new Set(['aa-1']);

  test('of a printer is none: its type Device is of another namespace', () => {
    const printer = probeMatch(
      'w:Device',
      'ldap:///x',
      'xmlns:w="http://schemas.xmlsoap.org/ws/2006/02/devprof"',
    );
    expect(readAnnouncements(printer, asked)).toEqual([]);
    const camera = probeMatch('t:Device', '', 'xmlns:t="http://www.onvif.org/ver10/device/wsdl"');
    expect(readAnnouncements(camera, asked)).toMatchObject([{ types: ['Device'], endpoint: 'urn:uuid:x' }]);
  });

  test('tells name, hardware, MAC and place by its scopes, encoded or not', () => {
    const scope = (text: string) => `onvif://www.onvif.org/${text}`;
    const scopes = [
      'Profile/Streaming',
      'name/HIK%20%E6%A0%A1%E9%97%A8',
      'hardware/DS-2CD',
      'MAC/aa:bb',
      'location/%E',
    ];
    expect(factsOf(scopes.map(scope))).toEqual({
      name: 'HIK 校门',
      hardware: 'DS-2CD',
      location: '%E',
      mac: 'aa:bb',
      profiles: ['Streaming'],
    });
  });
});

test.each([
  ['192.168.1.0/24', 254, '192.168.1.1'],
  ['10.1.2.3', 1, '10.1.2.3'],
  ['172.16.8.0/22', 1_022, '172.16.8.1'],
  ['192.168.1.77/24', 254, '192.168.1.1'],
  ['169.254.0.2/31', 2, '169.254.0.2'],
])('the range %s has %i addresses', (range, count, first) => {
  const answer = addressesOf(range);
  expect('addresses' in answer && [answer.addresses.length, answer.addresses[0]]).toEqual([count, first]);
});

test.each([
  ['192.168.0.0/21', 'too-large'],
  ['10.0.0.0/8', 'too-large'],
  ['0.0.0.0/0', 'too-large'],
  ['8.8.8.0/24', 'not-private'],
  ['172.32.0.1', 'not-private'],
  ['192.168.1.0/33', 'malformed'],
  ['192.168.1.256', 'malformed'],
  ['192.168.1', 'malformed'],
  ['::1', 'malformed'],
  ['10.0.0.1 ; x', 'malformed'],
])('the range %s is not searched: %s', (range, fault) => {
  expect(addressesOf(range)).toEqual({ fault });
});
