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
import { Pipeline } from '../../../edge/pipeline.ts';
import { UnknownDeviceInbox } from '../../../edge/registry/inbox.ts';
import { profileFacts, topicsOf } from '../../../edge/registry/profile-facts.ts';
import { Registry } from '../../../edge/registry/registry.ts';
import { tempDir } from '../../simulators/temp-dir.ts';
import { catalogue } from '../../support/builtin-catalogue.ts';

const folder = tempDir('named-by-adapter');
const logger = pino({ level: 'silent' });
const T0 = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

/** Stores at once; remembers rows and device states. */
class MemoryJournal {
  storage = 'ok' as const;
  readonly states = new Map<string, string>();
  readonly told: string[] = [];
  readonly #seq = { a: 0, e: 0 };

  nextSeq(lane: Lane): number {
    this.#seq[lane] += 1;
    return this.#seq[lane];
  }

  append(batch: SealedBatch): { alarms: Promise<void>; all: Promise<void> } {
    for (const { key, value } of batch.states) if (value !== undefined) this.states.set(key, value);
    for (const { type, edge } of batch.rows) if (type !== 'ALM.TRANSITION') this.told.push(`${type} ${edge}`);
    return { alarms: Promise.resolve(), all: Promise.resolve() };
  }

  onStorage(): () => void {
    return () => undefined;
  }
}

const camera = (id: string) => ({
  id,
  name: id,
  profile: 'onvif.camera',
  slot: 'yard',
  onvif: { url: `http://192.0.2.1/${id}/device_service` },
});

let registry: Registry;
let journal: MemoryJournal;
let book: AlarmBook;
let inbox: UnknownDeviceInbox;
let devices: LiveDevices;
let pipeline: Pipeline;
let now = T0;

beforeAll(async () => {
  registry = await Registry.open({
    file: join(folder.dir, 'site.db'),
    logger,
    topicsOf: topicsOf(catalogue),
  });
  const site = siteSchema.parse({
    places: [{ id: 'yard', kind: 'campus', name: 'yard' }],
    slots: [{ id: 'yard', name: 'yard', place: 'yard', armed: 'always' }],
    devices: [
      { ...camera('cam'), inputs: { in: { means: 'panic' } } },
      camera('cam-2'),
      { id: 'wrong', name: 'wrong', profile: 'io.wired' },
    ],
  });
  await registry.importSite(site, { profiles: profileFacts(catalogue) });
});

afterAll(async () => {
  await registry.close();
  folder.remove();
});

beforeEach(() => {
  now = T0;
  journal = new MemoryJournal();
  book = new AlarmBook({ clock: () => now, newId: uuidv7 });
  start();
});

afterEach(() => pipeline.stop());

/** A gateway with the states that are stored. */
function start(): void {
  const identity = { gateway: 'gw-1', school: '2137000001', region: '370102' };
  const own = [...journal.states].filter(([key]) => key.startsWith('device:'));
  const stored = own.map(([key, value]): [string, DeviceState] => [
    key.slice('device:'.length),
    JSON.parse(value),
  ]);
  devices = new LiveDevices(catalogue, registry, new Map(stored), identity);
  inbox = new UnknownDeviceInbox();
  pipeline = new Pipeline({
    identity,
    journal,
    registry,
    devices,
    book,
    duplicates: new Duplicates(),
    clock: () => now,
    clockQuality: () => 'sync',
    intake: new Intake({
      devices,
      inbox,
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

interface Notification {
  source?: Record<string, string>;
  key?: Record<string, string>;
  data?: Record<string, string>;
  operation?: string;
}

async function say(device: string, channel: string, body: Notification): Promise<string> {
  const payload = {
    operation: 'Changed',
    utcTime: new Date(now).toISOString(),
    source: {},
    key: {},
    data: {},
    ...body,
  };
  const outcome = await pipeline.message({
    source: 'onvif',
    adapter: 'onvif',
    channel,
    deviceKey: device,
    clientId: device,
    payload: Buffer.from(JSON.stringify(payload)),
    receivedAt: now,
    receivedMonotonicMs: performance.now(),
  });
  return outcome.status;
}

const field = (IsInside: string, ObjectId = '1', device = 'cam') =>
  say(device, 'tns1:RuleEngine/FieldDetector/ObjectsInside', {
    source: { VideoSource: 'v', Rule: 'r' },
    key: { ObjectId },
    data: { IsInside },
  });

function intrusion(): Alarm | undefined {
  return book.open().find(({ type }) => type === 'VID.INTRUDE');
}

test('a notification goes to the device that its adapter names, and to no other', async () => {
  const press = { source: { InputToken: 'in' }, data: { LogicalState: 'true' } };
  expect(await say('cam', 'tns1:Device/Trigger/DigitalInput', press)).toBe('mapped');
  expect(await say('cam-2', 'tns1:Device/Trigger/DigitalInput', press)).toBe('mapped');
  expect(journal.told).toEqual(['EMG.PANIC raise', 'DEV.INPUT raise']);
  expect(book.open()).toMatchObject([
    { type: 'EMG.PANIC', device: 'cam', slot: 'yard', sources: ['cam#in'] },
  ]);
});

test('a topic that nobody knows is kept, shown and told once in a while', async () => {
  for (let n = 0; n < 3; n++)
    expect(await say('cam', `tnsacme:New/Thing${n}`, { data: { State: 'true' } })).toBe('unmapped');
  expect(journal.told).toEqual(['DEV.UNMAPPED pulse']);
  expect(JSON.stringify(inbox.list())).toContain('tnsacme:New/Thing0');
});

test('a device with the profile of another transport is reported, not lost', async () => {
  expect(await say('wrong', 'tns1:Device/Trigger/DigitalInput', {})).toBe('unmapped');
  expect(journal.told).toEqual(['DEV.UNMAPPED pulse']);
  expect(JSON.stringify(inbox.list())).toContain('profile io.wired reads messages of mqtt');
});

test('a device that is registered no more is kept in the inbox, without card numbers', async () => {
  const status = await say('gone', 'tns1:AccessControl/Duress', {
    data: { CredentialToken: '4711', CredentialHolderName: 'Wang' },
  });
  expect(status).toBe('unknown-device');
  expect(JSON.stringify(inbox.list())).not.toMatch(/4711|Wang/);
});

test('a camera is not lost with an external broker, and has no topics at ours', () => {
  expect([...devices.forgetReachedBy('site').keys()]).toEqual(['wrong']);
  expect(catalogue.get('onvif.camera')?.filters('cam')).toEqual({ publish: [], subscribe: [] });
});

test('an alarm whose end was lost becomes unknown, never returned, and active when it is said again', async () => {
  await field('true');
  expect(intrusion()).toMatchObject({ condition: 'active', sources: ['cam#v'] });
  now += 9 * MINUTE;
  await pipeline.expire();
  expect(intrusion()?.condition).toBe('active');
  now += MINUTE;
  await pipeline.expire();
  expect(intrusion()).toMatchObject({ condition: 'unknown', sources: ['cam#v'] });
  expect(journal.told).toEqual(['VID.INTRUDE raise']);
  await field('true', '2');
  expect(intrusion()?.condition).toBe('active');
  await field('false', '2');
  expect(intrusion()?.condition).toBe('returned');
});

test('what is said again in time does not become unknown', async () => {
  await field('true');
  for (let n = 0; n < 4; n++) {
    now += 6 * MINUTE;
    await field('true');
    await pipeline.expire();
    expect(intrusion()?.condition).toBe('active');
  }
});

test('the time goes on over a restart, and runs out while the gateway is stopped', async () => {
  await field('true');
  pipeline.stop();
  now += 30 * MINUTE;
  start();
  await pipeline.expire();
  expect(intrusion()?.condition).toBe('unknown');
  expect(journal.states.get('device:cam')).not.toContain('limits');
});

test('a clock that is set by years ends a limit and clears nothing', async () => {
  await field('true');
  now -= 8 * 365 * 24 * 60 * MINUTE;
  await pipeline.expire();
  expect(intrusion()?.condition).toBe('unknown');
});

test('another camera that still sees it keeps the alarm active', async () => {
  await field('true');
  now += 5 * MINUTE;
  await field('true', '1', 'cam-2');
  now += 6 * MINUTE;
  await pipeline.expire();
  expect(intrusion()).toMatchObject({ condition: 'active', lost: ['cam#v'] });
  now += 5 * MINUTE;
  await pipeline.expire();
  expect(intrusion()?.condition).toBe('unknown');
});

test('a message that is evaluated first says it again in time', async () => {
  await field('true');
  now += 10 * MINUTE;
  const expiring = pipeline.expire();
  const said = field('true', '3');
  await Promise.all([expiring, said]);
  expect(intrusion()?.condition).toBe('active');
});
