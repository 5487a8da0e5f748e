import type { Device } from './definitions.ts';
import { exclusionOf } from './exclusions.ts';
import { type Family, familyOf } from './families.ts';
import { actionMeaning, type Meaning, meaningOf } from './meaning.ts';

export type Judged = Device['features'][number];

/** A value of a key that must be understood. */
export interface Claim {
  device: Device;
  /** For the report. */
  family: string;
  feature: Judged;
  value: unknown;
  meaning: Meaning;
}

/** What is judged of one device, and what is left out by which rule. */
export interface Judgement {
  claims: Claim[];
  excluded: { rule: string; key: string }[];
}

/** All that must be understood of a device; undefined: it has nothing to do with safety. */
export function judge(device: Device): Judgement | undefined {
  const judged = device.features.flatMap((feature) => {
    const family = feature.name === 'action' ? undefined : familyOf(feature);
    return family === undefined ? [] : [{ feature, family, rule: exclusionOf(feature, device) }];
  });
  const actions = device.features
    .filter(({ name }) => name === 'action')
    .flatMap((one) => actionClaims(device, one));
  const primary = judged.some(({ family, rule }) => family.primary && rule === undefined);
  if (!primary && actions.length === 0) return undefined;
  return {
    claims: [
      ...judged.filter(({ rule }) => rule === undefined).flatMap((one) => claimsOf(device, one)),
      ...actions,
    ],
    excluded: judged.flatMap(({ feature, rule }) =>
      rule === undefined ? [] : [{ rule, key: feature.property ?? '' }],
    ),
  };
}

/** Every value that a key may have. */
export function valuesOf({ type, name, value_on, value_off, values }: Judged): unknown[] {
  if (type === 'binary') return [value_on, value_off];
  if (type === 'enum') return values ?? [];
  if (type === 'text') return ['normal', 'alarm_muted | fault_muted', 'power_fault'];
  return name === 'battery' ? [100, 5] : [];
}

function claimsOf(device: Device, { feature, family }: { feature: Judged; family: Family }): Claim[] {
  return valuesOf(feature).map((value) => {
    const meaning = meaningOf(feature, family, value, device);
    return { device, family: family.name, feature, value, meaning };
  });
}

function actionClaims(device: Device, feature: Judged): Claim[] {
  return (feature.values ?? []).flatMap((value) => {
    const meaning = actionMeaning(String(value), device);
    if (meaning === undefined) return [];
    const type = meaning.says === 'alarm' ? meaning.type : '';
    const family =
      type === 'EMG.PANIC' ? 'panic' : type.startsWith('INT.') ? 'vibration' : 'lock or keypad action';
    return [{ device, family, feature, value, meaning }];
  });
}
