import { connect } from 'node:net';
import { uuidv7 } from 'uuidv7';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Alarm } from '../../../contract/alarm.ts';
import { liveClose } from '../../../contract/live.ts';
import { MAX_REPLAY_ROWS } from '../../../edge/api/live-catch-up.ts';
import type { JournalRow } from '../../../edge/journal/batch.ts';
import { LiveProbe } from './live-probe.ts';
import { MemoryGateway } from './memory-gateway.ts';

let gateway: MemoryGateway;
let cookie: string;
let probes: LiveProbe[] = [];

beforeEach(async () => {
  gateway = await new MemoryGateway().start();
  cookie = await gateway.cookie('wang');
});

afterEach(async () => {
  for (const probe of probes) probe.close();
  probes = [];
  await gateway.stop();
});

function join(query = '', headers: Record<string, string> = { cookie }): LiveProbe {
  const probe = new LiveProbe(`${gateway.url}/api/v1/live${query}`, headers);
  probes.push(probe);
  return probe;
}

function storedIds(from = 0): string[] {
  return gateway.journal.rows.slice(from).map(({ body }) => (JSON.parse(body) as { id: string }).id);
}

describe('a new client', () => {
  it('gets hello, a snapshot of the open alarms, then the status', async () => {
    const alarm = gateway.raise('EMG.PANIC', 's-panic');
    const probe = await join().joined();
    expect(probe.frames.map(({ k }) => k)).toEqual(['hello', 'snapshot', 'status']);
    expect(probe.of('hello')[0]).toMatchObject({ position: 2, epoch: 'epoch-1', oldest: 1, hb: 5_000 });
    expect(probe.of('snapshot')[0]?.alarms).toMatchObject([
      { id: alarm?.id, delivery: { province: { state: 'pending' } } },
    ]);
  });

  it('then gets one frame a commit with the stored bodies byte for byte', async () => {
    const probe = join();
    await probe.joined();
    const texts: string[] = [];
    probe.socket.on('message', (data) => texts.push(String(data)));
    gateway.raise('EMG.PANIC', 's-panic');
    gateway.record(3);
    await probe.until(() => probe.of('commit').length === 2);
    expect(probe.of('commit').map(({ position }) => position)).toEqual([2, 5]);
    expect(texts[0]).toContain(
      gateway.journal.rows
        .slice(0, 2)
        .map(({ body }) => body)
        .join(','),
    );
    expect(probe.of('commit')[0]?.alarms).toMatchObject([{ type: 'EMG.PANIC', version: 1 }]);
    expect(probe.of('commit')[1]?.alarms).toEqual([]);
  });

  it('uses no compression, so that a frame is built once for all', async () => {
    const probe = await join().joined();
    expect(probe.socket.extensions).toBe('');
  });
});

describe('a returning client', () => {
  it('gets the commits since its position and every open alarm, but no snapshot', async () => {
    gateway.record(4);
    const alarm = gateway.raise('EMG.PANIC', 's-panic');
    gateway.record(2);
    const probe = await join('?since=4&epoch=epoch-1').joined();
    expect(probe.of('snapshot')).toEqual([]);
    expect(probe.eventIds()).toEqual(storedIds(4));
    expect(probe.of('commit').at(-1)).toMatchObject({ position: 8, alarms: [{ id: alarm?.id }] });
  });

  it('learns of a delivery that changed while it was away, though no row tells it', async () => {
    const alarm = gateway.raise('EMG.PANIC', 's-panic');
    gateway.book.setDelivery('province', () => 'receipted', Date.now());
    const probe = await join('?since=2').joined();
    expect(probe.eventIds()).toEqual([]);
    expect(probe.of('commit').at(-1)?.alarms).toMatchObject([
      { id: alarm?.id, delivery: { province: { state: 'receipted' } } },
    ]);
  });

  it('learns of an alarm that closed while it was away', async () => {
    const raised = gateway.raise('DEV.OFFLINE', 's-panic');
    gateway.raise('DEV.OFFLINE', 's-panic', 'clear');
    expect(gateway.book.get(raised?.id ?? '')?.operator).toBe('closed');
    const probe = await join('?since=2').joined();
    expect(probe.of('commit')[0]?.alarms).toMatchObject([{ id: raised?.id, operator: 'closed' }]);
  });

  it.each([
    ['another epoch', '?since=1&epoch=epoch-0'],
    ['another epoch and a position it cannot have', '?since=999999&epoch=epoch-0'],
  ])('gets a snapshot after %s', async (_, query) => {
    gateway.record(3);
    const probe = await join(query).joined();
    expect(probe.frames.map(({ k }) => k)).toEqual(['hello', 'snapshot', 'status']);
  });

  it('gets a snapshot when its position is older than the journal', async () => {
    gateway.record(10);
    gateway.journal.firstPosition = 6;
    expect((await join('?since=4').joined()).of('snapshot')).toHaveLength(1);
    expect((await join('?since=5').joined()).of('snapshot')).toHaveLength(0);
  });

  it('gets a snapshot when it is too far behind, and all of the journal up to that', async () => {
    gateway.record(MAX_REPLAY_ROWS + 1);
    expect((await join('?since=0').joined()).of('snapshot')).toHaveLength(1);
    const probe = await join('?since=1').joined();
    expect(probe.of('snapshot')).toHaveLength(0);
    expect(probe.eventIds()).toEqual(storedIds(1));
  });

  it('gets a snapshot from memory when the journal cannot be read', async () => {
    const alarm = gateway.raise('EMG.PANIC', 's-panic');
    gateway.journal.beforeRead = () => Promise.reject(new Error('disk I/O error'));
    const probe = await join('?since=1').joined();
    expect(probe.of('snapshot')[0]?.alarms).toMatchObject([{ id: alarm?.id }]);
  });

  it('gets a snapshot from memory when the journal does not answer', async () => {
    const alarm = gateway.raise('EMG.PANIC', 's-panic');
    gateway.journal.beforeRead = () => new Promise(() => undefined);
    const probe = await join('?since=1').joined();
    expect(probe.of('snapshot')[0]?.alarms).toMatchObject([{ id: alarm?.id }]);
  });

  it.each(['?since=abc', '?since=-1', '?since=1.5', '?since=', '?since=99&epoch=epoch-1', '?since=99'])(
    'is closed with 4003 for %s',
    async (query) => {
      gateway.record(3);
      expect(await join(query).ended()).toMatchObject({ code: liveClose.badSince });
    },
  );
});

describe('replay and live stream', () => {
  it('join without gap or overlap while commits go on', async () => {
    gateway.record(1_200);
    // reads take several commits' time, and see what was written before they began
    gateway.journal.beforeRead = () => new Promise((resolve) => setTimeout(resolve, 3));
    let running = true;
    const writing = (async () => {
      while (running) {
        gateway.record(1 + Math.floor(Math.random() * 4));
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const joined = await Promise.all(
      [0, 1, 499, 500, 501, 777, 1_000, 1_199, 1_200].map(async (since) => {
        const probe = await join(`?since=${since}`).joined();
        return { since, probe };
      }),
    );
    running = false;
    await writing;
    const last = gateway.journal.position();
    for (const { since, probe } of joined) {
      await probe.until(() => probe.of('commit').at(-1)?.position === last);
      expect(probe.of('snapshot')).toEqual([]);
      expect(probe.eventIds()).toEqual(storedIds(since));
    }
  });

  it('do not show a commit twice that the reader saw before it was announced', async () => {
    gateway.record(2);
    const early = gateway.commit([gateway.event('ACC.GRANT', 's-panic', 'pulse')], [], false);
    const probe = await join('?since=1').joined();
    expect(probe.eventIds()).toEqual(storedIds(1));
    gateway.api.live.commit(early);
    gateway.record(1);
    await probe.until(() => probe.eventIds().length === 3);
    expect(probe.eventIds()).toEqual(storedIds(1));
  });

  it('do not tear a commit that a page of the journal cuts', async () => {
    gateway.record(10);
    // 500 rows fill the first page exactly in the middle of a commit that is not announced yet
    const early = gateway.commit(
      Array.from({ length: 800 }, () => gateway.event('ACC.GRANT', 's-panic', 'pulse')),
      [],
      false,
    );
    const probe = await join('?since=10').joined();
    gateway.api.live.commit(early);
    gateway.record(1);
    await probe.until(() => probe.of('commit').at(-1)?.position === 811);
    expect(probe.eventIds()).toEqual(storedIds(10));
  });

  it('bring deliveries that came with a commit the client had read already', async () => {
    const alarm = gateway.raise('EMG.PANIC', 's-panic');
    const early = gateway.commit([gateway.event('ACC.GRANT', 's-panic', 'pulse')], [], false);
    const probe = await join('?since=2').joined();
    const touched = gateway.book.setDelivery('province', () => 'receipted', Date.now());
    gateway.api.live.commit(early, touched);
    await probe.until(() => probe.of('commit').at(-1)?.alarms[0]?.delivery?.province?.state === 'receipted');
    expect(probe.of('commit').at(-1)?.alarms[0]?.id).toBe(alarm?.id);
    expect(probe.eventIds()).toEqual(storedIds(2));
  });
});

describe('between commits', () => {
  it('a delivery comes as a commit without events', async () => {
    const alarm = gateway.raise('EMG.PANIC', 's-panic');
    const probe = await join().joined();
    const touched = gateway.book.setDelivery('province', () => 'receipted', Date.now());
    gateway.api.live.commit({ position: 2, rows: [], alarms: [], cursors: [] }, touched);
    await probe.until(() => probe.of('commit').length === 1);
    expect(probe.of('commit')[0]).toMatchObject({
      position: 2,
      events: [],
      alarms: [{ id: alarm?.id, delivery: { province: { state: 'receipted' } } }],
    });
  });

  it('a delivery told before the commit under way does not hide that commit', async () => {
    const alarm = gateway.raise('EMG.PANIC', 's-panic');
    const probe = await join().joined();
    const early = gateway.commit([gateway.event('ACC.GRANT', 's-panic', 'pulse')], [], false);
    const touched = gateway.book.setDelivery('province', () => 'receipted', Date.now());
    gateway.api.live.commit({ position: early.position, rows: [], alarms: [], cursors: [] }, touched);
    await probe.until(() => probe.of('commit').length === 1);
    expect(probe.of('commit')[0]).toMatchObject({ position: 2, alarms: [{ id: alarm?.id }] });
    gateway.api.live.commit(early);
    await probe.until(() => probe.of('commit').length === 2);
    expect(probe.of('commit')[1]).toMatchObject({ position: 3, events: [{ type: 'ACC.GRANT' }] });
  });

  it('an unsaved alarm is shown at once, and replaced by its commit', async () => {
    const probe = await join().joined();
    gateway.storageFails = true;
    const alarm = gateway.raise('EMG.PANIC', 's-panic');
    await probe.until(() => probe.of('unsaved').length === 1);
    expect(probe.of('unsaved')[0]?.alarms).toMatchObject([{ id: alarm?.id, unsaved: true }]);
    expect(probe.of('commit')).toEqual([]);

    const late = await join().joined();
    expect(late.of('snapshot')[0]?.alarms).toMatchObject([{ id: alarm?.id, unsaved: true }]);
    const returning = await join('?since=0').joined();
    expect(returning.of('commit').at(-1)?.alarms).toMatchObject([{ id: alarm?.id, unsaved: true }]);

    gateway.storageFails = false;
    const again = gateway.raise('EMG.PANIC', 's-panic');
    await probe.until(() => probe.of('commit').length === 1);
    expect(probe.of('commit')[0]?.alarms[0]).toMatchObject({ id: alarm?.id, version: again?.version });
    expect(probe.of('commit')[0]?.alarms[0]?.unsaved).toBeUndefined();
  });

  it('a status goes to everybody, once for each change', async () => {
    const probe = await join().joined();
    gateway.api.live.status({ ...gateway.status, storage: 'full' });
    await probe.until(() => probe.of('status').length === 2);
    const late = await join().joined();
    // `late` was shown "ok" when it joined: for it this is a change too
    for (let second = 0; second < 5; second++)
      gateway.api.live.status({ ...gateway.status, storage: 'full' });
    gateway.record(1);
    for (const one of [probe, late]) {
      await one.until(() => one.of('commit').length === 1);
      expect(one.of('status').map(({ storage }) => storage)).toEqual(['ok', 'full']);
    }
  });

  it('nothing is built while nobody listens', () => {
    let looked = 0;
    const row = {
      get body() {
        looked++;
        return '{}';
      },
    } as JournalRow;
    gateway.api.live.commit({ position: 1, rows: [row], alarms: [], cursors: [] });
    expect(looked).toBe(0);
    expect(gateway.api.live.position).toBe(1);
  });

  it('heartbeats carry the position, every 5 s', async () => {
    await gateway.stop();
    gateway = await new MemoryGateway().start({ heartbeatMs: 30 });
    cookie = await gateway.cookie('wang');
    gateway.record(7);
    const probe = await join().joined();
    await probe.until(() => probe.of('hb').length >= 3);
    expect(probe.of('hb').every(({ position }) => position === 7)).toBe(true);
    expect(probe.frames[0]?.k).toBe('hello');
  });
});

describe('the sound of a console', () => {
  const report = (armed: boolean) => JSON.stringify({ k: 'sound', armed });

  it('is in the status as soon as a console of somebody on duty says so, until the last one is gone', async () => {
    const installer = await join('', { cookie: await gateway.cookie('sun') }).joined();
    expect(installer.of('status').at(-1)?.sound).toBe('none');
    installer.socket.send(report(true));
    const guard = await join().joined();
    const kiosk = await join('', { cookie: await gateway.cookie('screen') }).joined();
    // an installer's laptop is no annunciator
    expect(gateway.api.live.soundArmed()).toBe(false);

    guard.socket.send(report(true));
    for (const probe of [installer, guard, kiosk]) {
      await probe.until(() => probe.of('status').at(-1)?.sound === 'armed');
    }
    kiosk.socket.send(report(true));
    guard.socket.send(report(false));
    const leader = await join('', { cookie: await gateway.cookie('li') }).joined();
    leader.socket.send(report(true));
    await until(() => gateway.api.live.clients === 4);
    kiosk.close();
    await until(() => gateway.api.live.clients === 3);
    expect(gateway.api.live.soundArmed()).toBe(true);
    const status = await gateway.get$('/api/v1/status', { cookie });
    expect(await status.json()).toMatchObject({ sound: 'armed' });

    leader.close();
    await guard.until(() => guard.of('status').at(-1)?.sound === 'none');
    expect(guard.of('status').map(({ sound }) => sound)).toEqual(['none', 'armed', 'none']);
    expect(gateway.api.live.ignored).toBe(0);
  });

  it('ends with the session', async () => {
    const probe = await join().joined();
    probe.socket.send(report(true));
    await until(() => gateway.api.live.soundArmed());
    gateway.api.endSessions('wang');
    expect(gateway.api.live.soundArmed()).toBe(false);
  });

  it.each([
    'nonsense',
    '',
    'null',
    '{"k":"sound"}',
    '{"k":"sound","armed":"yes"}',
    '{"k":"sound","armed":true,"loud":1}',
    '{"k":"acknowledge","armed":true}',
    Buffer.from('{"k":"sound","armed":true}'),
  ])('is not taken from %s: that is ignored and counted, and the feed goes on', async (frame) => {
    const probe = await join().joined();
    probe.socket.send(frame);
    await until(() => gateway.api.live.ignored === 1);
    expect(gateway.api.live.soundArmed()).toBe(false);
    gateway.record(1);
    await probe.until(() => probe.of('commit').length === 1);
  });
});

describe('the connection', () => {
  it('is closed with 4001 when there is no session', async () => {
    expect(await join('', {}).ended()).toMatchObject({ code: liveClose.sessionEnded });
  });

  it('is closed with 4001 when the session ends', async () => {
    const probe = await join().joined();
    await fetch(`${gateway.url}/api/v1/session`, { method: 'DELETE', headers: { cookie } });
    expect(await probe.ended()).toMatchObject({ code: liveClose.sessionEnded });
  });

  it('is closed with 4001 when a person is taken off the list, within a heartbeat', async () => {
    await gateway.stop();
    gateway = await new MemoryGateway().start({ heartbeatMs: 20 });
    cookie = await gateway.cookie('wang');
    const probe = await join().joined();
    gateway.users.people.delete('wang');
    expect(await probe.ended()).toMatchObject({ code: liveClose.sessionEnded });
  });

  it('is refused to a foreign origin', async () => {
    const probe = join('', { cookie, origin: 'https://evil.example' });
    const status = await new Promise((resolve) =>
      probe.socket.once('unexpected-response', (_request, response) => resolve(response.statusCode)),
    );
    expect(status).toBe(403);
    const own = await join('', { cookie, origin: gateway.url }).joined();
    expect(own.of('hello')).toHaveLength(1);
  });

  it("keeps a duty session alive beyond the idle time, but not an installer's", async () => {
    await gateway.stop();
    gateway = await new MemoryGateway().start({ heartbeatMs: 20, sessionLimits: { idleMs: 1_000 } });
    cookie = await gateway.cookie('wang');
    const installer = await gateway.cookie('sun');
    const duty = await join().joined();
    const other = await join('', { cookie: installer }).joined();
    for (let beat = 0; beat < 3; beat++) {
      gateway.now += 600;
      const seen = duty.of('hb').length;
      await duty.until(() => duty.of('hb').length > seen + 1);
    }
    expect(await other.ended()).toMatchObject({ code: liveClose.sessionEnded });
    expect(duty.closed).toBeUndefined();
  });

  it('answers pings, and is closed when the client sends more than it should', async () => {
    const probe = await join().joined();
    const pong = new Promise((resolve) => probe.socket.once('pong', resolve));
    probe.socket.ping();
    await pong;
    probe.socket.send('x'.repeat(2_000));
    expect(await probe.ended()).toMatchObject({ code: 1009 });
  });

  it('is cut when the client answers no pings', async () => {
    await gateway.stop();
    gateway = await new MemoryGateway().start({ heartbeatMs: 20 });
    cookie = await gateway.cookie('wang');
    const probe = new LiveProbe(`${gateway.url}/api/v1/live`, { cookie });
    probes.push(probe);
    await probe.joined();
    // a frozen browser: the connection stands, nobody is there
    const { socket } = probe as unknown as { socket: { _autoPong: boolean } };
    socket._autoPong = false;
    expect(await probe.ended()).toMatchObject({ code: 1006 });
    await until(() => gateway.api.live.clients === 0);
  });

  it('is closed with 4002 when the client does not read, while others go on', async () => {
    const good = await join().joined();
    const slow = await rawClient();
    await until(() => gateway.api.live.clients === 2);
    slow.pause();
    // the kernel takes some megabytes before anything piles up here; 60 frames are more than 20 MB
    let frames = 0;
    while (frames < 60 && gateway.api.live.clients === 2) {
      gateway.record(500);
      frames++;
      const position = gateway.journal.position();
      await good.until(() => good.of('commit').at(-1)?.position === position);
    }
    expect(frames).toBeLessThan(60);
    expect(good.closed).toBeUndefined();
    // what piled up comes, then the close frame: opcode 8, and the code in two bytes
    let tail = Buffer.alloc(0);
    slow.on('data', (chunk) => {
      tail = Buffer.concat([tail, chunk]).subarray(-20);
    });
    slow.resume();
    await new Promise((resolve) => slow.once('close', resolve));
    const close = tail.subarray(tail.lastIndexOf(0x88));
    expect(close.readUInt16BE(2)).toBe(liveClose.tooSlow);
    expect(close.subarray(4).toString()).toBe('too slow');
  });

  it('is not too slow because the gateway itself gave it much at once', async () => {
    const alarm = gateway.raise('EMG.PANIC', 's-panic') as Alarm;
    // some 10 MB: more than the kernel takes
    const many = Array.from({ length: 12_000 }, () => ({ ...alarm, id: uuidv7() }));
    gateway.open = () => many;
    const client = await rawClient();
    client.pause();
    await until(() => gateway.api.live.clients === 1);
    for (let frame = 0; frame < 5; frame++) {
      gateway.record(1);
      // a turn of the event loop, so that what can leave has left
      await gateway.get$('/healthz');
    }
    expect(gateway.api.live.clients).toBe(1);
    client.destroy();
  });

  it('a graceful stop says so', async () => {
    const probe = await join().joined();
    await gateway.stop();
    expect(await probe.ended()).toMatchObject({ code: 1001 });
    gateway = await new MemoryGateway().start();
  });

  it('a plain GET is told to use a WebSocket', async () => {
    const response = await gateway.get$('/api/v1/live', { cookie });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'invalid' });
  });
});

describe('silent alarms', () => {
  it('do not reach a kiosk, nor a station in their own room; others see them', async () => {
    const kiosk = await join('', { cookie: await gateway.cookie('screen') }).joined();
    const inRoom = await join('', { cookie: await gateway.cookie('wang', { place: 'r101' }) }).joined();
    const duty = await join('', { cookie: await gateway.cookie('zhao', { place: 'duty' }) }).joined();
    const duress = gateway.raise('EMG.DURESS', 's-duress');
    gateway.raise('EMG.PANIC', 's-panic');
    for (const probe of [kiosk, inRoom, duty]) {
      await probe.until(() => probe.of('commit').at(-1)?.position === 4);
    }
    expect(duty.of('commit')[0]?.alarms).toMatchObject([{ id: duress?.id, silent: true }]);
    for (const probe of [kiosk, inRoom]) {
      expect(JSON.stringify(probe.frames)).not.toContain('EMG.DURESS');
      expect(probe.of('commit')).toMatchObject([{ alarms: [{ type: 'EMG.PANIC' }] }]);
    }

    gateway.api.live.unsaved(gateway.book.open());
    await kiosk.until(() => kiosk.of('unsaved').length === 1);
    expect(kiosk.of('unsaved')[0]?.alarms).toMatchObject([{ type: 'EMG.PANIC' }]);
  });

  it('stay out of snapshot and replay too', async () => {
    gateway.raise('EMG.DURESS', 's-duress');
    gateway.raise('EMG.PANIC', 's-panic');
    const kioskCookie = await gateway.cookie('screen');
    for (const query of ['', '?since=0']) {
      const probe = await join(query, { cookie: kioskCookie }).joined();
      expect(JSON.stringify(probe.frames)).not.toContain('EMG.DURESS');
      expect(JSON.stringify(probe.frames)).toContain('EMG.PANIC');
      expect(probe.of('hello')[0]?.position).toBe(4);
    }
  });
});

/** A WebSocket client by hand, whose reading can be stopped. */
async function rawClient() {
  const { port } = new URL(gateway.url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(
    'GET /api/v1/live HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nCookie: ${cookie}\r\n\r\n`,
  );
  await new Promise((resolve) => socket.once('data', resolve));
  socket.on('error', () => undefined);
  return socket;
}

async function until(done: () => boolean, ms = 5_000): Promise<void> {
  const deadline = Date.now() + ms;
  while (!done()) {
    if (Date.now() > deadline) throw new Error('timed out');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
