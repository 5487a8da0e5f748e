import { join } from 'node:path';
import { pino } from 'pino';
import { uuidv7 } from 'uuidv7';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Alarm } from '../../../contract/alarm.ts';
import type { Lane } from '../../../contract/event.ts';
import { siteSchema } from '../../../contract/site.ts';
import type { DeviceState } from '../../../device-profiles/normalise.ts';
import { AlarmBook } from '../../../edge/alarms/book.ts';
import type { SealedBatch } from '../../../edge/journal/batch.ts';
import { LiveDevices } from '../../../edge/pipeline/devices.ts';
import { Duplicates } from '../../../edge/pipeline/duplicates.ts';
import { Intake } from '../../../edge/pipeline/intake.ts';
import { ownDraft } from '../../../edge/pipeline/own-event.ts';
import { Pipeline } from '../../../edge/pipeline.ts';
import { UnknownDeviceInbox } from '../../../edge/registry/inbox.ts';
import { profileFacts, topicsOf } from '../../../edge/registry/profile-facts.ts';
import { Registry } from '../../../edge/registry/registry.ts';
import { tempDir } from '../../simulators/temp-dir.ts';
import { catalogue } from '../../support/builtin-catalogue.ts';

const folder = tempDir('dead-bridge');
const logger = pino({ level: 'silent' });

/** Stores at once, and remembers the device states. */
class MemoryJournal {
  storage = 'ok' as const;
  readonly states = new Map<string, string>();
  readonly #seq = { a: 0, e: 0 };

  nextSeq(lane: Lane): number {
    this.#seq[lane] += 1;
    return this.#seq[lane];
  }

  append(batch: SealedBatch): { alarms: Promise<void>; all: Promise<void> } {
    for (const { key, value } of batch.states) if (value !== undefined) this.states.set(key, value);
    return { alarms: Promise.resolve(), all: Promise.resolve() };
  }

  onStorage(): () => void {
    return () => undefined;
  }
}

let registry: Registry;
let journal: MemoryJournal;
let book: AlarmBook;
let pipeline: Pipeline;

beforeAll(async () => {
  registry = await Registry.open({
    file: join(folder.dir, 'site.db'),
    logger,
    topicsOf: topicsOf(catalogue),
  });
  const inputs = { 1: { means: 'panic', slot: 'hall' } };
  const site = siteSchema.parse({
    places: [{ id: 'hall', kind: 'campus', name: 'hall' }],
    slots: [{ id: 'hall', name: 'hall', place: 'hall', lifeSafety: true }],
    credentials: ['wired', 'far'].map((user) => ({ user, password: 'a-long-password' })),
    devices: [
      { id: 'wired', name: 'wired', profile: 'io.wired', user: 'wired', inputs },
      { id: 'far', name: 'far bridge', profile: 'zigbee2mqtt.bridge', key: 'zigbee2mqtt', user: 'far' },
      { id: 'near', name: 'near bridge', profile: 'io.wired', bridge: 'far' },
      { id: 'radio', name: 'radio', profile: 'io.wired', bridge: 'near', inputs },
      { id: 'direct', name: 'direct', profile: 'io.wired', bridge: 'far', inputs },
      { id: 'timely', name: 'timely', profile: 'tasmota.device', bridge: 'near' },
    ],
  });
  const result = await registry.importSite(site, { profiles: profileFacts(catalogue) });
  expect(result).not.toHaveProperty('faults');
});

afterAll(async () => {
  await registry.close();
  folder.remove();
});

beforeEach(() => {
  journal = new MemoryJournal();
  book = new AlarmBook({ clock: Date.now, newId: uuidv7 });
  start();
});

afterEach(() => pipeline.stop());

/** A gateway with the states that are stored. */
function start(): void {
  const identity = { gateway: 'gw-1', school: '2137000001', region: '370102' };
  const states = [...journal.states].filter(([key]) => key.startsWith('device:'));
  const stored = states.map(([key, value]): [string, DeviceState] => [
    key.slice('device:'.length),
    JSON.parse(value),
  ]);
  const devices = new LiveDevices(catalogue, registry, new Map(stored), identity);
  pipeline = new Pipeline({
    identity,
    journal,
    registry,
    devices,
    book,
    duplicates: new Duplicates(),
    clock: Date.now,
    clockQuality: () => 'sync',
    intake: new Intake({
      devices,
      inbox: new UnknownDeviceInbox(),
      profileClock: { siteZone: 'Asia/Shanghai', lateAfterMs: 30_000 },
      onOutcome: () => undefined,
    }),
    onUnsaved: () => undefined,
    onFault: (error) => {
      throw error;
    },
    onConnection: () => undefined,
    onRefused: () => undefined,
  });
}

async function say(channel: string, payload: unknown, adapter = 'mqtt'): Promise<void> {
  const outcome = await pipeline.message({
    source: 'mqtt',
    adapter,
    channel,
    clientId: 'c',
    payload: Buffer.from(JSON.stringify(payload)),
    qos: 1,
    receivedAt: Date.now(),
    receivedMonotonicMs: performance.now(),
  });
  expect(outcome.status).toBe('mapped');
}

const input = (device: string, value: string, adapter?: string) =>
  say(`io/${device}/state`, { ch: { 1: value } }, adapter);
const bridge = (state: string) => say('zigbee2mqtt/bridge/state', { state });

function panic(): Alarm | undefined {
  return book.open().find(({ type }) => type === 'EMG.PANIC');
}

test('a bridge behind a bridge: when the far one is dead, what is behind both is unknown, and active when it says so again', async () => {
  await input('radio', 'normal');
  await input('radio', 'alarm');
  await bridge('offline');
  expect(panic()).toMatchObject({ condition: 'unknown', sources: ['radio#1'] });
  await bridge('online');
  expect(panic()?.condition).toBe('unknown');
  await input('radio', 'alarm');
  expect(panic()).toMatchObject({ condition: 'active', sources: ['radio#1'] });
});

test('an alarm that a wired device raised and only one behind a dead bridge still holds is unknown', async () => {
  for (const device of ['wired', 'radio']) await input(device, 'normal');
  await input('wired', 'alarm');
  await input('radio', 'alarm');
  await input('wired', 'normal');
  await bridge('offline');
  expect(panic()).toMatchObject({ device: 'wired', condition: 'unknown', sources: ['radio#1'] });
});

test('an alarm held only behind a lost external broker is unknown; one that a wired device holds too is active', async () => {
  for (const device of ['wired', 'radio'])
    await input(device, 'normal', device === 'radio' ? 'site' : 'mqtt');
  await input('wired', 'alarm');
  await input('radio', 'alarm', 'site');
  await pipeline.lose('site');
  expect(panic()).toMatchObject({ condition: 'active', lost: ['radio#1'] });
  await input('wired', 'normal');
  expect(panic()).toMatchObject({ condition: 'unknown', sources: ['radio#1'] });
});

test('a device that others are reached through and that goes offline makes them unknown, whatever its profile', async () => {
  await input('radio', 'normal');
  await input('radio', 'alarm');
  await pipeline.emit(ownDraft('DEV.OFFLINE', 'raise', Date.now(), { by: 'connection' }), 'near');
  expect(panic()?.condition).toBe('unknown');
});

test('after a restart, what was behind the dead bridge is still a first sight: it makes its alarm active again', async () => {
  await input('direct', 'normal');
  await input('direct', 'alarm');
  await bridge('offline');
  expect(panic()?.condition).toBe('unknown');
  pipeline.stop();
  start();
  await bridge('online');
  await input('direct', 'alarm');
  expect(panic()?.condition).toBe('active');
});

test('a device behind a bridge whose own bridge is dead is not silent', () => {
  const devices = new LiveDevices(catalogue, registry, new Map(), {
    gateway: 'gw-1',
    school: '2137000001',
    region: '370102',
  });
  const reachable = (down: string) =>
    [...devices.watched((id) => id === down)].find(({ id }) => id === 'timely')?.reachable;
  expect([reachable('far'), reachable('near'), reachable('wired')]).toEqual([false, false, true]);
});
