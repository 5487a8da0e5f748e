import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { verifyFrame } from '../../cloud-bridge/frame-chain.ts';
import { laneLimits } from '../../cloud-bridge/uplink/lane-limits.ts';
import {
  alarmSchema,
  conditionSchema,
  operatorStateSchema,
  roleSchema,
  transitionActionSchema,
  transitionSchema,
  verdictSchema,
} from '../../contract/alarm.ts';
import { chainNext, digestOf } from '../../contract/chain.ts';
import { cloudEventSchema, decodeBody } from '../../contract/cloud-event.ts';
import {
  clockSchema,
  edgeSchema,
  freshnessSchema,
  kindSchema,
  mediaSchema,
  modeSchema,
  originSchema,
} from '../../contract/event.ts';
import { passageSchema, patrolSchema, tombstoneSchema } from '../../contract/event-data.ts';
import { eventTypeSchema, eventTypes } from '../../contract/event-type.ts';
import { frameSchema, receiptSchema, rejectionCodeSchema, skipSchema } from '../../contract/frame.ts';
import { gatewayStateSchema } from '../../contract/gateway-state.ts';
import { liveClose, liveFrameSchema, liveReportSchema } from '../../contract/live.ts';
import { packageFile } from '../../contract/package-root.ts';
import { problemSchema, problemStatus } from '../../contract/problem.ts';
import { rawMessageSchema } from '../../contract/raw-message.ts';
import { units } from '../../contract/reading.ts';
import { codeOf, pages, proseOf } from './pages.ts';

const page = pages.get('docs/contract.md') ?? '';
const examples = codeOf(page).filter((line) => line.startsWith('{"'));

/** The example that a schema takes; there must be exactly one. */
function example<T>(schema: z.ZodType<T>): T {
  const fitting = examples
    .map((line) => schema.safeParse(JSON.parse(line)).data)
    .filter((one) => one !== undefined);
  expect(fitting).toHaveLength(1);
  return fitting[0] as T;
}

/** Every field that a schema knows, also of objects within it. */
function fieldsOf(schema: z.ZodType): string[] {
  const fields = new Set<string>();
  JSON.stringify(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }), (key, value) => {
    if (key === 'properties') for (const name of Object.keys(value)) fields.add(name);
    return value;
  });
  return [...fields];
}

/** What of these words the page does not write as code; that an example has them explains nothing. */
function missing(words: Iterable<string>): string[] {
  const written = new Set(codeOf(proseOf(page)).flatMap((code) => [code, ...code.split(/[^\w-]+/)]));
  return [...words].filter((word) => !written.has(word));
}

test('the event of the page is one, and its chain is what the page says', () => {
  const body = examples.find((line) => line.startsWith('{"specversion"')) ?? '';
  const { seq, lane } = decodeBody(body);
  const hash = (name: string) => new RegExp(`\`${name}\` \\| \`([0-9a-f]{64})\``).exec(page)?.[1] ?? '';
  const digest = digestOf(body);
  expect(digest.toString('hex')).toBe(hash(`digest\\(${seq}\\)`));
  const before = Buffer.from(hash(`h\\(${seq - 1}\\)`), 'hex');
  expect(chainNext(before, seq, digest).toString('hex')).toBe(hash(`h\\(${seq}\\)`));

  const frame = example(frameSchema);
  expect({ lane: frame.lane, from: frame.from, to: frame.to }).toEqual({ lane, from: seq, to: seq });
  const events = frame.events.map(({ b }) => ({ b: b.replace('<body>', body) }));
  expect(verifyFrame({ ...frame, events })).toMatchObject({ rows: [{ seq }], rejected: [] });
});

test('every other example is what the contract describes', () => {
  const { alarm, alarmId } = example(transitionSchema);
  const raising = decodeBody(examples.find((line) => line.startsWith('{"specversion"')) ?? '');
  expect({ id: alarm.id, raisedBy: alarm.raisedBy }).toEqual({ id: alarmId, raisedBy: raising.id });
  expect(example(receiptSchema).have).toEqual([[7, 7]]);
  example(liveReportSchema);
  const states = examples.flatMap((line) => gatewayStateSchema.safeParse(JSON.parse(line)).data ?? []);
  expect(states.map(({ k }) => k)).toEqual(['hello', 'hb', 'bye', 'gone']);
});

test.each<[string, z.ZodType]>([
  ['RawMessage', rawMessageSchema],
  ['event', cloudEventSchema],
  ['clock', clockSchema],
  ['origin', originSchema],
  ['media', mediaSchema],
  ['event type', eventTypeSchema],
  ['alarm', alarmSchema],
  ['transition', transitionSchema],
  ['tombstone', tombstoneSchema],
  ['passage', passageSchema],
  ['patrol', patrolSchema],
  ['frame', frameSchema],
  ['receipt', receiptSchema],
  ['state message', gatewayStateSchema],
  ['live frame', liveFrameSchema],
  ['problem', problemSchema],
])('the page names every field of %s', (_, schema) => {
  expect(missing(fieldsOf(schema))).toEqual([]);
});

test('the page names every word of the closed lists', () => {
  const lists = [edgeSchema, freshnessSchema, kindSchema, modeSchema, conditionSchema, operatorStateSchema];
  const words = [
    ...lists,
    verdictSchema,
    transitionActionSchema,
    roleSchema,
    rejectionCodeSchema,
    skipSchema.shape.why,
  ];
  expect(missing(words.flatMap((list): string[] => list.options))).toEqual([]);
  expect(missing(units)).toEqual([]);
  for (const code of Object.values(liveClose)) expect(page).toContain(String(code));
  expect(page).toContain(`version 1, ${eventTypes.length} types`);
});

test('the page gives every problem code its status', () => {
  const rows = [...page.matchAll(/^\| (\d{3}) \| (.+) \|$/gm)];
  const listed = rows.flatMap(([, status, codes = '']) =>
    [...codes.matchAll(/`([\w-]+)`/g)].map(([, code]) => [code, Number(status)]),
  );
  expect(Object.fromEntries(listed)).toEqual(problemStatus);
});

test('the page lists every JSON Schema, and none that is not there', () => {
  const listed = [...page.matchAll(/`([\w-]+\.schema\.json)`/g)].map(([, file]) => file);
  const files = readdirSync(packageFile('contract', 'schemas')).filter((name) =>
    name.endsWith('.schema.json'),
  );
  expect(listed.sort()).toEqual(files.sort());
});

test('the page gives the pace of a gateway', () => {
  const { a, e } = laneLimits;
  expect(page).toContain(`| rows in a frame, at most | ${a.maxEvents} | ${e.maxEvents} |`);
  expect(page).toContain(
    `| frames in flight, first and at most | ${a.startWindow}, ${a.maxWindow} | ${e.startWindow}, ${e.maxWindow} |`,
  );
  const resend = (lane: typeof a) =>
    `${lane.firstResendMs / 1000} s, doubling to ${lane.maxResendMs / 1000} s`;
  expect(page).toContain(`| sent again without a receipt after | ${resend(a)} | ${resend(e)} |`);
});
