import { expect, test } from 'vitest';
import { Bench, builtinProfile } from '../device-profiles/helpers.ts';
import { judge } from './zigbee/cases.ts';
import { readLibrary } from './zigbee/definitions.ts';
import { exclusionOf } from './zigbee/exclusions.ts';
import { keyOf } from './zigbee/families.ts';
import { play, restOf } from './zigbee/play.ts';
import { percent, Report, tally } from './zigbee/report.ts';
import { datapointValues, framesOf } from './zigbee/wire.ts';

const profile = builtinProfile('zigbee2mqtt.device');
const library = readLibrary();
const judged = library.devices.flatMap((device) => {
  const judgement = judge(device);
  return judgement === undefined ? [] : [{ device, ...judgement }];
});

/** Words of safety in the name of a key: it must be judged or left out by a rule, never overlooked. */
const safety =
  /smoke|carbon_mono|leak|contact|occup|presence|vibrat|tilt|tamper|sos|panic|emerg|siren|alarm|lock_state|door_state/;

function print(...lines: string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

test('every definition can be read', () => {
  print(
    `zigbee-herdsman-converters: ${library.devices.length} definitions, ${judged.length} are safety-relevant;`,
    `${library.dynamic} depend on the paired device: read with a dummy and a made-up device,`,
    `${library.dummyOnly.length} of them with the dummy only; ${library.failed.length} cannot be read`,
  );
  expect(library.failed).toEqual([]);
  expect(library.devices.length).toBeGreaterThan(4000);
  expect(judged.length).toBeGreaterThan(600);
});

test('at least 99 % of all safety-relevant values become the right event', () => {
  const report = new Report();
  for (const { claims } of judged) {
    for (const claim of claims) {
      const what = `${claim.feature.property}=${JSON.stringify(claim.value)}`;
      report.add(claim.family, `${claim.device.vendor} ${claim.device.model}`, what, play(profile, claim));
    }
  }
  print(
    '',
    ...report.lines(),
    '',
    `misses (${report.misses.length}):`,
    ...report.misses.map((miss) => `  ${miss}`),
  );
  const excluded = judged.flatMap((one) => one.excluded);
  print('', `left out (${excluded.length}), by rule:`, ...tally(excluded.map(({ rule }) => rule)));
  expect(report.total).toBeGreaterThanOrEqual(0.99);
  // of what concerns lives, doors and people nothing at all is missed
  expect(report.incomplete).toEqual(['alarm']);
});

test('no key with a word of safety in its name is overlooked', () => {
  const overlooked = judged.flatMap(({ device, claims, excluded }) => {
    const seen = new Set([
      ...claims.map(({ feature }) => feature.property),
      ...excluded.map(({ key }) => key),
    ]);
    return device.features
      .filter((feature) => safety.test(keyOf(feature)) && !seen.has(feature.property ?? ''))
      .filter((feature) => exclusionOf(feature, device) === undefined)
      .filter(({ access = 1, type }) => access === 1 && type !== 'numeric' && type !== 'text')
      .map((feature) => `${device.model} ${feature.property}`);
  });
  expect(overlooked).toEqual([]);
});

test('what is on the air becomes the right event, as the own converters of each device publish it', () => {
  const report = new Report();
  for (const { device, air, before, after, wanted } of library.devices.flatMap(framesOf)) {
    const bench = new Bench(profile, 'zigbee2mqtt/device');
    const rest = restOf(device);
    bench.send({ ...rest, ...before });
    const told = bench.told({ ...rest, ...after }).map((event) => event.split(' ').slice(0, 2).join(' '));
    for (const { key, event } of wanted) {
      const fault = told.includes(event) ? undefined : `${event} is missing: ${told.join(', ') || 'nothing'}`;
      report.add(air, `${device.vendor} ${device.model}`, `${key}=${JSON.stringify(after[key])}`, fault);
    }
  }
  print('', 'on the air:', ...report.lines(), ...report.misses.map((miss) => `  ${miss}`));
  expect(report.total).toBeGreaterThanOrEqual(0.99);
});

test('every value that a Tuya data point of a safety-relevant device becomes is known', () => {
  const unknown: string[] = [];
  let all = 0;
  for (const { device, claims } of judged) {
    const keys = new Set(claims.map(({ feature }) => feature.property));
    for (const { key, value } of datapointValues(device)) {
      if (!keys.has(key)) continue;
      all++;
      const result = new Bench(profile, 'zigbee2mqtt/device').send({ [key]: value });
      if ((result.unknown ?? 0) > 0) unknown.push(`${device.model} ${key}=${JSON.stringify(value)}`);
    }
  }
  const share = 1 - unknown.length / all;
  print(
    '',
    `Tuya data points: ${percent(share)} of ${all} values are known`,
    ...unknown.map((one) => `  ${one}`),
  );
  expect(share).toBeGreaterThanOrEqual(0.99);
});
