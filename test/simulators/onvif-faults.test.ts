// Each way in which the simulated camera misbehaves, seen on the wire by a plain client.
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { makeCertificates } from '../support/certs.ts';
import { describeWithPeer } from '../support/peers.ts';
import { startCamera, startCameras } from './onvif/camera.ts';
import { SoapClient } from './onvif/soap-client.ts';
import type { CameraOptions, FaultKind, FaultOptions, SimulatedCamera } from './onvif/types.ts';
import { waitFor } from './wait.ts';

const cameras: SimulatedCamera[] = [];
afterEach(() => Promise.all(cameras.splice(0).map((camera) => camera.stop())));

async function start(options: CameraOptions = {}): Promise<{ camera: SimulatedCamera; client: SoapClient }> {
  const camera = await startCamera(options);
  cameras.push(camera);
  return { camera, client: new SoapClient(camera) };
}

const INFO = '<tds:GetDeviceInformation/>';
const CLOCK = '<tds:GetSystemDateAndTime/>';
const INPUT = {
  topic: 'tns1:Device/Trigger/DigitalInput',
  operation: 'Changed',
  source: { InputToken: 'DI-1' },
  data: { LogicalState: 'true' },
} as const;

describe('answers that a fault damages', () => {
  async function answerUnder<K extends FaultKind>(kind: K, options: FaultOptions[K] = {}) {
    const { camera, client } = await start();
    camera.fault(kind, options);
    const answer = await client.call(INFO);
    camera.clearFaults();
    expect((await client.call(INFO)).status, 'healthy again').toBe(200);
    return answer;
  }

  test('http: 503 with a page of HTML', async () => {
    const { status, content, headers } = await answerUnder('http');
    expect([status, headers['content-type']]).toEqual([503, 'text/html']);
    expect(content).toContain('<html>');
    expect((await answerUnder('http', { status: 500 })).status).toBe(500);
  });

  test('soap-fault: of the code, subcode and status asked for', async () => {
    const fault = {
      operations: ['GetDeviceInformation'],
      code: 'Sender',
      subcode: 'ter:InvalidArgVal',
    } as const;
    const answer = await answerUnder('soap-fault', { ...fault, status: 400 });
    expect([answer.status, answer.subcode]).toEqual([400, 'ter:InvalidArgVal']);
  });

  test('truncated, malformed, empty, doctype: nothing that a parser takes', async () => {
    for (const kind of ['truncated', 'malformed', 'empty', 'doctype'] as const) {
      const answer = await answerUnder(kind);
      expect(answer.status, kind).toBe(200);
      expect(() => answer.body, kind).toThrow();
    }
    expect((await answerUnder('doctype')).content).toMatch(/<!DOCTYPE s:Envelope \[<!ENTITY l0/);
  });

  test('huge: white space that would fill the memory', async () => {
    const { content } = await answerUnder('huge', { bytes: 3_000_000 });
    expect(content.length).toBeGreaterThan(3_000_000);
  });

  test('drip: a few bytes at a time', async () => {
    const started = performance.now();
    const { content } = await answerUnder('drip', { bytes: 500, everyMs: 50 });
    expect(performance.now() - started).toBeGreaterThan((content.length / 500 - 1) * 50);
  });

  test('foreign-address: XAddr, subscription, stream and snapshot point elsewhere', async () => {
    const { camera, client } = await start();
    camera.fault('foreign-address', { authority: '127.0.0.9:81' });
    expect((await client.call('<tds:GetServices/>')).content).toContain(
      'http://127.0.0.9:81/onvif/event_service',
    );
    expect(await client.create()).toMatch(/^http:\/\/127\.0\.0\.9:81\//);
    const profile = '<trt:ProfileToken>Profile_1</trt:ProfileToken>';
    const stream = await client.call(`<trt:GetStreamUri>${profile}</trt:GetStreamUri>`);
    expect(stream.content).toContain('rtsp://127.0.0.9:554/main');
    const snapshot = await client.call(`<trt:GetSnapshotUri>${profile}</trt:GetSnapshotUri>`);
    expect(snapshot.content).toContain('http://127.0.0.9:81/onvif/snapshot.jpg');
  });

  test('times: +08:00, without a zone, the zero date', async () => {
    const { camera, client } = await start();
    const forms = {
      offset: /T[\d:]+\+08:00</,
      zoneless: /T[\d:]+</,
      zero: />0000-00-00T00:00:00Z</,
      utc: /T[\d:]+Z</,
    };
    for (const [form, pattern] of Object.entries(forms)) {
      camera.fault('times', { form: form as keyof typeof forms });
      const address = await client.create();
      const { content } = await client.pull(address);
      expect(content).toMatch(pattern);
      expect(content.match(/UtcTime="([^"]+)"/)?.[1]).toMatch(
        new RegExp(pattern.source.replace(/[<>]/g, '')),
      );
    }
  });
});

describe('connections that a fault breaks', () => {
  test('hang: for one operation, never answered, and for all', async () => {
    const { camera, client } = await start();
    client.timeoutMs = 300;
    camera.fault('hang', { operations: ['PullMessages'] });
    const address = await client.create();
    await expect(client.pull(address, 'PT0S')).rejects.toThrow('no answer');
    expect((await client.call(CLOCK)).status).toBe(200);
    camera.fault('hang');
    await expect(client.call(CLOCK)).rejects.toThrow('no answer');
  });

  test('reset: cut before anything is done, as often as asked', async () => {
    const { camera, client } = await start();
    camera.fault('reset', { uses: 2 });
    await expect(client.create()).rejects.toThrow();
    await expect(client.create()).rejects.toThrow();
    await client.create();
    expect(camera.stats()).toMatchObject({ creates: 1, authenticated: 3 });
  });

  test('lost-reply: the subscription is made, the answer lost; the orphan ends by its time', async () => {
    const { camera, client } = await start();
    camera.fault('lost-reply');
    await expect(client.create({ termination: 'PT1.5S' })).rejects.toThrow();
    expect(camera.stats()).toMatchObject({ creates: 1, subscriptions: 1 });
    await waitFor('the orphan to expire', () => camera.stats().expired === 1);
    expect(camera.stats().subscriptions).toBe(0);

    camera.clearFaults();
    camera.fault('lost-reply', { operations: ['Unsubscribe'] });
    const address = await client.create();
    await expect(client.call('<wsnt:Unsubscribe/>', address)).rejects.toThrow();
    expect(camera.stats()).toMatchObject({ creates: 2, unsubscribes: 1, subscriptions: 0 });
  });

  test('refuse: connection refused while another port of the device answers; dead: nothing does', async () => {
    const { camera, client } = await start();
    const { url, otherPort } = camera;
    camera.fault('refuse');
    await expect(client.call(CLOCK)).rejects.toThrow('ECONNREFUSED');
    expect(await reaches(camera.host, otherPort)).toBe(true);
    camera.fault('dead');
    await waitFor('the other port to be closed', async () => !(await reaches(camera.host, otherPort)));
    camera.clearFaults();
    await camera.settled();
    expect((await client.call(CLOCK)).status).toBe(200);
    expect([camera.url, camera.otherPort]).toEqual([url, otherPort]);
    expect(await reaches(camera.host, otherPort)).toBe(true);
  });

  test('a waiting pull is cut when the device dies', async () => {
    const { camera, client } = await start();
    const address = await client.create();
    await client.pull(address);
    const waiting = client.pull(address, 'PT60S');
    await waitFor('the pull', () => camera.stats().pulls === 2);
    camera.fault('dead');
    await expect(waiting).rejects.toThrow(/ECONNRESET|hang up/);
    await waitFor('the connections to be gone', () => camera.stats().connections === 0);
  });

  test('move: a new port and a new address, the old one is closed', async () => {
    const { camera, client } = await start();
    const old = { host: camera.host, port: camera.port };
    const url = await camera.move({ host: '127.0.0.77' });
    expect(url).toBe(`http://127.0.0.77:${camera.port}/onvif/device_service`);
    expect(await reaches(old.host, old.port)).toBe(false);
    expect((await client.call('<tds:GetServices/>')).content).toContain(`127.0.0.77:${camera.port}`);
  });
});

describe('pull points', () => {
  test('live by termination time, which Renew sets anew and a pull does not', async () => {
    const { camera, client } = await start();
    const address = await client.create({ termination: 'PT60S' });
    const renewed = await client.call(
      '<wsnt:Renew><wsnt:TerminationTime>PT0.5S</wsnt:TerminationTime></wsnt:Renew>',
      address,
    );
    expect(renewed.content).toMatch(/<wsnt:TerminationTime>.*<wsnt:CurrentTime>/);
    const waiting = client.pull(address, 'PT30S');
    camera.emit(INPUT);
    await waiting;
    await waitFor('its end', () => camera.stats().expired === 1);
    expect(camera.stats()).toMatchObject({ renews: 1, subscriptions: 0 });
    expect((await client.pull(address)).subcode).toBe('wsrfr:ResourceUnknownFault');
  });

  test('a pull that waits when the time is over ends with the fault; pullKeepsAlive prolongs', async () => {
    const { camera, client } = await start({ states: [] });
    const address = await client.create({ termination: 'PT1.5S' });
    expect((await client.pull(address, 'PT30S')).subcode).toBe('wsrfr:ResourceUnknownFault');
    const kind = await start({ states: [], pullKeepsAlive: true });
    const kept = await kind.client.create({ termination: 'PT2S' });
    for (let pulls = 0; pulls < 3; pulls += 1)
      expect((await kind.client.pull(kept, 'PT1S')).status).toBe(200);
    expect([camera.stats().subscriptions, kind.camera.stats().subscriptions]).toEqual([0, 1]);
  });

  test('an absolute termination time is read by the camera clock', async () => {
    const { camera, client } = await start({ clockOffsetMs: -8 * 365 * 86_400_000 });
    const inOneMinute = new Date(camera.now() + 60_000).toISOString();
    await client.create({ termination: inOneMinute });
    await expect(client.create({ termination: '2011-01-01T00:00:00Z' })).rejects.toThrow(
      'UnacceptableInitialTerminationTimeFault',
    );
    expect((await client.call(CLOCK)).content).toContain(
      `<tt:Year>${new Date(camera.now()).getUTCFullYear()}<`,
    );
  });

  test('expire-at-once, subscription-limit, and the real limit', async () => {
    const { camera, client } = await start({ subscriptionLimit: 2 });
    camera.fault('expire-at-once');
    const gone = await client.create();
    expect((await client.pull(gone)).subcode).toBe('wsrfr:ResourceUnknownFault');
    camera.clearFaults();
    await client.create();
    await client.create();
    await expect(client.create()).rejects.toThrow('SubscribeCreationFailedFault');
    expect(camera.stats()).toMatchObject({ creates: 3, maxSubscriptions: 2, subscriptions: 2 });
    camera.dropSubscriptions();
    camera.fault('subscription-limit', { uses: 1 });
    await expect(client.create()).rejects.toThrow('SubscribeCreationFailedFault');
    await client.create();
  });

  test('busy: pulls answer at once with nothing, and nothing is lost', async () => {
    const { camera, client } = await start({ states: [] });
    const address = await client.create();
    camera.fault('busy', { uses: 2 });
    camera.emit(INPUT);
    expect((await client.pull(address)).messages).toEqual([]);
    expect((await client.pull(address)).messages).toEqual([]);
    expect((await client.pull(address)).messages).toHaveLength(1);
  });

  test('states come as Initialized on subscribing and at a synchronisation point', async () => {
    const { camera, client } = await start();
    camera.emit(INPUT);
    const address = await client.create({ filter: 'tns1:Device//.' });
    const state = 'tns1:Device/Trigger/DigitalInput Initialized InputToken=DI-1 LogicalState=true';
    expect((await client.pull(address)).messages).toEqual([state]);
    await client.call('<tev:SetSynchronizationPoint/>', address);
    expect((await client.pull(address)).messages).toEqual([state]);
    camera.emit({ ...INPUT, operation: 'Deleted' });
    await client.pull(address);
    await client.call('<tev:SetSynchronizationPoint/>', address);
    expect((await client.pull(address, 'PT0S')).messages).toEqual([]);
  });

  test('duplicate-initialized, all-initialized and trailing-topic', async () => {
    const { camera, client } = await start({ states: [] });
    const address = await client.create();
    const topicAndOperation = async (): Promise<string[]> =>
      (await client.pull(address)).messages.map((message) => message.split(' ').slice(0, 2).join(' '));
    camera.fault('duplicate-initialized');
    camera.emit(INPUT);
    expect(await topicAndOperation()).toEqual([`${INPUT.topic} Changed`, `${INPUT.topic} Initialized`]);
    camera.clearFaults();
    camera.fault('all-initialized');
    camera.fault('trailing-topic');
    camera.emit(INPUT);
    expect(await topicAndOperation()).toEqual([`${INPUT.topic}//. Initialized`]);
  });

  test('batches keep their order within the limit, items their order, names and values', async () => {
    const { camera, client } = await start({ states: [], namespaces: { tnsx: 'urn:vendor' } });
    const address = await client.create();
    const waiting = client.pull(address, 'PT30S', 2);
    await waitFor('the pull', () => camera.stats().pulls === 1);
    const data = [
      ['Z', '1'],
      ['A', 'active'],
      ['Z', '12345678901234567890'],
      ['Holder', 'true'],
      ['Text', '<王&"小明">'],
    ] as const;
    camera.emit([{ topic: 'tnsx:AlarmIn', data }, INPUT, { ...INPUT, operation: 'Deleted' }]);
    expect((await waiting).messages).toEqual([
      'tnsx:AlarmIn - Z=1 A=active Z=12345678901234567890 Holder=true Text=<王&"小明">',
      'tns1:Device/Trigger/DigitalInput Changed InputToken=DI-1 LogicalState=true',
    ]);
    expect((await client.pull(address, 'PT0S')).messages).toHaveLength(1);
  });

  test('an unknown prefix in a filter is refused', async () => {
    const { client } = await start();
    await expect(client.create({ filter: 'nope:Device//.' })).rejects.toThrow('InvalidTopicExpressionFault');
  });

  test('a device without pull points says so', async () => {
    const { client } = await start({ pullPoints: false });
    await expect(client.create()).rejects.toThrow('ActionNotSupported');
    expect((await client.call('<tds:GetCapabilities/>')).content).toContain('<tt:WSPullPointSupport>false<');
  });
});

describe('credentials', () => {
  test('the clock is told to everybody, the rest to nobody without a credential', async () => {
    const { camera, client } = await start({ authentication: 'token' });
    client.credentials = false;
    expect((await client.call(CLOCK)).status).toBe(200);
    const answer = await client.call(INFO);
    expect([answer.status, answer.subcode]).toEqual([400, 'ter:NotAuthorized']);
    expect(camera.stats()).toMatchObject({ authenticated: 0, refused: 0 });
  });

  test('a changed password is refused in the form of 400 or 401, with time and reason', async () => {
    for (const status of [400, 401] as const) {
      const { camera, client } = await start({ authentication: 'token', notAuthorizedStatus: status });
      camera.setPassword('Neu-2027-校');
      const before = Date.now() - 1000;
      const answer = await client.call(INFO);
      expect([answer.status, answer.subcode]).toEqual([status, 'ter:NotAuthorized']);
      const [attempt] = camera.stats().attempts;
      expect(attempt).toMatchObject({ how: 'token', accepted: false, reason: 'password' });
      expect(attempt!.at).toBeGreaterThan(before);
      client.credentials = { user: camera.user, password: camera.password };
      expect((await client.call(INFO)).status).toBe(200);
    }
  });

  test('a token outside the clock window is refused until Created follows the camera clock', async () => {
    const { camera, client } = await start({ clockWindowMs: 5_000, authentication: 'token' });
    camera.stepClock(8 * 365 * 86_400_000);
    expect((await client.call(INFO)).subcode).toBe('ter:NotAuthorized');
    expect(camera.stats().attempts.at(-1)?.reason).toBe('clock');
    const created = (): string => new Date(camera.now()).toISOString();
    client.credentials = { user: camera.user, password: camera.password, created };
    expect((await client.call(INFO)).status).toBe(200);
  });

  test('not-authorized: also the right password is refused; lockOutAfter shuts the account', async () => {
    const { camera, client } = await start({ authentication: 'token', lockOutAfter: 2, lockOutMs: 2_000 });
    camera.fault('not-authorized', { status: 401, uses: 2 });
    for (const wanted of [401, 401, 400]) expect((await client.call(INFO)).status).toBe(wanted);
    expect(camera.stats().attempts.map(({ reason }) => reason)).toEqual([
      'password',
      'password',
      'locked out',
    ]);
    await waitFor('the account to open', async () => (await client.call(INFO)).status === 200);
  });
});

test('an access controller opens its door by command and tells so', async () => {
  const { camera, client } = await start({
    kind: 'access-controller',
    doors: [{ token: 'gate', name: '校门', accessPoint: 'ap-gate' }],
  });
  expect((await client.call('<tac:GetAccessPointInfoList/>')).content).toContain('token="ap-gate"');
  expect((await client.call('<tdc:GetDoorInfoList/>')).content).toContain('<tdc:Name>校门<');
  expect((await client.call('<trt:GetProfiles/>')).subcode).toBe('ter:ActionNotSupported');
  const address = await client.create();
  await client.pull(address);
  const door = '<tdc:Token>gate</tdc:Token>';
  await client.call(`<tdc:AccessDoor>${door}<tdc:AccessTime>PT0.2S</tdc:AccessTime></tdc:AccessDoor>`);
  const seen: string[] = [];
  await waitFor('the door to lock again', async () => {
    seen.push(...(await client.pull(address)).messages);
    return seen.length >= 4;
  });
  expect(seen).toEqual([
    'tns1:Door/State/DoorMode Changed DoorToken=gate State=Accessed',
    'tns1:Door/State/LockPhysicalState Changed DoorToken=gate State=Unlocked',
    'tns1:Door/State/DoorMode Changed DoorToken=gate State=Locked',
    'tns1:Door/State/LockPhysicalState Changed DoorToken=gate State=Locked',
  ]);
  await client.call(`<tdc:LockDownDoor>${door}</tdc:LockDownDoor>`);
  expect((await client.call(`<tdc:AccessDoor>${door}</tdc:AccessDoor>`)).subcode).toBe('ter:Failure');
  expect((await client.call('<tdc:LockDoor><tdc:Token>no</tdc:Token></tdc:LockDoor>')).subcode).toBe(
    'ter:NoEntity',
  );
  expect(camera.stats().commands.map(({ operation }) => operation)).toEqual([
    'AccessDoor',
    'LockDownDoor',
    'AccessDoor',
  ]);
});

test('a relay output is set and comes back as an event', async () => {
  const { camera, client } = await start({ states: [], relays: ['siren'] });
  const address = await client.create();
  expect((await client.call('<tmd:GetDigitalInputs/>')).content).toContain('token="DI-1"');
  expect((await client.call('<tds:GetRelayOutputs/>')).content).toContain('token="siren"');
  const set = (token: string) =>
    client.call(
      `<tds:SetRelayOutputState><tds:RelayOutputToken>${token}</tds:RelayOutputToken><tds:LogicalState>active</tds:LogicalState></tds:SetRelayOutputState>`,
    );
  expect((await set('siren')).status).toBe(200);
  expect((await set('bell')).subcode).toBe('ter:NoEntity');
  expect((await client.pull(address)).messages).toEqual([
    'tns1:Device/Trigger/Relay Changed RelayToken=siren LogicalState=active',
  ]);
  expect(camera.stats().commands).toMatchObject([{ parameters: { token: 'siren', state: 'active' } }]);
});

test('many cameras in one process, each at its own address', async () => {
  const many = await startCameras(40, (index) => ({ name: `gate-${index}`, host: `127.0.1.${index + 1}` }));
  cameras.push(...many);
  expect(new Set(many.map(({ url }) => url)).size).toBe(40);
  for (const camera of many)
    expect((await new SoapClient(camera).call(INFO)).content).toContain(`SN-${camera.name}`);
});

describeWithPeer('openssl', 'HTTPS', () => {
  test('a camera with a certificate answers over TLS and names https addresses', async () => {
    const { server, ca } = makeCertificates();
    const { camera, client } = await start({ tls: server });
    expect(camera.url).toMatch(/^https:/);
    client.ca = ca;
    expect((await client.call('<tds:GetServices/>')).content).toContain(
      `https://127.0.0.1:${camera.port}/onvif`,
    );
    camera.fault('reset', { uses: 1 });
    await expect(client.call(INFO)).rejects.toThrow();
    expect((await client.call(INFO)).status).toBe(200);
  });
});

function reaches(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
