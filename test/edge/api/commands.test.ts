import { afterEach, expect, test } from 'vitest';
import type { Actor } from '../../../edge/alarms/rights.ts';
import type { CommandOutcome, CommandRequest } from '../../../edge/commands/desk.ts';
import type { OfferedCommand } from '../../../edge/commands/outputs.ts';
import { MemoryGateway, PASSWORD } from './memory-gateway.ts';

const offered: Record<string, OfferedCommand> = {
  siren_on: {
    title: { zh: '打开警号', en: 'Siren on' },
    topic: 't',
    text: '{duration}',
    args: { duration: { type: 'integer', title: 'Seconds', minimum: 1, maximum: 180, default: 60 } },
    qos: 1,
    output: 'siren',
    choices: {},
  },
  mute: { topic: 't', text: 'mute', args: {}, qos: 1, output: 'mute', choices: {} },
};

const refusals: unknown[] = [];
const asked: Array<{ request: CommandRequest; actor: Actor }> = [];
let outcome: CommandOutcome = { sent: true, stored: true, at: Date.UTC(2026, 0, 1) };
let gateway: MemoryGateway;

async function start(): Promise<void> {
  gateway = await new MemoryGateway().start({
    commands: {
      commandsOf: async (device) => (device === 'io-1' ? offered : {}),
      run: async (request, actor) => {
        asked.push({ request, actor });
        return outcome;
      },
      refuse: async (request, actor) => {
        refusals.push({ request, actor });
      },
    },
  });
}

afterEach(async () => {
  await gateway.stop();
  asked.length = 0;
  refusals.length = 0;
  outcome = { sent: true, stored: true, at: Date.UTC(2026, 0, 1) };
});

async function send(user: string, body: unknown, name = 'siren_on', device = 'io-1') {
  const cookie = await gateway.cookie(user, { station: 'gate-1' });
  const response = await gateway.post(`/api/v1/devices/${device}/commands/${name}`, body, { cookie });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

test('what a device offers, with titles in both languages and what who asks may do', async () => {
  await start();
  const list = async (user: string, device = 'io-1') => {
    const cookie = await gateway.cookie(user);
    return (await gateway.get$(`/api/v1/devices/${device}/commands`, { cookie })).json();
  };
  expect(await list('wang')).toEqual({
    commands: [
      {
        name: 'siren_on',
        title: { zh: '打开警号', en: 'Siren on' },
        output: 'siren',
        right: 'second-person',
        args: {
          duration: {
            type: 'integer',
            title: { zh: 'Seconds', en: 'Seconds' },
            minimum: 1,
            maximum: 180,
            default: 60,
          },
        },
      },
      { name: 'mute', title: { zh: 'mute', en: 'mute' }, output: 'mute', right: 'allowed', args: {} },
    ],
  });
  expect(await list('li')).toMatchObject({ commands: [{ right: 'allowed' }, { right: 'allowed' }] });
  expect(await list('admin')).toMatchObject({ commands: [{ right: 'refused' }, { right: 'refused' }] });
  expect(await list('li', 'io-2')).toEqual({ commands: [] });
  expect(await list('li', 'nobody')).toMatchObject({ code: 'unknown-device' });
});

test('a command goes to the desk with who, where and what, and is answered once it is on record', async () => {
  await start();
  expect(await send('li', { args: { duration: 5 } })).toEqual({
    status: 200,
    body: { device: 'io-1', command: 'siren_on', result: 'sent', at: '2026-01-01T00:00:00.000Z' },
  });
  expect(asked).toEqual([
    {
      request: { device: 'io-1', name: 'siren_on', args: { duration: 5 } },
      actor: { user: 'li', role: 'shift-leader', station: 'gate-1' },
    },
  ]);
});

test('the second person signs in within the request; a wrong password reaches no device', async () => {
  await start();
  const second = { user: 'li', password: 'wrong' };
  expect(await send('wang', { second })).toMatchObject({ status: 401, body: { code: 'sign-in-failed' } });
  expect(asked).toEqual([]);
  expect(gateway.failures).toMatchObject([{ user: 'li', how: 'second-person' }]);
  await send('wang', { second: { user: 'li', password: PASSWORD } });
  expect(asked[0]?.actor).toMatchObject({ user: 'wang', second: { user: 'li', role: 'shift-leader' } });
  expect(gateway.logged.join('')).not.toContain(PASSWORD);
});

test('refusals are problems that say what to do, and an unstored record is told as such', async () => {
  await start();
  outcome = {
    refused: 'invalid',
    detail: { zh: '参数有误', en: 'faults' },
    errors: [{ path: 'args.duration', message: { zh: '应为整数', en: 'must be a whole number' } }],
  };
  expect(await send('li', { args: { duration: 'x' } })).toMatchObject({
    status: 400,
    body: { code: 'invalid', errors: [{ path: 'args.duration', message: '应为整数' }] },
  });
  outcome = { refused: 'not-possible', detail: { zh: '设备不在线', en: 'not connected' } };
  expect(await send('li', {})).toMatchObject({ status: 409, body: { detail: '设备不在线' } });
  outcome = { sent: true, stored: false, at: 0 };
  expect(await send('li', {})).toMatchObject({ status: 202, body: { code: 'not-stored', unsaved: true } });
});

test('nonsense is refused before it reaches the desk', async () => {
  await start();
  expect(await send('li', { args: { duration: { nested: 1 } } })).toMatchObject({ status: 400 });
  expect(await send('li', { retain: true })).toMatchObject({ status: 400 });
  expect(await send('li', {}, '__proto__')).toMatchObject({ status: 400 });
  expect(await send('li', {}, 'siren_on', 'nobody')).toMatchObject({ status: 404 });
  expect(asked).toEqual([]);
});

test('the attempt of a role that may command nothing is refused, on record, and never gets near a device', async () => {
  await start();
  expect(await send('admin', {})).toMatchObject({ status: 403, body: { code: 'not-allowed' } });
  expect(refusals).toEqual([
    {
      request: { device: 'io-1', name: 'siren_on' },
      actor: { user: 'admin', role: 'administrator', station: 'gate-1' },
    },
  ]);
  expect(await send('admin', {}, 'siren_on', 'nobody')).toMatchObject({ status: 403 });
  // their request is no way to try the password of a shift leader
  await send('admin', { second: { user: 'li', password: 'wrong' } });
  expect(gateway.failures).toEqual([]);
  expect(asked).toEqual([]);
});
