import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { builtinProfiles, profileFiles } from '../../device-profiles/catalogue.ts';
import { lint } from '../../device-profiles/lint.ts';
import { loadProfile } from '../../device-profiles/load-profile.ts';
import { Bench, builtin, builtinProfile } from '../device-profiles/helpers.ts';
import type { Claim } from './families-lora/claims.ts';
import { envelopes, loraClaims } from './families-lora/lora.ts';
import { metrics, otherClaims } from './families-lora/others.ts';
import { percent, Report } from './zigbee/report.ts';

const families = ['lorawan', 'esphome', 'homeassistant', 'frigate', 'axis', 'sparkplug', 'plain'];

function print(...lines: string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** What is wrong with what a fresh device of the profile tells of it; undefined for nothing. */
function faultOf({ profile, topic, payload, settings = {}, wanted }: Claim): string | undefined {
  const bench = new Bench(builtinProfile(profile), topic, settings);
  const told = bench.told(payload).map((event) => {
    const [type, edge, mode] = event.split(' ');
    return mode === 'test' ? `${type} ${edge}~test` : `${type} ${edge}`;
  });
  // what a device always says beside is judged by its own claims
  if (wanted === undefined) {
    const alarms = told.filter((event) => !/^DEV\.(?:BATT|OFFLINE) clear$/.test(event));
    return alarms.length === 0 ? undefined : `nothing was wanted, told ${alarms.join(', ')}`;
  }
  return told.includes(wanted)
    ? undefined
    : `${wanted} is missing: ${told.join(', ') || (bench.last?.detail ?? 'nothing')}`;
}

test('at least 99 % of all values become the right event, by a table of its own', () => {
  const report = new Report();
  for (const claim of [...loraClaims(), ...otherClaims()]) {
    report.add(claim.family, claim.model, '', faultOf(claim));
  }
  print(
    '',
    ...report.lines(),
    '',
    `misses (${report.misses.length}):`,
    ...report.misses.map((miss) => `  ${miss}`),
  );
  expect(report.total).toBeGreaterThanOrEqual(0.99);
});

test('every sample of these families holds', () => {
  const lines: string[] = [];
  let failed = 0;
  for (const file of profileFiles(builtinProfiles())) {
    if (!families.some((family) => file.includes(`/builtin/${family}/`))) continue;
    const loaded = loadProfile(readFileSync(file, 'utf8'), file, 'builtin');
    const { faults } = lint(loaded);
    const samples = loaded.profile?.definition.samples.length ?? 0;
    const bad = new Set(faults.map(({ path }) => /^samples\[(\d+)\]/.exec(path)?.[1] ?? path)).size;
    failed += bad;
    lines.push(
      `${(loaded.profile?.id ?? file).padEnd(24)} ${samples - bad} of ${samples} samples  ${percent(1 - bad / Math.max(1, samples))}`,
    );
  }
  print('', ...lines);
  expect(lines).toHaveLength(10);
  expect(failed).toBe(0);
});

test('both network servers read a decoded object by the same entries', () => {
  const own = (id: string) =>
    builtinProfile(id).definition.map.filter(
      ({ when }) =>
        ![when.path]
          .flat()
          .some(
            (path) =>
              path?.startsWith('$.') ||
              path === 'batteryLevel' ||
              path === 'devAddr' ||
              path === 'code' ||
              path?.startsWith('join_accept'),
          ),
    );
  expect(own('lorawan.chirpstack')).toEqual(own('lorawan.things-stack'));
});

describe.each(Object.entries(envelopes))('%s', (_server, { profile, topic, wrap }) => {
  const bench = () => new Bench(builtinProfile(profile), topic);
  let n = 0;
  const up = (object: unknown): string => wrap(object, ++n);

  test('no false alarm from history arrays', () => {
    const door = bench();
    expect(door.told(up({ magnet_status: 'close', leakage_status: 'normal' }))).toEqual([
      'ENV.WATER clear live live',
      'ACC.DOOR clear live live',
    ]);
    const old = up({
      history: [
        { timestamp: 1, leakage_status: 'leak' },
        { timestamp: 2, leakage_status: 'normal' },
        { timestamp: 3, magnet_status: 'open' },
      ],
    });
    for (const event of door.told(old)) expect(event).toMatch(/ late$/);
    // and what is now stays as it was: nothing rings again, nothing is swallowed
    expect(door.told(up({ leakage_status: 'leak' }))).toEqual(['ENV.WATER raise live live']);
    expect(door.told(up({ leakage_status: 'leak' }))).toEqual([]);
  });

  test('an old end in a history array ends no alarm of now', () => {
    const rope = bench();
    expect(rope.told(up({ leakage_status: 'leak' }))).toEqual(['ENV.WATER raise live live']);
    rope.told(up({ history: [{ timestamp: 1, leakage_status: 'normal' }] }));
    expect(rope.told(up({ leakage_status: 'normal' }))).toEqual(['ENV.WATER clear live live']);
  });

  test('history and now in one uplink: now has the last word, and its own key', () => {
    const rope = bench();
    rope.told(up({ leakage_status: 'normal' }));
    const result = rope.send(
      up({ leakage_status: 'leak', history: [{ timestamp: 1, leakage_status: 'leak' }] }),
    );
    const last = result.drafts.at(-1);
    expect(last).toMatchObject({ type: 'ENV.WATER', edge: 'raise', freshness: 'live' });
    const keys = result.drafts.map(({ dedupKey }) => dedupKey);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('no false alarm and no end from omitted fields', () => {
    const smoke = bench();
    expect(smoke.told(up({ FireAlarm: 'Alarm', Volt: 3 }))).toEqual([
      'FIR.SMOKE raise live live',
      'DEV.BATT clear live live',
    ]);
    expect(smoke.told(up({ Volt: 3 }))).toEqual([]);
    expect(smoke.told(up({}))).toEqual([]);
    expect(smoke.told(up({ Device: 'RA02A', HighTempAlarm: 'No Alarm' }))).toEqual([
      'FIR.HEAT clear live live',
    ]);
    expect(smoke.told(up({ FireAlarm: 'No Alarm' }))).toEqual(['FIR.SMOKE clear live live']);
  });

  test('no silence for a real fire learnt at start', () => {
    expect(bench().told(up({ FireAlarm: 'Alarm' }))).toEqual(['FIR.SMOKE raise live live']);
    expect(bench().told(up({ FireAlarm: 'Alarm' }), { stored: 'queued' })).toEqual([
      'FIR.SMOKE raise live late',
    ]);
    expect(bench().told(up({ FireAlarm: 'Alarm' }), { stored: 'retained' })).toEqual([
      'FIR.SMOKE raise live replay',
    ]);
  });

  test('no silence for a late panic', () => {
    expect(bench().told(up({ Alarm: 1 }), { stored: 'queued' })).toEqual(['EMG.PANIC pulse live late']);
  });
});

test('no false alarm from retained births', () => {
  const bench = new Bench(builtinProfile('sparkplug.device'), 'spBv1.0/g/DBIRTH/n/d', {
    inputs: { DI1: { means: 'door' }, DI2: { means: 'smoke' } },
  });
  const birth = metrics([
    { name: 'DI1', value: true, type: 'Boolean' },
    { name: 'DI2', value: true, type: 'Boolean' },
  ]);
  // a birth tells a state and no change: an intrusion of yesterday does not sound, a fire is told all the same
  expect(bench.told(birth)).toEqual([
    'DEV.OFFLINE clear live initial',
    'INT.DOOR#DI1 raise live initial',
    'FIR.SMOKE#DI2 raise live initial',
  ]);
  expect(bench.told(birth)).toEqual([]);
  const stored = new Bench(builtinProfile('sparkplug.device'), 'spBv1.0/g/DBIRTH/n/d', {
    inputs: { DI1: { means: 'door' } },
  });
  for (const event of stored.told(birth, { stored: 'retained' })) expect(event).toMatch(/ replay$/);
});

test('no message of a device of another profile is taken by the plain ones', () => {
  // a device is found by its profile and its key: the key of a plain device is its whole topic
  for (const topic of ['zigbee2mqtt/hall', 'io/gate-1/state', 'frigate/events']) {
    for (const { profile, deviceKey, weight } of builtin.match('mqtt', topic)) {
      if (!profile.id.startsWith('plain.')) continue;
      expect(deviceKey).toBe(topic);
      expect(weight).toBe(0);
    }
  }
});

test('no card number, holder, plate or recognised name reaches an event', () => {
  const planted = ['4711471147', 'Zhang San', 'Li Si', '京A12345', '9988'];
  const access = new Bench(
    builtinProfile('axis.device'),
    'axis/1/event/tns:onvif/AccessControl/AccessGranted/Credential/$source/AccessPointToken/a',
  );
  const frigate = new Bench(builtinProfile('frigate.server'), 'frigate/events');
  const results = [
    access.send({
      topic: 'onvif:AccessControl/AccessGranted/Credential',
      message: {
        source: { AccessPointToken: 'a' },
        data: {
          Card: '4711471147',
          CredentialHolderName: 'Zhang San',
          PIN: '9988',
          CredentialToken: '4711471147',
        },
      },
    }),
    frigate.send({
      type: 'new',
      after: {
        id: '1',
        camera: 'yard',
        label: 'person',
        false_positive: false,
        end_time: null,
        sub_label: ['Li Si', 0.9],
        recognized_license_plate: '京A12345',
        data: { sub_labels: ['Li Si'] },
      },
    }),
  ];
  for (const { drafts, state, detail } of results) {
    expect(drafts).toHaveLength(1);
    const text = JSON.stringify([drafts, state, detail]);
    for (const secret of planted) expect(text).not.toContain(secret);
  }
});

test('a LoRa sensor may be silent for its report period and no longer', () => {
  for (const { profile } of Object.values(envelopes)) {
    expect(builtinProfile(profile).heartbeatMs?.({})).toBe(25 * 3_600_000);
    expect(builtinProfile(profile).heartbeatMs?.({ heartbeat: '90m' })).toBe(90 * 60_000);
  }
});
