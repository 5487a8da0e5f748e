import { pino } from 'pino';
import { beforeEach, expect, test } from 'vitest';
import type { Role } from '../../../contract/alarm.ts';
import { type DeviceCommand, deviceCommandSchema } from '../../../contract/command.ts';
import type { EventDraft } from '../../../contract/event.ts';
import { type Device, deviceSchema } from '../../../contract/site.ts';
import type { CompiledProfile } from '../../../device-profiles/compile.ts';
import { CommandDesk, type CommandDeskOptions } from '../../../edge/commands/desk.ts';
import type { LiveDevice } from '../../../edge/pipeline/devices.ts';
import { builtinProfile, profileOf } from '../../device-profiles/helpers.ts';

interface Published {
  topic: string;
  payload: string;
  options: unknown;
}

const keypad = profileOf(`match: { topic: 'keypad/{device}/state' }
device: '{device}'
subscribes: ['keypad/{device}/set']
mask: [usercode]
map: [{ when: { path: smoke, in: [true] }, emit: { type: FIR.SMOKE, edge: raise } }]
commands:
  enrol:
    topic: 'keypad/{device}/set'
    payload: { usercode: '{usercode}', pin: '{pin}', slot: '{slot}' }
    args: { usercode: { type: string }, pin: { type: string }, slot: { type: integer } }
`);

const published: Published[] = [];
const records: Array<{ device: string; draft: EventDraft }> = [];
let listening: 'yes' | 'deaf' | 'away';
let external: string | undefined;
let publish: CommandDeskOptions['broker']['publish'];
let emit: CommandDeskOptions['emit'];

beforeEach(() => {
  published.length = 0;
  records.length = 0;
  listening = 'yes';
  external = undefined;
  publish = async (topic, payload, options) => {
    published.push({ topic, payload: payload.toString(), options });
  };
  emit = async (draft, device) => {
    records.push({ device, draft });
  };
});

function deskOf(profile: CompiledProfile, device: Partial<Device> = {}): CommandDesk {
  const registered = deviceSchema.parse({
    id: 'd1',
    name: 'd1',
    profile: profile.id,
    key: 'siren-3',
    user: 'z2m',
    ...device,
  });
  const live = { device: registered, profile, settings: {} } as LiveDevice;
  return new CommandDesk({
    devices: { get: (id) => (id === 'd1' ? live : undefined), isReachedBy: (_, name) => name === external },
    device: () => undefined,
    broker: { listening: () => listening, publish: (...args) => publish(...args) },
    externals: external === undefined ? [] : [{ name: external }],
    emit: (...args) => emit(...args),
    clock: () => 1_000,
    logger: pino({ level: 'silent' }),
  });
}

const z2m = builtinProfile('zigbee2mqtt.device');

function as(role: Role, second?: { user: string; role: Role }) {
  return { user: 'me', role, station: 'gate', ...(second === undefined ? {} : { second }) };
}

function record(): DeviceCommand {
  expect(records).toHaveLength(1);
  const { device, draft } = records[0] as (typeof records)[number];
  expect(device).toBe('d1');
  expect(draft).toMatchObject({ type: 'DEV.OUTPUT', edge: 'pulse', kind: 'event' });
  return deviceCommandSchema.strict().parse(draft.data);
}

test('a siren command is rendered, sent once, never retained, and on record', async () => {
  const outcome = await deskOf(z2m).run(
    { device: 'd1', name: 'siren_on', args: { duration: 30 } },
    as('shift-leader'),
  );
  expect(outcome).toEqual({ sent: true, stored: true, at: 1_000 });
  expect(published).toHaveLength(1);
  expect(published[0]).toMatchObject({
    topic: 'zigbee2mqtt/siren-3/set',
    options: { qos: 0, retain: false },
  });
  expect(JSON.parse(published[0]?.payload ?? '')).toMatchObject({ warning: { duration: 30 } });
  expect(record()).toEqual({
    command: 'siren_on',
    output: 'siren',
    args: { duration: 30 },
    actor: 'me',
    role: 'shift-leader',
    station: 'gate',
    result: 'sent',
  });
});

test('the second person stands in the record', async () => {
  const second = { user: 'li', role: 'shift-leader' } as const;
  await deskOf(z2m).run({ device: 'd1', name: 'unlock', args: {} }, as('guard', second));
  expect(published).toHaveLength(1);
  expect(record()).toMatchObject({ output: 'lock', role: 'guard', second: 'li', result: 'sent' });
});

test.each([
  ['a guard alone opens no door', 'unlock', {}, 'guard', 'second-person-needed', 'second-person-needed'],
  ['an administrator commands nothing', 'unlock', {}, 'administrator', 'not-allowed', 'not-allowed'],
  ['no such command', 'constructor', {}, 'shift-leader', 'invalid', 'unknown-command'],
  ['out of range', 'siren_on', { duration: 999_999 }, 'shift-leader', 'invalid', 'bad-arguments'],
  ['not in the list', 'siren_on', { tone: 1 }, 'shift-leader', 'invalid', 'bad-arguments'],
] as const)('%s: refused, nothing sent, and on record', async (_, name, args, role, code, reason) => {
  const outcome = await deskOf(z2m).run({ device: 'd1', name, args }, as(role));
  expect(outcome).toMatchObject({ refused: code });
  expect(published).toEqual([]);
  expect(record()).toMatchObject({ result: 'refused', reason });
});

test('a fault of an argument is named in both languages', async () => {
  const outcome = await deskOf(z2m).run(
    { device: 'd1', name: 'siren_on', args: { duration: 0 } },
    as('shift-leader'),
  );
  expect(outcome).toMatchObject({
    errors: [{ path: 'args.duration', message: { zh: '应为 1 到 1800 的整数', en: 'must be at least 1' } }],
  });
});

test.each([
  ['away', 'not-connected'],
  ['deaf', 'not-listening'],
] as const)('a device that is %s: nothing is sent, and the answer says so', async (state, reason) => {
  listening = state;
  const outcome = await deskOf(z2m).run({ device: 'd1', name: 'unlock', args: {} }, as('shift-leader'));
  expect(outcome).toMatchObject({ refused: 'not-possible' });
  expect(published).toEqual([]);
  expect(record()).toMatchObject({ result: 'failed', reason });
});

test('behind a broker of the site, or without any account, it is refused and says where to go', async () => {
  external = 'site';
  const behind = await deskOf(z2m).run({ device: 'd1', name: 'unlock', args: {} }, as('shift-leader'));
  expect(behind).toMatchObject({ refused: 'not-possible' });
  expect('detail' in behind && behind.detail.zh).toContain('site');
  external = undefined;
  const { user: _, ...noUser } = { user: undefined };
  const desk = new CommandDesk({
    devices: {
      get: () =>
        ({
          device: { id: 'd1', name: 'd1', profile: z2m.id, ...noUser },
          profile: z2m,
          settings: {},
        }) as unknown as LiveDevice,
      isReachedBy: () => false,
    },
    device: () => undefined,
    broker: { listening: () => 'yes', publish },
    externals: [],
    emit,
    clock: () => 0,
    logger: pino({ level: 'silent' }),
  });
  await desk.run({ device: 'd1', name: 'unlock', args: {} }, as('shift-leader'));
  expect(published).toEqual([]);
  const reasons = records.map(({ draft }) => (draft.data as DeviceCommand).reason);
  expect(reasons).toEqual(['external-broker', 'no-account']);
});

test('what the profile masks, and what sounds like a PIN, is sent but not on record', async () => {
  const args = { usercode: '482915', pin: '7310', slot: 4 };
  await deskOf(keypad).run({ device: 'd1', name: 'enrol', args }, as('shift-leader'));
  expect(published[0]?.payload).toContain('482915');
  expect(record().args).toEqual({ usercode: '***', pin: '***', slot: 4 });
});

test('a refused argument is not on record: it may be anything', async () => {
  await deskOf(keypad).run({ device: 'd1', name: 'enrol', args: { card: '88112233' } }, as('shift-leader'));
  expect(JSON.stringify(records)).not.toContain('88112233');
});

test('storage that fails keeps no siren silent: it is sent, and the answer says that the record waits', async () => {
  emit = async () => {
    throw new Error('the disk is full');
  };
  const outcome = await deskOf(z2m).run({ device: 'd1', name: 'siren_on', args: {} }, as('shift-leader'));
  expect(outcome).toMatchObject({ sent: true, stored: false });
  expect(published).toHaveLength(1);
});

test('a broker that throws is no success', async () => {
  publish = async () => {
    throw new Error('not running');
  };
  const outcome = await deskOf(z2m).run({ device: 'd1', name: 'siren_on', args: {} }, as('shift-leader'));
  expect(outcome).toMatchObject({ refused: 'not-ready' });
  expect(record()).toMatchObject({ result: 'failed', reason: 'transport' });
});
