import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Receiver } from '../../../cloud-bridge/receiver/receiver.ts';
import type { ReceiverStore } from '../../../cloud-bridge/receiver/store.ts';
import { waitFor } from '../../simulators/wait.ts';
import { MemoryOutbox } from '../../support/memory-outbox.ts';
import { World } from '../bridge-world.ts';
import { frameOf } from '../frames.ts';
import { RawGateway } from '../raw-gateway.ts';

let world: World;
let receiver: Receiver;
let store: ReceiverStore;
let gateway: RawGateway;
/** The receiver's clock; it stands still unless a test moves it. */
let now = Date.parse('2026-03-01T08:00:00Z');

beforeEach(async () => {
  world = await World.open('aedes');
  ({ receiver, store } = await world.receiver({ clock: () => now }));
  gateway = await RawGateway.connect(world.broker.port);
  world.onClose(() => gateway.close());
});
afterEach(() => world.close());

function outboxOf(count: number, options: ConstructorParameters<typeof MemoryOutbox>[0] = {}): MemoryOutbox {
  const outbox = new MemoryOutbox(options);
  outbox.append(...Array.from({ length: count }, () => ({ type: 'DEV.ONLINE' })));
  return outbox;
}

const wrap = (encoding: number, payload: Buffer) =>
  Buffer.concat([Buffer.from('CSF1'), Buffer.of(encoding), payload]);
const letters = async () =>
  (await store.deadLetters({ before: Number.MAX_SAFE_INTEGER, limit: 100 })).letters;

describe('frames', () => {
  it('are receipted after they are stored, duplicates and wrong order included', async () => {
    const outbox = outboxOf(30);
    await gateway.frame(frameOf(outbox, 'e', 21, 30));
    expect(await gateway.receipt('for the later frame', () => true)).toEqual({
      v: 1,
      recipient: 'province',
      epoch: outbox.epoch,
      lane: 'e',
      ack: 0,
      have: [[21, 30]],
      missing: [],
      rejected: [],
      credit: 8,
      at: new Date(now).toISOString(),
    });
    await gateway.frame(frameOf(outbox, 'e', 1, 10));
    await gateway.receipt('for the first', ({ ack }) => ack === 10);
    await gateway.frame(frameOf(outbox, 'e', 1, 10));
    await waitFor(
      'a receipt for the duplicate',
      () => gateway.receipts.filter(({ ack }) => ack === 10).length === 2,
    );
    await gateway.frame(frameOf(outbox, 'e', 5, 25));
    await gateway.receipt('for everything', ({ ack, have }) => ack === 30 && have.length === 0);
    expect(await store.events({ after: 0, limit: 100 })).toHaveLength(30);
    expect(receiver.status().counters).toMatchObject({ events: 30, duplicates: 21, deadLetters: 0 });
  });

  it('have holes named as missing once they are older than 5 s, without a further frame', async () => {
    const outbox = outboxOf(9);
    await gateway.frame(frameOf(outbox, 'e', 1, 2));
    await gateway.frame(frameOf(outbox, 'e', 6, 9));
    await gateway.receipt('with the hole', ({ have }) => have.length === 1);
    expect(gateway.receipts.every(({ missing }) => missing.length === 0)).toBe(true);
    now += 6_000;
    expect(await gateway.receipt('that asks', ({ missing }) => missing.length > 0)).toMatchObject({
      ack: 2,
      missing: [[3, 5]],
    });
    const gaps = await (await fetch(`${receiver.httpUrl}/api/v1/gaps`)).json();
    expect(gaps).toMatchObject({
      gaps: [{ gateway: 'gw-01', lane: 'e', ack: 2, holes: [{ from: 3, to: 5 }] }],
    });
  });

  it('that are damaged are put aside, and the numbers they name are rejected', async () => {
    const outbox = outboxOf(6);
    const frame = frameOf(outbox, 'e', 1, 3);
    await gateway.bytes('e', wrap(0, Buffer.from(JSON.stringify({ ...frame, hash: 'ab'.repeat(32) }))));
    const receipt = await gateway.receipt('that rejects', ({ rejected }) => rejected.length > 0);
    expect(receipt).toMatchObject({ ack: 3, rejected: [1, 2, 3].map((seq) => ({ seq, code: 'bad-hash' })) });
    // A lost receipt must not lose the news: the next one says it again.
    await gateway.frame(frameOf(outbox, 'e', 4, 6));
    expect(await gateway.receipt('for the next', ({ ack }) => ack === 6)).toMatchObject({
      rejected: [{ seq: 1 }, { seq: 2 }, { seq: 3 }],
    });
    expect(await letters()).toMatchObject([
      { reason: 'bad-hash', gateway: 'gw-01', lane: 'e', from: 1, to: 3, times: 1 },
    ]);
    // Sent again sound, they are stored.
    await gateway.frame(frame);
    await waitFor('the healed rows', async () => (await store.events({ after: 0, limit: 10 })).length === 6);
    expect(await store.check()).toMatchObject({ faults: [], rejected: 0 });
  });

  it.each([
    ['noise', Buffer.from('hello'), 'unparseable'],
    ['cut gzip', wrap(1, gzipSync('{"v":1}').subarray(0, 12)), 'unparseable'],
    ['a zip bomb', wrap(1, gzipSync(Buffer.alloc(64 * 1024 * 1024), { level: 9 })), 'too-large'],
    ['300 KiB', Buffer.alloc(300 * 1024, 'x'), 'too-large'],
    ['10 MB', Buffer.alloc(10_000_000, 'x'), 'too-large'],
    ['deep JSON', wrap(0, Buffer.from('['.repeat(100_000))), 'unparseable'],
    ['__proto__', wrap(0, Buffer.from('{"v":1,"__proto__":{"recipient":"province"}}')), 'unparseable'],
  ])('of %s are put aside with the reason, and the next good one is taken', async (_, bytes, reason) => {
    const outbox = outboxOf(2);
    await gateway.bytes('e', bytes);
    await gateway.frame(frameOf(outbox, 'e', 1, 2));
    await gateway.receipt('for the good one', ({ ack }) => ack === 2);
    const [letter] = await waitFor('the dead letter', async () =>
      (await letters()).length > 0 ? letters() : undefined,
    );
    expect(letter).toMatchObject({ reason, school: '4137010001', gateway: 'gw-01' });
    expect(letter!.size).toBeLessThanOrEqual(256 * 1024);
  });

  it('with one unreadable body keep the others', async () => {
    const outbox = outboxOf(2);
    outbox.appendBody('e', 'no JSON at all');
    outbox.append({});
    await gateway.frame(frameOf(outbox, 'e', 1, 4));
    const receipt = await gateway.receipt('for all', ({ ack }) => ack === 4);
    expect(receipt.rejected).toEqual([{ seq: 3, code: 'unparseable', detail: 'body is not JSON' }]);
    expect((await store.events({ after: 0, limit: 10 })).map(({ seq }) => seq)).toEqual([1, 2, 4]);
    expect(await letters()).toMatchObject([{ reason: 'unparseable', from: 1, to: 4 }]);
  });

  it('of another gateway, school or county than their topic are refused', async () => {
    const outbox = outboxOf(2);
    for (const wrong of [{ gateway: 'gw-02' }, { school: '4137020002' }, { region: '370202' }]) {
      gateway.receipts.length = 0;
      await gateway.frame(frameOf(outbox, 'e', 1, 2, wrong));
      const receipt = await gateway.receipt('that refuses', ({ rejected }) => rejected.length > 0);
      expect(receipt).toMatchObject({
        ack: 0,
        have: [],
        rejected: [
          { seq: 1, code: 'wrong-identity' },
          { seq: 2, code: 'wrong-identity' },
        ],
      });
      expect(receipt.rejected[0]!.detail).toContain(Object.values(wrong)[0]);
    }
    expect(await store.events({ after: 0, limit: 10 })).toEqual([]);
    expect(await store.lanes()).toEqual([]);
    expect((await letters()).map(({ reason }) => reason)).toEqual(Array(3).fill('wrong-identity'));
  });

  it('may name an abolished county that their topic has the successor of', async () => {
    const penglai = await RawGateway.connect(world.broker.port, { region: '370614' });
    world.onClose(() => penglai.close());
    const outbox = outboxOf(2, { origin: { region: '370684' } });
    await penglai.frame(frameOf(outbox, 'e', 1, 2));
    expect(await penglai.receipt('for both', ({ ack }) => ack === 2)).toMatchObject({ rejected: [] });
  });

  it.each(['999999', '379999', '370202'])(
    'from county %s cannot take a place in the lane of a gateway of 370102 (alarm lost at the province)',
    async (region) => {
      const outbox = outboxOf(2);
      await gateway.frame(frameOf(outbox, 'e', 1, 2));
      await gateway.receipt('for the first', ({ ack }) => ack === 2);
      const intruder = await RawGateway.connect(world.broker.port, { region });
      world.onClose(() => intruder.close());
      const forged = new MemoryOutbox({ epoch: outbox.epoch, origin: { region } });
      for (const { body } of outbox.rows('e')) forged.appendBody('e', body);
      forged.append({});
      await intruder.frame(frameOf(forged, 'e', 3, 3));
      expect(await intruder.receipt('that refuses', () => true)).toMatchObject({
        ack: 0,
        rejected: [{ seq: 3, code: 'wrong-identity' }],
      });
      await intruder.state({ k: 'gone', boot: 'b1' });
      outbox.append({});
      await gateway.frame(frameOf(outbox, 'e', 3, 3));
      expect(await gateway.receipt('for the own row', ({ ack }) => ack === 3)).toMatchObject({
        rejected: [],
      });
      const reasons = await waitFor('both letters', async () => {
        const all = await letters();
        return all.length === 2 ? all.map(({ reason }) => reason) : undefined;
      });
      expect(reasons).toEqual(['wrong-identity', 'wrong-identity']);
    },
  );

  it('of an enrolled gateway come from its county only, whoever was first', async () => {
    // Beside the first receiver, which answers under another name.
    const gateways = [{ school: '4137010001', gateway: 'gw-01', region: '379998' }];
    await world.receiver({ gateways, recipient: 'city' });
    const recipient = { recipient: 'city' };
    const newer = await RawGateway.connect(world.broker.port, { region: '379998' });
    world.onClose(() => newer.close());
    await gateway.frame(frameOf(outboxOf(1), 'e', 1, 1, recipient));
    await gateway.receipt('that refuses', ({ rejected }) => rejected[0]?.code === 'wrong-identity');
    await newer.frame(frameOf(outboxOf(1, { origin: { region: '379998' } }), 'e', 1, 1, recipient));
    await newer.receipt('for the row', ({ ack }) => ack === 1);
  });

  it.each([{ gateway: 'gw-02' }, { school: '4137020002' }, { region: '370202' }])(
    'with an event of another origin (%j) keep the others and refuse that one',
    async (origin) => {
      const outbox = outboxOf(1);
      const foreign = new MemoryOutbox({ origin });
      foreign.append({}, {});
      const body = foreign.rows('e')[1]!.body;
      outbox.appendBody('e', body);
      outbox.append({});
      await gateway.frame(frameOf(outbox, 'e', 1, 3));
      const receipt = await gateway.receipt('for all', ({ ack }) => ack === 3);
      expect(receipt.rejected).toMatchObject([{ seq: 2, code: 'wrong-identity' }]);
      // Only in the origin, behind a source that is right.
      const mixed = outboxOf(1, { epoch: randomUUID() });
      mixed.appendBody('e', body.replace(/"source":"[^"]*"/, '"source":"/370102/4137010001/gw-01"'));
      await gateway.frame(frameOf(mixed, 'e', 1, 2));
      const second = await gateway.receipt(
        'for the other',
        ({ epoch, ack }) => epoch === mixed.epoch && ack === 2,
      );
      expect(second.rejected).toMatchObject([{ seq: 2, code: 'wrong-identity' }]);
      expect((await letters()).map(({ reason }) => reason)).toEqual(['wrong-identity', 'wrong-identity']);
    },
  );

  it('for another recipient are neither stored nor answered', async () => {
    const outbox = outboxOf(4);
    await gateway.frame(frameOf(outbox, 'e', 1, 2, { recipient: 'county' }));
    await gateway.frame(frameOf(outbox, 'e', 3, 4));
    await gateway.receipt('for ours', ({ have }) => have.length === 1);
    expect(gateway.receipts).toHaveLength(1);
    expect(receiver.status().counters.foreign).toBe(1);
  });

  it('that contradict what is stored are a conflict, and nothing is overwritten', async () => {
    const outbox = outboxOf(2);
    await gateway.frame(frameOf(outbox, 'e', 1, 2));
    await gateway.receipt('for the first', ({ ack }) => ack === 2);
    const forged = new MemoryOutbox({ epoch: outbox.epoch });
    forged.append({ type: 'FIR.FAULT', lane: 'e' }, {});
    await gateway.frame(frameOf(forged, 'e', 1, 2));
    const receipt = await gateway.receipt('that rejects', ({ rejected }) => rejected.length > 0);
    expect(receipt.rejected.map(({ seq, code }) => [seq, code])).toEqual([
      [1, 'conflict'],
      [2, 'conflict'],
    ]);
    expect((await store.events({ after: 0, limit: 10 })).map(({ body }) => body)).toEqual(
      outbox.rows('e').map(({ body }) => body),
    );
  });

  it('of a new epoch start at 1, and the old rows stay', async () => {
    const old = outboxOf(3);
    const fresh = outboxOf(2, { predecessor: old.epoch });
    await gateway.frame(frameOf(old, 'e', 1, 3));
    await gateway.frame(frameOf(fresh, 'e', 1, 2));
    await gateway.receipt('for the new epoch', ({ epoch, ack }) => epoch === fresh.epoch && ack === 2);
    expect(await store.events({ after: 0, limit: 10 })).toHaveLength(5);
    expect((await store.lanes()).map(({ ack }) => ack).sort()).toEqual([2, 3]);
  });
});

describe('gateways', () => {
  const hello = (boot: string, epoch: string) => ({
    k: 'hello' as const,
    v: 1 as const,
    gateway: 'gw-01',
    school: '4137010001',
    region: '370102',
    name: '示例大学',
    boot,
    epoch,
    software: 'campus-gateway/1',
    schema: 1,
    capabilities: [],
  });
  const presence = async () => {
    const { gateways } = (await (await fetch(`${receiver.httpUrl}/api/v1/gateways`)).json()) as {
      gateways: Array<Record<string, unknown>>;
    };
    return gateways[0];
  };

  it('learn at their hello what is stored of their journal', async () => {
    const outbox = outboxOf(5);
    await gateway.frame(frameOf(outbox, 'e', 1, 5));
    await gateway.receipt('for the rows', ({ ack }) => ack === 5);
    gateway.receipts.length = 0;
    await gateway.state(hello('b1', outbox.epoch));
    expect(await gateway.receipt('at the hello', () => true)).toMatchObject({
      epoch: outbox.epoch,
      lane: 'e',
      ack: 5,
    });
  });

  it('are offline after three missed heartbeats, or when their connection is gone, but not for the will of an older boot', async () => {
    await gateway.state(hello('b1', randomUUID()));
    await waitFor('online', async () => (await presence())?.presence === 'online');
    now += 180_000;
    expect(await presence()).toMatchObject({ presence: 'online' });
    now += 1;
    expect(await presence()).toMatchObject({ presence: 'offline', reason: 'heartbeats-missed' });
    await gateway.state(hello('b2', randomUUID()));
    await waitFor('online again', async () => (await presence())?.boot === 'b2');
    await gateway.state({ k: 'gone', boot: 'b1' });
    await gateway.state({ k: 'gone', boot: 'b0' });
    await gateway.frame(frameOf(outboxOf(1), 'e', 1, 1));
    await gateway.receipt('after both wills', () => true);
    expect(await presence()).toMatchObject({ presence: 'online', boot: 'b2' });
    await gateway.state({ k: 'gone', boot: 'b2' });
    await waitFor('gone', async () => (await presence())?.presence === 'offline');
    expect(await presence()).toMatchObject({ reason: 'connection-lost' });
  });

  it('that say nonsense of themselves change nothing and are put aside', async () => {
    await gateway.state('{"k":"hello"}');
    await gateway.state({ ...hello('b1', randomUUID()), school: '4137020002' });
    await waitFor('both letters', async () => (await letters()).length === 2);
    expect((await letters()).map(({ reason }) => reason).sort()).toEqual(['unparseable', 'wrong-identity']);
    expect(await presence()).toBeUndefined();
  });
});

describe('queries', () => {
  const get = async (path: string) => {
    const answer = await fetch(`${receiver.httpUrl}${path}`);
    return { status: answer.status, type: answer.headers.get('content-type'), body: await answer.json() };
  };

  it('answer counts, events and alarms', async () => {
    const outbox = new MemoryOutbox();
    const id = randomUUID();
    const alarm = {
      id,
      version: 1,
      type: 'FIR.SMOKE',
      severity: 1,
      operator: 'new',
      firstAt: '2026-03-01T07:59:00.000Z',
    };
    outbox.append(
      { type: 'FIR.SMOKE' },
      { type: 'ALM.TRANSITION', data: { alarmId: id, version: 1, alarm } },
    );
    await gateway.frame(frameOf(outbox, 'a', 1, 2));
    await gateway.receipt('for both', ({ ack }) => ack === 2);
    expect((await get('/api/v1/counts?by=county')).body).toEqual({
      by: 'county',
      counts: [{ key: '370102', name: '历下区', events: 2, counted: 0 }],
    });
    const { body } = await get('/api/v1/events?gateway=gw-01&limit=1');
    expect(body).toMatchObject({
      events: [{ position: 1, lane: 'a', seq: 1, type: 'FIR.SMOKE', event: { specversion: '1.0', seq: 1 } }],
      next: 1,
    });
    expect((await get('/api/v1/events?after=2')).body).toEqual({ events: [], next: 2 });
    expect((await get('/api/v1/alarms?severity=1')).body).toMatchObject({
      alarms: [{ gateway: 'gw-01', alarm: { id, operator: 'new' } }],
    });
    expect((await get('/healthz')).body).toMatchObject({ status: 'ok', broker: 'up' });
  });

  it.each([
    ['/api/v1/counts?by=planet', 400, 'invalid'],
    ['/api/v1/counts', 400, 'invalid'],
    ['/api/v1/events?limit=100000', 400, 'invalid'],
    ['/api/v1/events?gatway=x', 400, 'invalid'],
    ['/api/v1/nothing', 404, 'unknown-route'],
  ])('%s is a problem that says what is wrong', async (path, status, code) => {
    const answer = await get(path);
    expect(answer).toMatchObject({
      status,
      type: expect.stringMatching('application/problem\\+json'),
      body: { status, code },
    });
    expect((answer.body as { detail: string }).detail.length).toBeGreaterThan(5);
  });
});

it('asks for the token where one is set', async () => {
  const { receiver: closed } = await world.receiver({
    http: { host: '127.0.0.1', port: 0, token: 'open sesame' },
  });
  const url = `${closed.httpUrl}/api/v1/gateways`;
  expect((await fetch(url)).status).toBe(403);
  expect((await fetch(url, { headers: { authorization: 'Bearer open sesam' } })).status).toBe(403);
  expect((await fetch(url, { headers: { authorization: 'Bearer open sesame' } })).status).toBe(200);
});
