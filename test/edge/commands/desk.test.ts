import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Role } from '../../../contract/alarm.ts';
import { type DeviceCommand, deviceCommandSchema } from '../../../contract/command.ts';
import type { EventDraft } from '../../../contract/event.ts';
import { type Device, deviceSchema } from '../../../contract/site.ts';
import type { CompiledProfile } from '../../../device-profiles/compile.ts';
import type { OnvifOperation } from '../../../device-profiles/onvif-operations.ts';
import type { CallOutcome } from '../../../edge/adapters/onvif/outputs.ts';
import type { Named } from '../../../edge/adapters/onvif/probe-lists.ts';
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
/** Brokers of the site, what each says of a message, and which the device is reached through. */
let externals: Record<string, 'taken' | 'away' | 'standby' | 'broken'>;
let heardAt: Record<string, string>;
let publish: CommandDeskOptions['broker']['publish'];
let emit: CommandDeskOptions['emit'];
/** What a device over ONVIF answers, and what it was told. */
let outcome: CallOutcome;
const called: unknown[] = [];

beforeEach(() => {
  published.length = 0;
  records.length = 0;
  listening = 'yes';
  externals = {};
  heardAt = {};
  outcome = { is: 'done' };
  called.length = 0;
  publish = async (topic, payload, options) => {
    published.push({ topic, payload: payload.toString(), options });
  };
  emit = async (draft, device) => {
    records.push({ device, draft });
  };
});

const targets: Partial<Record<OnvifOperation, Named[]>> = {
  SetRelayOutputState: [{ token: 'RO-1', name: 'RO-1' }],
  GotoPreset: [],
};

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
    devices: {
      get: (id) => (id === 'd1' ? { ...live, adapter: heardAt.d1 } : bridgeAt(heardAt[id])),
      isReachedBy: () => true,
    },
    device: (id) => (id === 'bridge' ? { id, name: id, profile: 'zigbee2mqtt.bridge' } : undefined),
    broker: { listening: () => listening, publish: (...args) => publish(...args) },
    externals: Object.entries(externals).map(([name, answer]) => ({
      name,
      publish: async (topic, payload) => {
        if (answer === 'broken') throw new Error('the connection has ended');
        if (answer === 'taken') published.push({ topic, payload: payload.toString(), options: { name } });
        return answer;
      },
    })),
    calls: {
      run: async (id, call) => {
        called.push({ id, ...call });
        return outcome;
      },
      targets: async (_, operation) => targets[operation],
    },
    emit: (...args) => emit(...args),
    clock: () => 1_000,
    logger: pino({ level: 'silent' }),
  });
}

function bridgeAt(adapter: string | undefined): LiveDevice | undefined {
  return adapter === undefined ? undefined : ({ adapter } as LiveDevice);
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

describe('a device behind a broker of the site', () => {
  const unlock = (device: Partial<Device> = {}) =>
    deskOf(z2m, device).run({ device: 'd1', name: 'unlock', args: {} }, as('shift-leader'));

  test('is commanded through the connection of that broker, and recorded as any other', async () => {
    externals = { site: 'taken' };
    expect(await unlock()).toMatchObject({ sent: true, stored: true });
    expect(published).toMatchObject([{ topic: 'zigbee2mqtt/siren-3/set', options: { name: 'site' } }]);
    expect(record()).toMatchObject({ command: 'unlock', output: 'lock', result: 'sent' });
  });

  test.each([
    ['away', 'not-possible', 'not-connected'],
    ['standby', 'not-possible', 'standby'],
    ['broken', 'not-ready', 'transport'],
  ] as const)(
    'whose broker is %s is not commanded, and the answer names it',
    async (answer, code, reason) => {
      externals = { site: answer };
      const outcome = await unlock();
      expect(outcome).toMatchObject({ refused: code });
      if (answer !== 'broken') expect('detail' in outcome && outcome.detail.zh).toContain('site');
      expect(published).toEqual([]);
      expect(record()).toMatchObject({ result: 'failed', reason });
    },
  );

  test('is looked for where it, or else its bridge, was heard; never guessed among several brokers', async () => {
    externals = { north: 'taken', south: 'taken' };
    expect(await unlock({ bridge: 'bridge' })).toMatchObject({ refused: 'not-possible' });
    expect(record()).toMatchObject({ result: 'failed', reason: 'not-heard' });
    heardAt = { bridge: 'south' };
    expect(await unlock({ bridge: 'bridge' })).toMatchObject({ sent: true });
    heardAt = { bridge: 'south', d1: 'north' };
    expect(await unlock({ bridge: 'bridge' })).toMatchObject({ sent: true });
    expect(published.map(({ options }) => options)).toEqual([{ name: 'south' }, { name: 'north' }]);
  });
});

test('a device without any account is refused', async () => {
  const outcome = await deskOf(z2m, { user: undefined }).run(
    { device: 'd1', name: 'unlock', args: {} },
    as('shift-leader'),
  );
  expect(outcome).toMatchObject({ refused: 'not-possible' });
  expect(record()).toMatchObject({ result: 'failed', reason: 'no-account' });
});

test('a device whose profile has a fault says so, not that it takes no commands', async () => {
  const outcome = await deskOf(z2m).run({ device: 'd2', name: 'unlock', args: {} }, as('shift-leader'));
  expect(outcome).toMatchObject({
    refused: 'not-possible',
    detail: { en: expect.stringContaining('profile') },
  });
});

test('an argument that the message carries as a PIN is not on record, whatever it is called', async () => {
  const lock = profileOf(`match: { topic: 'lock/{device}/state' }
device: '{device}'
subscribes: ['lock/{device}/set']
map: [{ when: { path: smoke, in: [true] }, emit: { type: FIR.SMOKE, edge: raise } }]
commands:
  set_code:
    topic: 'lock/{device}/set'
    payload: { user: '{slot}', data: { pin_code: 'x{value}' } }
    args: { value: { type: string }, slot: { type: integer } }
  typed:
    topic: 'lock/{device}/set'
    text: 'PIN={value}'
    args: { value: { type: string } }
`);
  const desk = deskOf(lock);
  await desk.run({ device: 'd1', name: 'set_code', args: { value: '482915', slot: 4 } }, as('shift-leader'));
  expect(published[0]?.payload).toContain('482915');
  expect(record().args).toEqual({ value: '***', slot: 4 });
  records.length = 0;
  await desk.run({ device: 'd1', name: 'typed', args: { value: '482915' } }, as('shift-leader'));
  expect(published[1]?.payload).toBe('PIN=482915');
  expect(record().args).toEqual({ value: '***' });
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

test('the attempt of who may command nothing is on record, and nothing is sent', async () => {
  await deskOf(z2m).refuse({ device: 'd1', name: 'unlock' }, as('auditor'));
  expect(published).toEqual([]);
  expect(record()).toMatchObject({
    command: 'unlock',
    output: 'lock',
    role: 'auditor',
    result: 'refused',
    reason: 'not-allowed',
  });
});

describe('a device over ONVIF', () => {
  const desk = () => deskOf(builtinProfile('onvif.camera'));
  const relayOn = () =>
    desk().run({ device: 'd1', name: 'relay_on', args: { relay: 'RO-1' } }, as('shift-leader'));

  test('is called once, and its answer is on record', async () => {
    expect(await relayOn()).toEqual({ sent: true, done: true, stored: true, at: 1_000 });
    expect(called).toEqual([
      {
        id: 'd1',
        operation: 'SetRelayOutputState',
        with: { RelayOutputToken: 'RO-1', LogicalState: 'active' },
      },
    ]);
    expect(published).toEqual([]);
    expect(record()).toMatchObject({ command: 'relay_on', args: { relay: 'RO-1' }, result: 'done' });
  });

  test.each([
    ['refused', 'not-possible', { result: 'failed', reason: 'device-refused' }],
    ['not-permitted', 'not-possible', { result: 'failed', reason: 'not-permitted' }],
    ['not-sent', 'not-possible', { result: 'failed', reason: 'not-connected' }],
    ['no-answer', 'not-ready', { result: 'unanswered', reason: 'no-answer' }],
  ] as const)('that ends in %s is told so, not told again, and on record', async (is, refused, recorded) => {
    outcome = { is, reason: 'because' };
    const answer = await relayOn();
    expect(answer).toMatchObject({ refused, detail: { zh: expect.stringContaining('because') } });
    expect(called).toHaveLength(1);
    expect(record()).toMatchObject({ ...recorded, answer: 'because' });
  });

  test('offers what it has, with its own tokens; what it has not is not offered', async () => {
    const offered = await desk().commandsOf('d1');
    expect(offered.relay_on?.choices).toEqual({
      relay: [{ value: 'RO-1', title: { zh: 'RO-1', en: 'RO-1' } }],
    });
    expect(offered.goto_preset).toBeUndefined();
    // cannot be asked now: offered without choices
    expect(offered.door_access?.choices).toEqual({});
    expect(offered.reboot?.choices).toEqual({});
  });

  test('a guard turns a camera alone, and opens no door alone', async () => {
    const run = (name: string, args: Record<string, string>) =>
      desk().run({ device: 'd1', name, args }, as('guard'));
    expect(await run('goto_preset', { preset: '001' })).toMatchObject({ done: true });
    expect(await run('door_access', { door: 'door-1' })).toMatchObject({ refused: 'second-person-needed' });
    expect(called).toHaveLength(1);
  });
});
