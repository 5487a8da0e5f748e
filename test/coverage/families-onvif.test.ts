import { describe, expect, test } from 'vitest';
import { builtinProfile } from '../device-profiles/helpers.ts';
import { makers } from './families-onvif/makers.ts';
import { oracle, wantedOf } from './families-onvif/oracle.ts';
import { type Topic, topicList } from './families-onvif/topic-list.ts';
import { reasons, values } from './families-onvif/values.ts';
import { type Said, Speaker } from './families-onvif/wire.ts';

const topics = topicList();

function print(...lines: string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Without input and freshness: `VID.LINE pulse`. */
function short(events: readonly string[]): string[] {
  return events
    .map((event) => event.replace(/#.*(?= (?:raise|clear|pulse|update) )/, '').replace(/ \w+$/, ''))
    .sort();
}

/** What the topic becomes: with its first value, and with the other. */
function judge(profile: string, { topic, kind, source, data }: Topic): string {
  const speaker = new Speaker(profile);
  const said = (value: string): Said => ({
    topic,
    operation: kind === 'state' ? 'Changed' : '',
    source: Object.fromEntries(source.map((name) => [name, `${name}_1`])),
    data: Object.fromEntries(data.map(({ name, type }) => [name, exampleOf(name, type, value)])),
  });
  const on = speaker.say(said('true'));
  if (on.status === 'ignored') return 'no news';
  if (on.status !== 'mapped') return 'nobody knows';
  const off = speaker.say(said('false'));
  const [first = ''] = short(on.events);
  const second = short(off.events);
  return first.endsWith(' raise') && second.includes(first.replace(' raise', ' clear'))
    ? first.replace(' raise', '')
    : first;
}

function exampleOf(name: string, type: string, value: string): string {
  if (type === 'boolean') return value;
  if (type === 'RelayLogicalState') return value === 'true' ? 'active' : 'inactive';
  if (name === 'Reason') return 'CredentialExpired';
  return type === 'float' || type === 'integer' || name === 'Count' ? (value === 'true' ? '1' : '2') : 'x';
}

describe('the topics of the ONVIF specifications', () => {
  test('the oracle knows each of them', () => {
    expect(topics.length).toBeGreaterThan(120);
    expect(topics.filter(({ topic }) => wantedOf(topic) === undefined)).toEqual([]);
    // and none of its entries is for nothing
    const used = new Set(topics.flatMap(({ topic }) => wantedOf(topic) ?? []));
    for (const wanted of oracle.values()) expect([...used], wanted).toContain(wanted);
  });

  test.each([
    ['onvif.camera', topics],
    [
      'onvif.access',
      topics.filter(({ topic }) =>
        /^tns1:(?:Access|Credential|Door|Device|Monitoring|Configuration)/.test(topic),
      ),
    ],
  ] as const)('%s', (profile, list) => {
    const misses: string[] = [];
    let judged = 0;
    for (const topic of list) {
      const wanted = wantedOf(topic.topic);
      if (wanted === 'values') continue;
      judged++;
      const became = judge(profile, topic);
      if (became !== wanted) misses.push(`${topic.topic}: must be ${wanted}, became ${became}`);
    }
    print(
      `${profile}: ${judged - misses.length} of ${judged} topics right; ${list.length - judged} more by their values`,
      ...misses.map((miss) => `  ${miss}`),
    );
    expect(misses).toEqual([]);
  });

  test.each(['onvif.camera', 'onvif.access'])(
    '%s: every value of topics that have more than yes and no',
    (profile) => {
      const misses: string[] = [];
      const mine =
        profile === 'onvif.camera'
          ? values
          : values.filter(([{ topic }]) => !/RuleEngine|RecordingConfig/.test(topic));
      for (const [said, wanted] of mine) {
        const { status, events } = new Speaker(profile).say(said);
        const became = status === 'unmapped' ? undefined : short(events);
        if (JSON.stringify(became) !== JSON.stringify(wanted && [...wanted].sort()))
          misses.push(
            `${said.topic} ${JSON.stringify(said.data)}: must be ${wanted ?? 'unmapped'}, became ${became ?? status}`,
          );
      }
      print(
        `${profile}: ${mine.length - misses.length} of ${mine.length} values right`,
        ...misses.map((miss) => `  ${miss}`),
      );
      expect(misses).toEqual([]);
    },
  );

  test.each(['onvif.camera', 'onvif.access'])('%s: reasons of denials', (profile) => {
    for (const [Reason, [type, reason]] of Object.entries(reasons)) {
      for (const kind of ['Credential', 'Identifier']) {
        const topic = `tns1:AccessControl/Denied/${kind}`;
        const told = new Speaker(profile).told({
          topic,
          operation: '',
          source: { AccessPointToken: 'a' },
          data: { Reason },
        });
        expect(told, `${kind} ${Reason} ${reason}`).toEqual([`${type}#a pulse live`]);
      }
    }
  });
});

describe('the forms of makers', () => {
  test('each becomes what it means', () => {
    const shares = new Map<string, { all: number; misses: string[] }>();
    for (const { maker, topic, source, key = {}, on, off, wanted } of makers) {
      const share = shares.get(maker) ?? { all: 0, misses: [] };
      shares.set(maker, share);
      share.all++;
      const speaker = new Speaker('onvif.camera');
      const operation = off === undefined ? '' : 'Initialized';
      const began = speaker.say({ topic, operation, source, key, data: on });
      const over = off === undefined ? undefined : speaker.say({ topic, source, key, data: off });
      const must =
        wanted === 'no news'
          ? 'no news'
          : `${wanted} ${off === undefined ? 'pulse' : 'raise'}${off === undefined ? '' : `, ${wanted} clear`}`;
      const became =
        began.status === 'ignored'
          ? 'no news'
          : [...short(began.events), ...short(over?.events ?? [])].join(', ') || began.status;
      if (became !== must) share.misses.push(`${topic}: must be ${must}, became ${became}`);
    }
    for (const [maker, { all, misses }] of shares)
      print(
        `${maker.padEnd(10)} ${all - misses.length} of ${all} forms right`,
        ...misses.map((miss) => `  ${miss}`),
      );
    expect([...shares.keys()].sort()).toEqual([
      'Axis',
      'Bosch',
      'Dahua',
      'Hanwha',
      'Hikvision',
      'Reolink',
      'TP-Link',
      'Uniview',
    ]);
    expect([...shares.values()].flatMap(({ misses }) => misses)).toEqual([]);
  });

  test('what a camera and a door controller both know is the same in both profiles', () => {
    const camera = builtinProfile('onvif.camera');
    const access = builtinProfile('onvif.access');
    for (const [name, rows] of Object.entries(access.definition.tables))
      for (const [code, row] of Object.entries(rows))
        expect(camera.definition.tables[name]?.[code], `${name} ${code}`).toEqual(row);
    const ignored = (profile: typeof camera) =>
      profile.definition.match.filter(({ ignore }) => ignore === true).map(({ topic }) => topic);
    expect(ignored(camera)).toEqual(expect.arrayContaining(ignored(access)));
    expect(access.definition.mask).toEqual(camera.definition.mask);
  });
});

const input = (LogicalState: string, more: Partial<Said> = {}): Said => ({
  topic: 'tns1:Device/Trigger/DigitalInput',
  source: { InputToken: 'in' },
  data: { LogicalState },
  ...more,
});
const field = (IsInside: string, more: Partial<Said> = {}): Said => ({
  topic: 'tns1:RuleEngine/FieldDetector/ObjectsInside',
  source: { VideoSource: 'v', Rule: 'yard' },
  key: { ObjectId: '1' },
  data: { IsInside },
  ...more,
});
const line = (more: Partial<Said> = {}): Said => ({
  topic: 'tns1:RuleEngine/LineDetector/Crossed',
  operation: '',
  source: { VideoSource: 'v', Rule: 'line' },
  ...more,
});
const panic = { inputs: { in: { means: 'panic' } } };
const raised = (events: readonly string[]) => events.filter((event) => / (?:raise|pulse) /.test(event));

describe('no false alarm', () => {
  test('a state that is false at the start, told twice', () => {
    const speaker = new Speaker('onvif.camera', panic);
    for (const initial of [true, true, false])
      expect(raised(speaker.told(input('false', { operation: 'Initialized', initial })))).toEqual([]);
  });

  test('an old state at the start is initial, whatever its time; told again after the next subscription it is nothing', () => {
    const speaker = new Speaker('onvif.camera', panic);
    const old = { operation: 'Initialized', initial: true, utcTime: '2025-12-30T00:00:00Z' };
    expect(speaker.told(input('true', old))).toEqual(['EMG.PANIC#in raise initial']);
    expect(speaker.told(input('true', { ...old, at: 60 }))).toEqual([]);
    expect(speaker.told(input('true', { at: 61 }))).toEqual([]);
  });

  test('a state that is repeated, in all its spellings', () => {
    const speaker = new Speaker('onvif.camera', panic);
    expect(raised(speaker.told(input('true')))).toHaveLength(1);
    for (const value of ['1', 'True', 'TRUE', 'active']) expect(speaker.told(input(value))).toEqual([]);
  });

  test('what is deleted was over before, or is over now', () => {
    const speaker = new Speaker('onvif.camera', panic);
    expect(raised(speaker.told(input('true', { operation: 'Deleted' })))).toEqual([]);
    expect(raised(speaker.told(line({ operation: 'Deleted' })))).toEqual([]);
    expect(raised(speaker.told(field('true')))).toHaveLength(1);
    expect(speaker.told(field('true', { operation: 'Deleted' }))).toEqual(['VID.INTRUDE#v clear live']);
  });

  test('a normally closed contact that is deleted is no open one', () => {
    const speaker = new Speaker('onvif.camera', { inputs: { in: { means: 'door', polarity: 'nc' } } });
    expect(speaker.told(input('true'))).toEqual(['INT.DOOR#in clear live']);
    expect(raised(speaker.told(input('', { operation: 'Deleted', data: {} })))).toEqual([]);
  });

  test('values that nobody knows, and messages without any, raise nothing, clear nothing and are reported', () => {
    const speaker = new Speaker('onvif.camera', panic);
    expect(raised(speaker.told(input('true')))).toHaveLength(1);
    const strange: Record<string, string>[] = [
      { LogicalState: 'maybe' },
      { LogicalState: '' },
      {},
      { Colour: 'true' },
    ];
    for (const data of strange)
      expect(speaker.say(input('', { data })), JSON.stringify(data)).toEqual({
        status: 'unmapped',
        events: [],
      });
    expect(speaker.told(input('false'))).toEqual(['EMG.PANIC#in clear live']);
  });

  test('the other channel, rule or object is another', () => {
    const speaker = new Speaker('onvif.camera');
    expect(raised(speaker.told(field('true')))).toHaveLength(1);
    for (const more of [
      { source: { VideoSource: 'w', Rule: 'yard' } },
      { source: { VideoSource: 'v', Rule: 'gate' } },
      { key: { ObjectId: '2' } },
    ])
      expect(
        speaker.told(field('false', more)).filter((event) => event.startsWith('VID.INTRUDE#v ')),
      ).toEqual([]);
    expect(speaker.told(field('false'))).toEqual(['VID.INTRUDE#v clear live']);
  });

  test('an input without a meaning, a person and a motion open no alarm', () => {
    const speaker = new Speaker('onvif.camera');
    expect(speaker.told(input('true'))).toEqual(['DEV.INPUT#in raise live']);
  });
});

describe('no silence', () => {
  test('a crossing that comes as Initialized after the start is live (Uniview, TP-Link)', () => {
    const speaker = new Speaker('onvif.camera');
    expect(speaker.told(line({ operation: 'Initialized', at: 30 }))).toEqual(['VID.LINE#v pulse live']);
    const cross = {
      topic: 'tns1:RuleEngine/LineCrossDetector/LineCross',
      operation: 'Initialized',
      source: { VideoSourceConfigurationToken: 'v', Rule: 'r' },
      data: { IsLineCross: 'true' },
      at: 31,
    };
    expect(speaker.told(cross)).toEqual(['VID.LINE#v raise live']);
  });

  test('a smoke relay that is active at first sight', () => {
    const smoke = { inputs: { in: { means: 'smoke' } } };
    expect(
      new Speaker('onvif.camera', smoke).told(input('true', { operation: 'Initialized', initial: true })),
    ).toEqual(['FIR.SMOKE#in raise initial']);
    expect(new Speaker('onvif.access', smoke).told(input('1'))).toEqual(['FIR.SMOKE#in raise live']);
  });

  test('a second crossing, with and without a clock; each object is told', () => {
    const speaker = new Speaker('onvif.camera');
    for (const utcTime of ['0000-00-00T00:00:00Z', '0000-00-00T00:00:00Z', '1970-01-01T00:00:09Z', ''])
      expect(speaker.told(line({ utcTime })), utcTime).toEqual(['VID.LINE#v pulse live']);
  });

  test('duress, however often, also while the clock of the controller is 8 years off', () => {
    const speaker = new Speaker('onvif.access');
    const duress = {
      topic: 'tns1:AccessControl/Duress',
      operation: '',
      source: { AccessPointToken: 'a' },
      utcTime: '2018-01-01T00:00:00Z',
    };
    expect(speaker.told(duress)).toEqual(['EMG.DURESS#a pulse live']);
    expect(speaker.told({ ...duress, at: 1 })).toEqual(['EMG.DURESS#a pulse live']);
  });

  test('what was not taken back within 10 minutes is told again; an input that stays active is not forgotten', () => {
    const speaker = new Speaker('onvif.camera', panic);
    expect(speaker.told(field('true'))).toEqual(['VID.INTRUDE#v raise live']);
    expect(speaker.told(input('true'))).toEqual(['EMG.PANIC#in raise live']);
    expect(speaker.told(field('true', { key: { ObjectId: '2' }, at: 300 }))).toEqual([]);
    expect(speaker.told(field('true', { key: { ObjectId: '3' }, at: 901 }))).toEqual([
      'VID.INTRUDE#v raise live',
    ]);
    expect(speaker.told(input('true', { at: 86_400 }))).toEqual([]);
  });

  test('a camera that repeats the time of its last message is live (TP-Link)', () => {
    const speaker = new Speaker('onvif.camera');
    const utcTime = '2026-01-01T00:00:00Z';
    const cross = (IsLineCross: string, at: number): Said => ({
      topic: 'tns1:RuleEngine/LineCrossDetector/LineCross',
      data: { IsLineCross },
      utcTime,
      at,
    });
    expect(speaker.told(cross('true', 0))).toEqual(['VID.LINE raise live']);
    expect(speaker.told(cross('false', 40))).toEqual(['VID.LINE clear live']);
    expect(speaker.told(cross('true', 300))).toEqual(['VID.LINE raise live']);
  });

  test('a topic that nobody knows, of a known or an unknown maker, is reported', () => {
    for (const topic of [
      'tnsacme:Siren/Howls',
      'tns1:RuleEngine/NewDetector/New',
      'tns1:Door/State/NewState',
      'RuleEngine/CellMotionDetector/Motion',
    ])
      for (const profile of ['onvif.camera', 'onvif.access'])
        expect(new Speaker(profile).say({ topic, data: { State: 'true' } }).status, topic).toBe('unmapped');
  });

  test('a panic button is pressed after its input was deleted and made anew', () => {
    const speaker = new Speaker('onvif.camera', panic);
    expect(raised(speaker.told(input('true')))).toHaveLength(1);
    speaker.say(input('', { operation: 'Deleted', data: {} }));
    expect(speaker.told(input('true', { operation: 'Initialized' }))).toEqual(['EMG.PANIC#in raise live']);
  });
});
