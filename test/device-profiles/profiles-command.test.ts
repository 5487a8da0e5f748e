import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventDraftSchema } from '../../contract/event.ts';
import { profilesCommand } from '../../edge/cli/profiles.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'profiles-cli-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function run(args: string[], stdin: string | Buffer = '') {
  let out = '';
  let err = '';
  let code = 0;
  const io = {
    stdin: Readable.from(stdin.length === 0 ? [] : [Buffer.from(stdin)]),
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
    exit: (value: number) => {
      code = value;
    },
  };
  await profilesCommand(io).parseAsync(args, { from: 'user' });
  return { out, err, code, json: () => JSON.parse(out) };
}

function file(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

const acme = `id: acme.button
version: 2
match: { topic: 'acme/{device}' }
map: [{ when: { path: key, in: [sos] }, emit: { type: EMG.PANIC, edge: pulse } }]
samples: [{ topic: acme/1, payload: { key: sos }, expect: { status: mapped, events: [{ type: EMG.PANIC }] } }]
`;

describe('profiles list', () => {
  test('lists built-in and site profiles', async () => {
    file('acme.yaml', acme);
    const { json, code } = await run(['list', '--json', '--site-profiles', dir]);
    expect(code).toBe(0);
    const listed = json().map(({ id, origin }: { id: string; origin: string }) => `${id} ${origin}`);
    expect(listed).toEqual([...listed].sort());
    expect(listed).toEqual(
      expect.arrayContaining(['acme.button site', 'io.wired builtin', 'zigbee2mqtt.device builtin']),
    );
    const text = await run(['list']);
    expect(text.out).toContain('io/{device}/state');
  });

  test('a faulty site profile is left out and said on the other channel', async () => {
    file('bad.yaml', 'id: [');
    const { err, json, code } = await run(['list', '--json', '--site-profiles', dir]);
    expect(code).toBe(0);
    expect(json().map(({ id }: { id: string }) => id)).toContain('io.wired');
    expect(err).toContain('bad.yaml:1:');
  });
});

test('profiles list shows settings and meanings', async () => {
  const { out } = await run(['list']);
  expect(out).toMatch(/settings: .*contact/);
  expect(out).toMatch(/meanings: .*panic/);
});

describe('profiles check', () => {
  test('all profiles are good: exit 0', async () => {
    const { out, code } = await run(['check']);
    expect(code).toBe(0);
    expect(out).toMatch(/\d+ profiles, \d+ samples: all good/);
  });

  test('a good file is good', async () => {
    const path = file('acme.yaml', acme);
    const { code, json } = await run(['check', path, '--json']);
    expect(code).toBe(0);
    expect(json()).toEqual({
      ok: true,
      profiles: [{ id: 'acme.button', version: 2, file: path, samples: 1 }],
      faults: [],
      notes: [],
    });
  });

  test('a faulty file: exit 1, file, line, column and key', async () => {
    const path = file('acme.yaml', acme.replace('{ type: EMG.PANIC }', '{ type: EMG.SILENT }'));
    const { out, code } = await run(['check', path]);
    expect(code).toBe(1);
    expect(out).toContain(
      `${path}:5:88 samples[0].expect.events[0].type: expected "EMG.SILENT", became "EMG.PANIC"`,
    );
    expect(out).toContain('1 fault');
  });

  test('faults as JSON have the form of check-config', async () => {
    const path = file('acme.yaml', acme.replace('version: 2', 'version: x'));
    const { code, json } = await run(['check', path, '--json']);
    expect(code).toBe(1);
    expect(json().faults).toEqual([
      {
        file: path,
        line: 2,
        column: 10,
        path: 'version',
        message: 'must be a whole number from 1 (is "x")',
        hint: 'write e.g. 1',
      },
    ]);
  });

  test('a file that is not there', async () => {
    const { out, code } = await run(['check', join(dir, 'none.yaml')]);
    expect(code).toBe(1);
    expect(out).toContain('no such file');
  });

  test('one id in two files of a folder', async () => {
    file('a.yaml', acme);
    file('b.yaml', acme);
    const { out, code } = await run(['check', dir]);
    expect(code).toBe(1);
    expect(out).toContain('b.yaml:1:1 id: "acme.button" is the id of');
  });
});

describe('profiles try', () => {
  test('reads the payload from stdin', async () => {
    const { json, code } = await run(
      ['try', '--topic', 'zigbee2mqtt/sos', '--json'],
      '{"action":"emergency"}\n',
    );
    expect(code).toBe(0);
    expect(json()).toEqual({
      status: 'mapped',
      profile: 'zigbee2mqtt.device',
      device: 'sos',
      events: [
        {
          v: 1,
          type: 'EMG.PANIC',
          kind: 'alarm',
          severity: 1,
          edge: 'pulse',
          mode: 'live',
          freshness: 'live',
          occurredAt: '2026-01-01T00:00:00.000Z',
          receivedAt: '2026-01-01T00:00:00.000Z',
          clock: { source: 'gateway', quality: 'sync' },
          data: { press: 'emergency' },
        },
      ],
    });
  });

  test('--retained, --settings, --profile, --device', async () => {
    const retained = await run(
      ['try', '--topic', 'zigbee2mqtt/hall', '--retained', '--json'],
      '{"smoke":true}',
    );
    expect(retained.json().events).toMatchObject([{ type: 'FIR.SMOKE', freshness: 'replay' }]);
    const settings = '{"inputs":{"1":{"means":"panic"}}}';
    const args = ['try', '--topic', 'io/m1/state', '--profile', 'io.wired', '--device', 'other', '--json'];
    const set = await run([...args, '--settings', settings], '{"ch":{"1":"alarm"}}');
    expect(set.json()).toMatchObject({
      device: 'other',
      events: [{ type: 'EMG.PANIC' }, { type: 'INT.LINE' }],
    });
  });

  test('for people it names the type in Chinese and English', async () => {
    const { out } = await run(['try', '--topic', 'zigbee2mqtt/sos'], '{"action":"emergency"}');
    expect(out).toContain('一键式紧急报警 Panic button');
    const unknown = await run(['try', '--topic', 'zigbee2mqtt/sos'], '{"action":"?"}');
    expect(unknown.out).toContain('1 value is not known');
  });

  test('an unknown topic is unmapped and says so', async () => {
    const { json, code } = await run(['try', '--topic', 'foo/bar', '--json'], '{}');
    expect(code).toBe(0);
    expect(json()).toEqual({
      status: 'unmapped',
      profile: null,
      device: null,
      events: [],
      detail: 'the topic is none of any profile',
    });
  });

  test.each([
    [['try'], 'which topic'],
    [['try', '--topic', 'a', '--batch', 'b'], 'either'],
    [['try', '--topic', 'a', '--settings', '[]'], '--settings must be a JSON object'],
    [['try', '--topic', 'a', '--profile', 'acme'], 'there is no profile "acme"; write one of '],
  ])('usage: %j exits 2', async (args, hint) => {
    const { err, code, out } = await run(args);
    expect(code).toBe(2);
    expect(err).toContain(hint);
    expect(out).toBe('');
  });
});

describe('profiles try --batch', () => {
  async function batch(lines: unknown[]) {
    const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
    const result = await run(['try', '--batch', file('cases.jsonl', text)]);
    return {
      ...result,
      rows: result.out
        .split('\n')
        .slice(0, -1)
        .map((row) => JSON.parse(row)),
    };
  }

  test('one line out for each line in, by its zero-based number', async () => {
    const { rows, code } = await batch([
      { topic: 'zigbee2mqtt/a', payload: '{"smoke":true}' },
      { topic: 'zigbee2mqtt/a', payload: { smoke: false } },
      { topic: 'zigbee2mqtt/a', payloadBase64: Buffer.from('{"tamper":true}').toString('base64') },
      { topic: 'zigbee2mqtt/a', payload: '{"action":"sos"}', retained: true },
      { topic: 'zigbee2mqtt/a', payload: '{"smoke":' },
      { topic: 'zigbee2mqtt/a/set', payload: 'x' },
      { topic: 'nowhere', payload: 'x' },
    ]);
    expect(code).toBe(0);
    expect(rows.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(rows.map(({ status }) => status)).toEqual([
      'mapped',
      'mapped',
      'mapped',
      'mapped',
      'undecodable',
      'ignored',
      'unmapped',
    ]);
    expect(rows.map(({ profile }) => profile)).toEqual([...Array(6).fill('zigbee2mqtt.device'), null]);
    expect(
      rows.map(({ events }) =>
        events.map(({ type, edge }: { type: string; edge: string }) => `${type} ${edge}`),
      ),
    ).toEqual([['FIR.SMOKE raise'], ['FIR.SMOKE clear'], ['DEV.TAMPER raise'], [], [], [], []]);
    for (const { events } of rows)
      for (const event of events) expect(eventDraftSchema.strict().parse(event)).toEqual(event);
  });

  test('a sequence keeps the state of each device within its line, and starts empty', async () => {
    const hall = { topic: 'zigbee2mqtt/hall' };
    const sequence = {
      messages: [
        { ...hall, payload: '{"smoke":false}' },
        { topic: 'zigbee2mqtt/lab', payload: '{"smoke":false}' },
        { ...hall, payload: '{"smoke":true}', receivedAt: '2026-01-01T00:00:10Z' },
        { ...hall, payload: '{"smoke":true,"battery":90}' },
        { topic: 'zigbee2mqtt/lamp', payload: '{"brightness":1}' },
      ],
    };
    const { rows } = await batch([sequence, sequence]);
    expect(rows[0]).toMatchObject({ index: 0, status: 'unmapped', profile: 'zigbee2mqtt.device' });
    const told = rows[0].events.map(
      ({ type, edge, freshness }: Record<string, string>) => `${type} ${edge} ${freshness}`,
    );
    expect(told).toEqual([
      'FIR.SMOKE clear initial',
      'FIR.SMOKE clear initial',
      'FIR.SMOKE raise live',
      'DEV.BATT clear initial',
    ]);
    expect(
      rows[0].results.map(({ status, events }: { status: string; events: unknown[] }) => [
        status,
        events.length,
      ]),
    ).toEqual([
      ['mapped', 1],
      ['mapped', 1],
      ['mapped', 1],
      ['mapped', 1],
      ['unmapped', 0],
    ]);
    expect(rows[0].results[2].events[0].receivedAt).toBe('2026-01-01T00:00:10.000Z');
    expect(rows[1]).toEqual({ ...rows[0], index: 1 });
  });

  test('profile, settings and receivedAt of a line hold for its messages', async () => {
    const { rows } = await batch([
      {
        profile: 'io.wired',
        settings: { inputs: { 1: { means: 'smoke' } } },
        receivedAt: 1_767_225_700_000,
        messages: [{ topic: 'io/m1/state', payload: { ch: { 1: 'alarm' } } }],
      },
    ]);
    expect(rows[0].events[0]).toMatchObject({
      type: 'FIR.SMOKE',
      input: '1',
      receivedAt: '2026-01-01T00:01:40.000Z',
    });
  });

  test('a bad line yields a line that says so, the others are tried, exit 1', async () => {
    const { rows, code, err } = await batch([
      'not json',
      '',
      '{"payload":1}',
      '[]',
      'null',
      { topic: 'a', profile: 'none' },
      { topic: 'zigbee2mqtt/a', payload: '{}', receivedAt: 'yesterday' },
      { messages: [] },
      { topic: 'zigbee2mqtt/a', payload: '{"smoke":true}' },
    ]);
    expect(code).toBe(1);
    expect(err).toContain('7 lines');
    expect(rows.map(({ index, status }) => [index, status])).toEqual([
      [0, 'error'],
      [2, 'error'],
      [3, 'error'],
      [4, 'error'],
      [5, 'error'],
      [6, 'error'],
      [7, 'error'],
      [8, 'mapped'],
    ]);
    for (const row of rows.slice(0, -1))
      expect(row).toMatchObject({ profile: null, events: [], error: expect.any(String) });
  });

  test('a key that is misspelt, or two payloads, were tried as if nothing were wrong', async () => {
    const { rows, code } = await batch([
      { topic: 'zigbee2mqtt/a', payload: '{"smoke":true}', setings: {} },
      { topic: 'zigbee2mqtt/a', payload: '{}', payloadBase64: 'e30=' },
      { messages: [{ topic: 'zigbee2mqtt/a', payload: '{}', retaind: true }] },
      { name: 'a sample', topic: 'zigbee2mqtt/a', payload: '{"smoke":true}', expect: { status: 'mapped' } },
    ]);
    expect(code).toBe(1);
    expect(rows.map(({ status, error }) => [status, error])).toEqual([
      ['error', '"setings" is no key of a line; did you mean "settings"?'],
      ['error', 'the line has both "payload" and "payloadBase64"; write one of the two'],
      ['error', '"retaind" is no key of a line; did you mean "retained"?'],
      ['mapped', undefined],
    ]);
  });

  test('hostile payloads in a batch', async () => {
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    const { rows, code } = await batch([
      { topic: 'zigbee2mqtt/a', payload: deep },
      { topic: 'zigbee2mqtt/a', payload: '{"__proto__":{"smoke":true}}' },
      { topic: 'zigbee2mqtt/a', payloadBase64: '/w==' },
      { topic: 'zigbee2mqtt/a', payload: `{"x":"${'x'.repeat(1_000_000)}"}` },
      { topic: 'zigbee2mqtt/a', payload: 'a\u2028b' },
      { topic: 'zigbee2mqtt/a' },
    ]);
    expect(code).toBe(0);
    expect(rows.map(({ status }) => status)).toEqual([
      'undecodable',
      'unmapped',
      'undecodable',
      'undecodable',
      // plain text is read as a single attribute, which is named as not supported
      'unmapped',
      'undecodable',
    ]);
  });

  test('a line of a JSON text with U+2028 is one line', async () => {
    const { rows } = await batch([
      '{"topic":"zigbee2mqtt/a","payload":"{\\"smoke\\":true}","note":"a\u2028b"}',
    ]);
    expect(rows).toHaveLength(1);
    expect(rows[0].status).toBe('mapped');
  });

  test('"-" reads the lines from stdin', async () => {
    const { out } = await run(
      ['try', '--batch', '-'],
      '{"topic":"zigbee2mqtt/a","payload":"{\\"smoke\\":true}"}\n',
    );
    expect(JSON.parse(out)).toMatchObject({ index: 0, status: 'mapped' });
  });

  test('a file that is not there: exit 1', async () => {
    const { code, err } = await run(['try', '--batch', join(dir, 'none.jsonl')]);
    expect(code).toBe(1);
    expect(err).toContain('none.jsonl');
  });
});

test('profiles check of a folder without profiles fails and says so', async () => {
  const { code, out } = await run(['check', dir]);
  expect(code).toBe(1);
  expect(out).toContain(`${dir}:1:1 holds no profile (.yaml); name a folder or file with one`);
  expect(out).not.toContain('all good');
});

test('profiles try reports an unknown meaning in settings instead of guessing an event', async () => {
  const lines = [
    {
      topic: 'io/gate/state',
      payload: { inputs: { 1: 1 } },
      settings: { inputs: { 1: { means: 'panick' } } },
    },
    { topic: 'zigbee2mqtt/sos', payload: { action: 'double' }, settings: { press: { double: 'panick' } } },
    { topic: 'zigbee2mqtt/sos', payload: { action: 'double' }, settings: { press: { double: 'panic' } } },
  ];
  const { out, code } = await run(
    ['try', '--batch', '-'],
    lines.map((line) => JSON.stringify(line)).join('\n'),
  );
  const results = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(code).toBe(1);
  expect(results[0]).toMatchObject({ status: 'error', events: [] });
  expect(results[0].error).toBe(
    'inputs.1.means: "panick" is no meaning of this profile; did you mean "panic"?',
  );
  expect(results[1].error).toBe('settings.press.double: "panick" is no meaning; did you mean "panic"?');
  expect(results[2]).toMatchObject({ status: 'mapped', events: [{ type: 'EMG.PANIC' }] });
});

test('profiles try reads what a camera sends, and a message as the adapter hands it over', async () => {
  const item = (name: string, value: string) => `<tt:SimpleItem Name="${name}" Value="${value}"/>`;
  const xml = `<wsnt:NotificationMessage xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:t="http://www.onvif.org/ver10/topics"><wsnt:Topic>t:Device/Trigger/DigitalInput//.</wsnt:Topic><wsnt:Message><tt:Message UtcTime="2026-01-01T00:00:00Z" PropertyOperation="Changed"><tt:Source>${item('InputToken', '1')}</tt:Source><tt:Data>${item('LogicalState', 'true')}</tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage>`;
  const settings = '{"inputs":{"1":{"means":"panic"}}}';
  const read = await run(['try', '--profile', 'onvif.camera', '--settings', settings], xml);
  expect(read.out).toContain('EMG.PANIC raise');
  const none = await run(['try', '--profile', 'onvif.camera'], '<a/>');
  expect(none).toMatchObject({ code: 1 });
  expect(none.err).toContain('no NotificationMessage');
  const body = {
    operation: 'Initialized',
    utcTime: '',
    source: { InputToken: '1' },
    key: {},
    data: { LogicalState: '1' },
  };
  const topic = 'tns1:Device/Trigger/DigitalInput';
  const lines = [
    { topic, profile: 'onvif.access', initial: true, settings: JSON.parse(settings), payload: body },
    { topic: 'x', profile: 'onvif.access', payload: xml },
  ];
  const batch = await run(['try', '--batch', '-'], lines.map((line) => JSON.stringify(line)).join('\n'));
  const results = batch.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(results[0].events).toMatchObject([{ type: 'EMG.PANIC', edge: 'raise', freshness: 'initial' }]);
  expect(results[1].events).toMatchObject([{ type: 'DEV.INPUT', edge: 'raise' }]);
});
