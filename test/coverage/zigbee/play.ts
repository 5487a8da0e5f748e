import { eventType } from '../../../contract/event-type.ts';
import type { CompiledProfile } from '../../../device-profiles/compile.ts';
import { Bench } from '../../device-profiles/helpers.ts';
import { type Claim, type Judged, valuesOf } from './cases.ts';
import { familyOf } from './families.ts';
import { type Meaning, meaningOf } from './meaning.ts';

/** Why a claim does not hold; undefined: it does. */
export type Fault = string | undefined;

/** Normal, then the value, then normal again, each as the whole cached state of the device, as Zigbee2MQTT sends it. */
export function play(profile: CompiledProfile, claim: Claim): Fault {
  const { feature, value, meaning, device } = claim;
  const key = feature.property ?? '';
  const rest = restOf(device);
  const bench = new Bench(profile, 'zigbee2mqtt/device');
  const first = bench.send(rest);
  const early = alarms(short(first.drafts));
  if (early.length > 0) return `at rest: ${early.join(', ')}`;
  const quiet = first.unknown ?? 0;
  if (meaning.says === 'test') return playTest(bench, claim, rest);
  const message = bench.send({ ...rest, [key]: value });
  const told = short(message.drafts);
  if (meaning.says === 'alarm') {
    const end = bench.told({ ...rest, ...(feature.name === 'action' ? { action: '' } : {}) });
    return faultOf(meaning, told, end.map(brief));
  }
  if ((message.unknown ?? 0) > quiet) return `${JSON.stringify(value)} is unknown`;
  const raised = alarms(told);
  if (raised.length > 0) return `${JSON.stringify(value)} raises ${raised.join(', ')}`;
  return meaning.says === 'normal' && feature.type !== 'enum' ? undefined : playEnd(profile, claim, rest);
}

/** Another word for normal ends an alarm too; one that says nothing does not. */
function playEnd(profile: CompiledProfile, { feature, value, meaning, device }: Claim, rest: Body): Fault {
  const key = feature.property ?? '';
  const family = familyOf(feature);
  if (family === undefined) return undefined;
  const bad = valuesOf(feature).find((one) => meaningOf(feature, family, one, device).says === 'alarm');
  const alarm = bad === undefined ? undefined : meaningOf(feature, family, bad, device);
  if (alarm?.says !== 'alarm') return undefined;
  const bench = new Bench(profile, 'zigbee2mqtt/device');
  bench.send(rest);
  bench.send({ ...rest, [key]: bad });
  const cleared = bench
    .told({ ...rest, [key]: value })
    .map(brief)
    .includes(`${alarm.type} clear`);
  if (meaning.says === 'normal' && !cleared) return `${JSON.stringify(value)} does not end ${alarm.type}`;
  if (meaning.says === 'nothing' && cleared && !/light_/.test(String(value)))
    return `${JSON.stringify(value)} ends ${alarm.type}`;
  return undefined;
}

/** While a device tests itself what it detects is a test, afterwards it is real. */
function playTest(bench: Bench, { feature, value, device }: Claim, rest: Body): Fault {
  const key = feature.property ?? '';
  for (const other of device.features) {
    const family = familyOf(other);
    if (other === feature || family?.primary !== true || other.type !== 'binary') continue;
    const bad = valuesOf(other).find((one) => meaningOf(other, family, one, device).says === 'alarm');
    if (bad === undefined || !/smoke|gas|co|leak|heat/.test(family.name)) continue;
    const alarm = { [other.property ?? '']: bad };
    const testing = bench.told({ ...rest, ...alarm, [key]: value });
    if (testing.some((event) => event.includes(' raise live'))) return `a test raises ${testing.join(', ')}`;
    if (!testing.some((event) => event.includes(' raise test')))
      return `the test of ${other.property} is not told`;
    bench.send(rest);
    const real = bench.told({ ...rest, ...alarm });
    return real.some((event) => event.includes(' raise live')) ? undefined : 'no alarm after a test';
  }
  const told = alarms(bench.told({ ...rest, [key]: value }));
  return told.length === 0 ? undefined : `a test raises ${told.join(', ')}`;
}

function faultOf(meaning: Extract<Meaning, { says: 'alarm' }>, told: string[], end: string[]): Fault {
  const wanted = `${meaning.type} ${meaning.edge}`;
  if (!told.includes(wanted)) return `${wanted} is missing${told.length === 0 ? '' : `: ${told.join(', ')}`}`;
  const also = new Set([wanted, ...(meaning.also ?? []).map((type) => `${type} raise`)]);
  const others = alarms(told).filter((event) => !also.has(event));
  if (others.length > 0) return `beside ${wanted} also ${others.join(', ')}`;
  if (meaning.edge === 'pulse')
    return end.length === 0 ? undefined : `the empty action tells ${end.join(', ')}`;
  return end.includes(`${meaning.type} clear`) ? undefined : `${meaning.type} is not ended`;
}

type Body = Record<string, unknown>;

/** A device at rest: every published key with its normal value, settings with their first. */
export function restOf(device: Claim['device']): Body {
  const body: Body = { linkquality: 102 };
  for (const feature of device.features) {
    const { property, access = 1, name } = feature;
    if (property === undefined || name === 'action' || (access & 1) === 0) continue;
    body[property] = restingValue(feature, device);
  }
  return body;
}

function restingValue(feature: Judged, device: Claim['device']): unknown {
  const family = familyOf(feature);
  if (family !== undefined) {
    for (const says of ['normal', 'nothing']) {
      const value = valuesOf(feature).find((one) => meaningOf(feature, family, one, device).says === says);
      if (value !== undefined) return value;
    }
  }
  if (feature.type === 'binary') return feature.value_off;
  if (feature.type === 'enum') return feature.values?.[0];
  if (feature.type === 'numeric') return feature.name === 'battery' ? 100 : 1;
  return feature.type === 'text' ? '' : null;
}

function short(drafts: readonly { type: string; edge: string }[]): string[] {
  return drafts.map(({ type, edge }) => `${type} ${edge}`);
}

function brief(event: string): string {
  return event.replace(/#\S+/, '').split(' ').slice(0, 2).join(' ');
}

/** Those that somebody would be woken by, or would have to look at. */
function alarms(told: readonly string[]): string[] {
  return told
    .map(brief)
    .filter((event) => !event.endsWith(' clear') && eventType(event.split(' ')[0] ?? '')?.kind !== 'event');
}
