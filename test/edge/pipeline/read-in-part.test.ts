import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { siteSchema } from '../../../contract/site.ts';
import { LiveDevices } from '../../../edge/pipeline/devices.ts';
import { Intake } from '../../../edge/pipeline/intake.ts';
import { UnknownDeviceInbox } from '../../../edge/registry/inbox.ts';
import { profileFacts, topicsOf } from '../../../edge/registry/profile-facts.ts';
import { Registry } from '../../../edge/registry/registry.ts';
import { tempDir } from '../../simulators/temp-dir.ts';
import { catalogue } from '../../support/builtin-catalogue.ts';

const folder = tempDir('read-in-part');
const logger = pino({ level: 'silent' });
const T0 = Date.UTC(2026, 0, 1);

let registry: Registry;
let inbox: UnknownDeviceInbox;
let intake: Intake;

beforeAll(async () => {
  const file = join(folder.dir, 'site.db');
  registry = await Registry.open({ file, logger, topicsOf: topicsOf(catalogue) });
  const site = siteSchema.parse({
    places: [{ id: 'lab', kind: 'campus', name: 'lab' }],
    slots: [{ id: 'lab', name: 'lab', place: 'lab' }],
    devices: [{ id: 'leak', name: 'leak', profile: 'zigbee2mqtt.device', slot: 'lab' }],
  });
  await registry.importSite(site, { profiles: profileFacts(catalogue) });
});

afterAll(async () => {
  await registry.close();
  folder.remove();
});

beforeEach(() => {
  inbox = new UnknownDeviceInbox();
  intake = new Intake({
    devices: new LiveDevices(catalogue, registry, new Map(), {
      gateway: 'gw-1',
      school: '2137000001',
      region: '370102',
    }),
    inbox,
    profileClock: { siteZone: 'Asia/Shanghai', lateAfterMs: 30_000 },
    onOutcome: () => undefined,
  });
});

/** Sends a message of the device; returns the types that it became. */
function send(payload: string, at = T0): string[] {
  const raw = {
    source: 'mqtt',
    adapter: 'mqtt',
    channel: 'zigbee2mqtt/leak',
    payload: Buffer.from(payload),
    receivedAt: at,
    receivedMonotonicMs: at,
  };
  const taken = intake.take(
    raw,
    0,
    () => undefined,
    () => undefined,
  );
  return (taken?.shares ?? []).flatMap(({ drafts }) => drafts.map(({ type }) => type));
}

test('a value that nobody knows is counted, kept and reported, although the battery beside it is understood', () => {
  expect(send('{"battery":81,"water_leak":"wet!!"}')).toEqual(['DEV.BATT', 'DEV.UNMAPPED']);
  for (let i = 1; i <= 4; i++) send(`{"battery":81,"water_leak":"wet!!","n":${i}}`, T0 + i * 1_000);
  const [group] = inbox.list();
  expect(group).toMatchObject({ device: 'leak', reason: 'partly', count: 5 });
  expect(group?.detail).toBe('a value of "water_leak" is not known to profile zigbee2mqtt.device');
  expect(group?.samples.map(({ payload }) => payload.toString())).toEqual([
    '{"battery":81,"water_leak":"wet!!","n":2}',
    '{"battery":81,"water_leak":"wet!!","n":3}',
    '{"battery":81,"water_leak":"wet!!","n":4}',
  ]);
});

test('a key that nobody knows is kept and reported once, not with every message', () => {
  expect(send('{"battery":80,"fire_alarm":true}')).toEqual(['DEV.BATT', 'DEV.UNMAPPED']);
  for (let i = 1; i <= 10; i++)
    expect(send('{"battery":80,"fire_alarm":true}', T0 + i * 900_000)).toEqual([]);
  expect(inbox.list()).toMatchObject([
    {
      device: 'leak',
      reason: 'partly',
      count: 1,
      detail: 'profile zigbee2mqtt.device does not know its keys "fire_alarm"',
    },
  ]);
  expect(send('{"battery":80,"fire_alarm":true,"sos_key":1}', T0 + 9_900_000)).toEqual(['DEV.UNMAPPED']);
  expect(inbox.list()).toMatchObject([{ count: 2 }]);
});

test('a device that makes up ever new keys fills nothing', () => {
  for (let i = 0; i < 500; i++) send(`{"battery":80,"made_up_${i}":1}`, T0 + i);
  expect(inbox.list()).toMatchObject([{ count: 64 }]);
});
