import { execFileSync } from 'node:child_process';
import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { formatFault, formatPath } from '../../config/fault.ts';
import { checkYaml, loadYaml, parseYaml } from '../../config/load-yaml.ts';
import { YamlSource } from '../../config/yaml-source.ts';
import { cpuTimeOf } from '../support/cpu-time.ts';

const listenerSchema = z.strictObject({
  host: z.string().min(1).default('0.0.0.0'),
  port: z
    .int()
    .min(0)
    .max(65_535)
    .meta({ examples: [1883] }),
  tls: z.boolean().optional(),
});
const schema = z.strictObject({
  school: z.string().min(1),
  mqtt: z.strictObject({ listeners: z.array(listenerSchema).min(1) }).optional(),
  level: z.enum(['info', 'warn', 'error']).default('info'),
  version: z.union([z.literal(4), z.literal(5), z.literal('auto')]).default('auto'),
  password: z.string().min(8).optional(),
  inputs: z.record(z.string().max(4), z.strictObject({ slot: z.string() })).optional(),
});

function faultsOf(text: string, file = 'config/edge.yaml'): string[] {
  const loaded = parseYaml(text, file, schema);
  return 'faults' in loaded ? loaded.faults.map(formatFault) : [];
}

describe('a good file', () => {
  it('gives the value with its defaults', () => {
    const loaded = parseYaml(
      'school: "4137010001"\nmqtt:\n  listeners:\n    - port: 1883\n',
      'edge.yaml',
      schema,
    );
    expect(loaded).toEqual({
      value: {
        school: '4137010001',
        mqtt: { listeners: [{ host: '0.0.0.0', port: 1883 }] },
        level: 'info',
        version: 'auto',
      },
    });
  });

  it('keeps keys as they are written', () => {
    expect(
      parseYaml('school: x\ninputs: {01: {slot: a}, 2: {slot: b}, true: {slot: c}}', 'f', schema),
    ).toMatchObject({
      value: { inputs: { '01': { slot: 'a' }, '2': { slot: 'b' }, true: { slot: 'c' } } },
    });
  });

  it('may begin with a byte order mark and end lines as Windows does', () => {
    const file = written(Buffer.from('\uFEFFschool: x\r\nlevel: warn\r\n'));
    expect(loadYaml(file, schema)).toMatchObject({ value: { school: 'x', level: 'warn' } });
  });

  it('may use anchors', () => {
    const text = 'school: &name x\nmqtt: {listeners: [&a {port: 1}, *a]}\npassword: *name\n';
    expect(faultsOf(text)).toEqual(['config/edge.yaml:3:11 password: must be at least 8 characters']);
    expect(parseYaml('school: &n abc\nmqtt: {listeners: [&a {port: 1}, *a]}', 'f', schema)).toMatchObject({
      value: { mqtt: { listeners: [{ port: 1 }, { port: 1 }] } },
    });
  });
});

describe('the message of a typical mistake', () => {
  it.each([
    [
      'text for a number',
      'school: x\nmqtt:\n  listeners:\n    - port: abc\n',
      ['config/edge.yaml:4:13 mqtt.listeners[0].port: must be 0-65535 (is "abc"); write e.g. 1883'],
    ],
    [
      'a number in quotes',
      'school: x\nmqtt: {listeners: [{port: "1883"}]}',
      [
        'config/edge.yaml:2:27 mqtt.listeners[0].port: must be 0-65535 (is "1883"); write 1883 without quotes',
      ],
    ],
    [
      'a number out of range',
      'school: x\nmqtt: {listeners: [{port: 70000}]}',
      ['config/edge.yaml:2:27 mqtt.listeners[0].port: must be 0-65535 (is 70000); write e.g. 1883'],
    ],
    [
      'a code without quotes',
      'school: 0137010001',
      ['config/edge.yaml:1:9 school: must be text (is 0137010001); put it in quotes: "0137010001"'],
    ],
    [
      'yes for true',
      'school: x\nmqtt: {listeners: [{port: 1, tls: yes}]}',
      ['config/edge.yaml:2:35 mqtt.listeners[0].tls: must be true or false (is "yes"); write true'],
    ],
    [
      'a word not in the list',
      'school: x\nlevel: inof',
      ['config/edge.yaml:2:8 level: must be info, warn or error (is "inof"); did you mean "info"?'],
    ],
    [
      'none of several forms',
      'school: x\nversion: 3',
      ['config/edge.yaml:2:10 version: must be 4 or 5 or auto (is 3); write e.g. auto'],
    ],
    [
      'a key misspelt',
      'school: x\nmqtt:\n  listners: [{port: 1}]',
      [
        'config/edge.yaml:2:1 mqtt.listeners: is missing; add "listeners: ..."',
        'config/edge.yaml:3:3 mqtt.listners: is not a known key; did you mean "listeners"?',
      ],
    ],
    [
      'a key that does not exist',
      'school: x\nnonsense: 1',
      [
        'config/edge.yaml:2:1 nonsense: is not a known key; write one of school, mqtt, level, version, password, inputs',
      ],
    ],
    ['a key missing', 'level: info', ['config/edge.yaml:1:1 school: is missing; add "school: ..."']],
    [
      'a key without its value',
      'school: x\nmqtt: {listeners: [{port: }]}',
      ['config/edge.yaml:2:21 mqtt.listeners[0].port: is empty; write e.g. 1883 or remove the key'],
    ],
    [
      'an empty list',
      'school: x\nmqtt: {listeners: []}',
      ['config/edge.yaml:2:19 mqtt.listeners: must have at least 1 entries (has 0)'],
    ],
    [
      'a list for a mapping',
      'school: x\nmqtt: [1]',
      ['config/edge.yaml:2:7 mqtt: must be a mapping of keys and values (is a list)'],
    ],
    [
      'a key too long',
      'school: x\ninputs: {abcde: {slot: x}}',
      ['config/edge.yaml:2:10 inputs.abcde: is too long for a key (at most 4 characters)'],
    ],
    [
      'a key twice',
      'school: x\nlevel: info\nschool: y',
      ['config/edge.yaml:3:1 school: is given twice (first in line 1); keep one of the two'],
    ],
    [
      'a tab',
      'school: x\nmqtt:\n\tlisteners: []',
      ['config/edge.yaml:3:1 is indented with a tab; indent with spaces'],
    ],
    [
      'bad indentation',
      'school: x\nmqtt:\n    listeners: [{port: 1}]\n  level: info',
      ['config/edge.yaml:4:1 is not indented like the lines it belongs to; align it with its neighbours'],
    ],
    [
      'no blank after the colon',
      'school:x\nlevel: info',
      ['config/edge.yaml:1:1 has no ": "; write "key: value" with a space after the colon'],
    ],
    [
      'a full-width colon',
      'level: info\nschool：x\nversion: 4',
      ['config/edge.yaml:2:1 has a full-width colon "："; write ": ", a plain colon and a space'],
    ],
    [
      'a full-width colon in the only line',
      'school：x',
      [
        'config/edge.yaml:1:1 must be a mapping of keys and values (is "school：x"); write ": ", a plain colon and a space, instead of "："',
      ],
    ],
    [
      'a colon in a value',
      'school: a: b',
      [
        'config/edge.yaml:1:9 has a second ": " in one value; quote the value, or check the indentation of this line and the next',
      ],
    ],
    [
      'an open bracket',
      'school: x\nmqtt: {listeners: [{port: 1}]\nlevel: info',
      ['config/edge.yaml:3:1 a "[" or "{" above is not closed; close it, or indent this line further'],
    ],
    [
      'a second document',
      'school: x\n---\nschool: y',
      ['config/edge.yaml:2:1 a second document starts here; keep one document in a file'],
    ],
    [
      'a tag',
      'school: !secret x',
      ['config/edge.yaml:1:9 tags ("!...") have no meaning here; remove the tag, or quote the value'],
    ],
    [
      'an unknown anchor',
      'school: *name',
      [
        'config/edge.yaml:1:9 school: anchor "&name" is not defined above; define it first, or quote the value',
      ],
    ],
    ['nothing', '', ['config/edge.yaml:1:1 is empty; fill it in or remove the key']],
  ])('%s', (_, text, faults) => {
    expect(faultsOf(text)).toEqual(faults);
  });

  it('names every fault at once, in the order of the file', () => {
    const text =
      'school: 1\nlevel: loud\nmqtt:\n  listeners:\n    - port: abc\n      tls: 1\n    - prot: 1\nfoo: 1\nfoo: 2\n';
    expect(faultsOf(text).map((fault) => fault.split(' ')[0])).toEqual([
      'config/edge.yaml:1:9',
      'config/edge.yaml:2:8',
      'config/edge.yaml:5:13',
      'config/edge.yaml:6:12',
      'config/edge.yaml:7:7',
      'config/edge.yaml:7:7',
      'config/edge.yaml:8:1',
      'config/edge.yaml:9:1',
    ]);
  });

  it('names the faults above a broken line and guesses none below', () => {
    expect(faultsOf('school: 1\nlevel: x\nmqtt:\n\tlisteners: []\nfoo: 1\n')).toEqual([
      'config/edge.yaml:1:9 school: must be text (is 1); put it in quotes: "1"',
      'config/edge.yaml:2:8 level: must be info, warn or error (is "x"); write e.g. info',
      'config/edge.yaml:4:1 is indented with a tab; indent with spaces',
    ]);
  });

  it('never shows a password', () => {
    expect(faultsOf('school: x\npassword: 1234567').join()).not.toContain('1234567');
    expect(faultsOf('school: x\npassword: secret').join()).not.toContain('"secret"');
  });
});

describe('the message about a value of several forms', () => {
  const forms = z.strictObject({
    kind: z.enum(['room', 'floor']),
    on: z.union([z.string().max(5), z.array(z.string()).min(1)]).optional(),
    in: z.array(z.union([z.string(), z.number()])).optional(),
    code: z
      .union([
        z.enum(['FIR', 'EMG'], 'must be a family; write e.g. FIR'),
        z.strictObject({ group: z.string() }),
      ])
      .optional(),
    step: z
      .union([
        z.strictObject({ at: z.int(), as: z.int(), by: z.int() }),
        z.strictObject({ all: z.boolean() }),
      ])
      .optional(),
  });
  const faults = (text: string) => {
    const loaded = parseYaml(text, 'f', forms);
    return 'faults' in loaded ? loaded.faults.map(formatFault) : [];
  };

  it.each([
    [
      'a missing key of a list of words was "undefined"',
      'in: []',
      ['f:1:1 kind: is missing; add "kind:" with one of room, floor'],
    ],
    ['a text for a list', 'kind: room\nin: a b', ['f:2:5 in: must be a list (is "a b"); write ["a b"]']],
    ['a number for a list', 'kind: room\nin: 05', ['f:2:5 in: must be a list (is 05); write [05]']],
    [
      'the words of the form itself',
      'kind: room\ncode: FIRE',
      ['f:2:7 code: must be a family (is "FIRE"); write e.g. FIR'],
    ],
    [
      'another form of it',
      'kind: room\ncode: {grup: x}',
      [
        'f:2:1 code.group: is missing; add "group: ..."',
        'f:2:8 code.grup: is not a known key; did you mean "group"?',
      ],
    ],
    [
      'the form with the fewest faults, every unknown key counted',
      'kind: room\nstep: {at: a, as: b, by: 1}',
      ['f:2:12 step.at: must be a whole number (is "a")', 'f:2:19 step.as: must be a whole number (is "b")'],
    ],
  ])('%s', (_, text, expected) => {
    expect(faults(text)).toEqual(expected);
  });

  it('stands at the only element of a list that is written without brackets', () => {
    const source = new YamlSource('f', 'match: {topic: 5}\n');
    const schemaOfList = z.strictObject({ match: z.array(z.strictObject({ topic: z.string() })) });
    const { faults: found } = checkYaml(source, schemaOfList, { match: [{ topic: 5 }] });
    expect(found.map(formatFault)).toEqual([
      'f:1:16 match[0].topic: must be text (is 5); put it in quotes: "5"',
    ]);
  });
});

describe('a hostile file', () => {
  it('does not reach an object prototype', () => {
    expect(
      faultsOf('school: x\n__proto__: {admin: true}\ninputs: {a: {slot: b, "__proto__": {c: 1}}}'),
    ).toEqual([
      'config/edge.yaml:2:1 __proto__: is not allowed as a key; remove it',
      'config/edge.yaml:3:23 inputs.a.__proto__: is not allowed as a key; remove it',
    ]);
    expect(({} as Record<string, unknown>).admin).toBeUndefined();
  });

  it('does not blow up through aliases', () => {
    const levels = ['a0: &a0 [x,x,x,x,x,x,x,x,x,x]'];
    for (let i = 1; i < 10; i++)
      levels.push(
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(',')}]`,
      );
    const started = performance.now();
    expect(faultsOf(levels.join('\n')).join()).toContain('aliases write out more than 10000 values');
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('does not follow an anchor into itself', () => {
    expect(faultsOf('school: x\nmqtt: &m {listeners: [*m]}')).toEqual([
      'config/edge.yaml:2:23 mqtt.listeners[0]: anchor "&m" contains itself; remove the alias',
    ]);
  });

  it.each([
    ['lists', '['.repeat(100_000)],
    ['mappings', '{a: '.repeat(100_000)],
    ['compact lists', '- '.repeat(100_000)],
    ['lines', Array.from({ length: 2_000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
  ])('does not nest without end (%s)', (_, text) => {
    const faults = faultsOf(text);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain('is nested deeper than 64 levels; flatten it');
  });

  it('does not take quadratic time over many faults', () => {
    const unknown = Array.from({ length: 20_000 }, (_, i) => `k${i}: v\n`).join('');
    const took = cpuTimeOf(() => {
      expect(faultsOf(`school: x\n${unknown}`)).toHaveLength(20_000);
      expect(faultsOf('a: b: c\n'.repeat(100_000)).length).toBeLessThanOrEqual(50);
    });
    expect(took).toBeLessThan(20_000);
  });

  it('does not take quadratic time over many keys or aliases', () => {
    const keys = Array.from({ length: 50_000 }, (_, i) => `k${i}: &k${i} v\n`).join('');
    const aliases = Array.from({ length: 9_000 }, (_, i) => `l${i}: *k${i}\n`).join('');
    const took = cpuTimeOf(() => void parseYaml(keys + aliases, 'f', z.record(z.string(), z.string())));
    expect(took).toBeLessThan(12_000);
  });
});

it('never throws, whatever the text, and places every fault in the file', () => {
  const piece = fc.constantFrom(
    'school',
    'mqtt',
    'listeners',
    'port',
    ': ',
    ':',
    '\n',
    '\n  ',
    '\n\t',
    '- ',
    '[',
    ']',
    '{',
    '}',
    ', ',
    '"',
    "'",
    '&a ',
    '*a',
    '? ',
    '!t ',
    '# ',
    '---\n',
    '|\n',
    '>',
    '%',
    '@',
    '1883',
    'null',
    '：',
    '<<',
    '__proto__',
    '\u0000',
    '\ud800',
    '😀',
  );
  const text = fc.oneof(
    fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join('')),
    fc.string({ maxLength: 200 }),
  );
  fc.assert(
    fc.property(text, (yaml) => {
      const loaded = parseYaml(yaml, 'f', schema);
      if (!('faults' in loaded)) return;
      const lines = yaml.split(/\r\n|\n|\r/).length;
      for (const { line, column, message } of loaded.faults) {
        expect(line).toBeGreaterThanOrEqual(1);
        expect(line).toBeLessThanOrEqual(lines);
        expect(column).toBeGreaterThanOrEqual(1);
        expect(message).not.toBe('');
      }
    }),
    { numRuns: 2_000 },
  );
});

describe('a file that cannot be read', () => {
  it('is missing', () => {
    expect(loadYaml('/nowhere/edge.yaml', schema)).toEqual({
      faults: [
        {
          file: '/nowhere/edge.yaml',
          line: 1,
          column: 1,
          path: '',
          message: 'does not exist',
          hint: 'create it, or name another file',
        },
      ],
    });
  });

  it('is a folder', () => {
    expect(loadYaml(tmpdir(), schema)).toMatchObject({ faults: [{ message: 'is a folder' }] });
  });

  it('bug: a pipe was waited for without end, and a link to a device filled the memory', () => {
    const folder = mkdtempSync(join(tmpdir(), 'load-yaml-'));
    const [pipe, zero] = [join(folder, 'pipe.yaml'), join(folder, 'zero.yaml')];
    execFileSync('mkfifo', [pipe]);
    symlinkSync('/dev/zero', zero);
    for (const file of [pipe, zero])
      expect(loadYaml(file, schema)).toMatchObject({ faults: [{ file, message: 'is no ordinary file' }] });
  });

  it('is not UTF-8, as Windows in China writes it', () => {
    const file = written(Buffer.from([...Buffer.from('level: info\nschool: '), 0xb1, 0xb1, 0x0a]));
    expect(loadYaml(file, schema)).toEqual({
      faults: [
        {
          file,
          line: 2,
          column: 9,
          path: '',
          message: 'is not UTF-8 text (byte 0xb1)',
          hint: 'save the file as UTF-8',
        },
      ],
    });
  });

  it('is too large', () => {
    const file = written(Buffer.alloc(9 * 1024 * 1024, ' '));
    expect(loadYaml(file, schema)).toMatchObject({ faults: [{ message: 'is larger than 8 MiB' }] });
  });
});

it('writes paths as people do', () => {
  expect(formatPath(['a', 'b_c', 0, 'd e', '门', '1'])).toBe('a.b_c[0]["d e"].门.1');
  expect(formatPath([])).toBe('');
});

function written(bytes: Buffer): string {
  const file = join(mkdtempSync(join(tmpdir(), 'load-yaml-')), 'edge.yaml');
  writeFileSync(file, bytes);
  return file;
}
