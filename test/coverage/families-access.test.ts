import { describe, expect, test } from 'vitest';
import { eventType } from '../../contract/event-type.ts';
import type { CompiledProfile } from '../../device-profiles/compile.ts';
import { maskPayload } from '../../device-profiles/mask.ts';
import type { SampleMessage } from '../../device-profiles/profile-schema.ts';
import { replaySamples } from '../../device-profiles/replay.ts';
import { opens } from '../../edge/alarms/freshness.ts';
import { Bench, builtin, T0 } from '../device-profiles/helpers.ts';
import type { Expected } from './families-access/expected.ts';
import * as expected from './families-access/expected.ts';
import { plant, planted, written } from './families-access/secrets.ts';
import type { Judge } from './families-access/wire.ts';
import * as wire from './families-access/wire.ts';

const families = ['io', 'hikvision', 'dahua', 'uhppoted', 'esp-rfid'];
const profiles = builtin.list().filter(({ id }) => families.includes(id.split('.')[0] ?? ''));

function messagesOf(profile: CompiledProfile): SampleMessage[] {
  return profile.definition.samples.flatMap((sample) => {
    if ('command' in sample) return [];
    return 'messages' in sample ? sample.messages : [sample];
  });
}

function print(...lines: string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

test('all profiles of these families are there', () => {
  expect(profiles.map(({ id }) => id).sort()).toEqual([
    'dahua.event',
    'dahua.vto',
    'esp-rfid.door',
    'hikvision.access',
    'hikvision.alarm-host',
    'hikvision.alarmserver',
    'hikvision.camera',
    'hikvision.doorbell',
    'io.advantech',
    'io.flat',
    'io.icpdas',
    'io.kincony',
    'io.moxa',
    'io.neuron',
    'io.usr',
    'io.wired',
    'uhppoted.mqtt',
  ]);
});

test('every sample becomes what it must', () => {
  let all = 0;
  let right = 0;
  for (const profile of profiles) {
    const messages = messagesOf(profile).length;
    const { faults } = replaySamples(profile);
    const wrong = new Set(faults.map(({ path }) => path.slice(0, path.indexOf('expect')).join('.'))).size;
    all += messages;
    right += messages - wrong;
    print(`${profile.id.padEnd(24)} ${messages} messages, ${percent(messages - wrong, messages)} right`);
    for (const { path, message } of faults) print(`  ${path.join('.')}: ${message}`);
  }
  print(`samples of ${profiles.length} profiles: ${right} of ${all} (${percent(right, all)})`);
  expect(all).toBeGreaterThan(250);
  expect(right).toBe(all);
});

describe('codes become what the makers say they mean', () => {
  test.each<[string, Expected, Judge]>([
    ['Hikvision access controller, major.minor', expected.hikvisionAccess, wire.hikvisionAccess],
    ['the same as XML turned into JSON', expected.hikvisionAccess, wire.hikvisionAccessXml],
    ['Contact ID of an alarm host', expected.contactId, wire.contactId],
    ['Hikvision alert stream', expected.hikvisionEvents, wire.hikvisionEvents],
    ['Hikvision Doorbell add-on', expected.doorbellTriggers, wire.doorbellTriggers],
    ['Dahua event manager', expected.dahuaEvents, wire.dahuaEvents],
    ['the same by amcrest2mqtt', expected.dahuaEvents, wire.amcrestEvents],
    ['the same by DahuaVTO2MQTT', expected.dahuaEvents, wire.dahuaVto],
    ['UHPPOTE reasons', expected.uhppotedReasons, wire.uhppotedReasons],
    ['the same since 0.8.1', expected.uhppotedReasons, wire.uhppotedReasonsNested],
    ['esp-rfid access', expected.espRfidAccess, wire.espRfidAccess],
  ])('%s', (name, codes, judge) => {
    const uncovered: string[] = [];
    const wrong: string[] = [];
    for (const [code, must] of codes) {
      const became = judge(code);
      if (became === undefined) uncovered.push(code);
      else if ([...became].sort().join(', ') !== [...must].sort().join(', ')) {
        wrong.push(
          `${code}: must be ${must.join(', ') || 'nothing'}, became ${became.join(', ') || 'nothing'}`,
        );
      }
    }
    const right = codes.size - uncovered.length - wrong.length;
    print(
      `${name}: ${codes.size} codes, ${uncovered.length} not covered, ${percent(right, codes.size)} right`,
      ...wrong.map((line) => `  ${line}`),
      ...uncovered.map((code) => `  ${code}: not covered`),
    );
    expect(wrong).toEqual([]);
    expect(uncovered).toEqual([]);
  });

  test('a code of no list raises nothing and is counted', () => {
    for (const [judge, code] of [
      [wire.hikvisionAccess, '5.9999'],
      [wire.hikvisionAccess, '9.1'],
      [wire.contactId, '1999'],
      [wire.hikvisionEvents, 'somethingNew.active'],
      [wire.doorbellTriggers, 'brand_new'],
      [wire.dahuaEvents, 'BrandNew.Start'],
      [wire.dahuaVto, 'BrandNew.Start'],
      [wire.uhppotedReasons, '99'],
      [wire.espRfidAccess, 'Sometimes'],
    ] as const) {
      expect(judge(code), code).toBeUndefined();
    }
  });
});

test('what comes from a queue is late, and a press from the retained store is none', () => {
  for (const profile of profiles) {
    for (const message of messagesOf(profile)) {
      const { drafts } = send(profile, message, bodyOf(message), 'queued');
      for (const { freshness } of drafts) expect(freshness).toBe('late');
      expect(
        send(profile, message, bodyOf(message), 'retained').drafts.filter(({ edge }) => edge === 'pulse'),
      ).toEqual([]);
    }
  }
});

test('a late upload of an access controller opens no alarm but for life, tamper and intrusion', () => {
  const opened = new Set<string>();
  for (const code of expected.hikvisionAccess.keys()) {
    const drafts = wire.hikvisionLate(code);
    for (const draft of drafts) {
      expect(draft.freshness, code).toBe('late');
      const type = eventType(draft.type);
      if (type !== undefined && opens(draft, type) && draft.edge !== 'clear') opened.add(draft.type);
    }
  }
  print(`late uploads that open an alarm: ${[...opened].sort().join(' ')}`);
  expect([...opened].sort()).toEqual([
    'DEV.TAMPER',
    'EMG.DURESS',
    'EMG.PANIC',
    'FIR.MCP',
    'FIR.PANEL',
    'INT.LINE',
  ]);
});

describe('no card number, PIN or name comes out', () => {
  test('of what stands in the samples', () => {
    let seen = 0;
    for (const profile of profiles) {
      for (const message of messagesOf(profile)) {
        const payload = bytesOf(message);
        const here = written.filter((secret) => payload.includes(secret));
        seen += here.length;
        const out = everythingOf(profile, message, payload);
        for (const secret of here) expect(out, `${profile.id} ${message.topic}`).not.toContain(secret);
      }
    }
    print(`secrets in samples: ${seen}, none came out`);
    expect(seen).toBeGreaterThan(40);
  });

  test('of what is planted at every masked path of every sample', () => {
    let plants = 0;
    for (const profile of profiles) {
      for (const message of messagesOf(profile)) {
        for (const path of profile.definition.mask) {
          const body = bodyOf(message);
          if (!plant(body, path)) continue;
          plants++;
          const out = everythingOf(profile, message, Buffer.from(JSON.stringify(body)));
          expect(out, `${profile.id} ${message.topic} ${path}`).not.toContain(planted);
        }
      }
    }
    print(`planted: ${plants}, none came out`);
    expect(plants).toBeGreaterThan(200);
  });

  test('and the search itself finds what is not masked', () => {
    const [message] = messagesOf(builtin.get('hikvision.access') as CompiledProfile);
    const out = maskPayload(bytesOf(message as SampleMessage), []).toString('utf8');
    expect(out).toContain('张三');
  });
});

/** All that leaves a profile: events, the reason, the state that is kept, and the copy for the inbox. */
function everythingOf(profile: CompiledProfile, message: SampleMessage, payload: Buffer): string {
  const { drafts, detail, state } = send(profile, message, payload, message.stored);
  const kept = maskPayload(payload, profile.definition.mask).toString('utf8');
  return JSON.stringify([drafts, detail, state, kept]);
}

function send(
  profile: CompiledProfile,
  message: SampleMessage,
  payload: unknown,
  stored: SampleMessage['stored'],
) {
  const receivedAt = message.receivedAt === undefined ? T0 : Date.parse(message.receivedAt);
  return new Bench(profile, message.topic).send(payload, {
    receivedAt,
    ...(stored === undefined ? {} : { stored }),
  });
}

function bytesOf({ payload, payloadBase64 }: SampleMessage): Buffer {
  if (payloadBase64 !== undefined) return Buffer.from(payloadBase64, 'base64');
  return Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload ?? ''));
}

/** The payload as an object, or as it is where it is none. */
function bodyOf(message: SampleMessage): unknown {
  const text = bytesOf(message).toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`;
}
