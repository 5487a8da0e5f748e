import { eventType, eventTypes } from '../contract/event-type.ts';
import { nearest } from '../contract/nearest.ts';
import type { DeviceInput } from '../contract/site.ts';
import { inputNameFault } from './input-name.ts';
import type { ProfileDefinition, SettingDefinition } from './profile-schema.ts';
import { durationMs } from './schema-parts.ts';

/** What the registry says of one device: its settings, and its inputs under `inputs`. */
export type Settings = Readonly<Record<string, unknown>> & {
  readonly inputs?: Readonly<Record<string, DeviceInput>>;
};

/** One thing wrong in a device's settings; `path` such as `settings.press.double`. */
export interface SettingFault {
  path: string;
  /** What is wrong, then after a semicolon what to do. */
  message: string;
}

/** The value of a setting, or its default. */
export type SettingReader = (settings: Settings) => unknown;

/** Reads a setting of a profile that `lint` has found to exist. */
export function compileSetting(settings: ProfileDefinition['settings'], name: string): SettingReader {
  const fallback = settings[name]?.default;
  return (given) => (Object.hasOwn(given, name) ? given[name] : fallback);
}

/** Reads one value of a table setting: the device's own entry, else the profile's; keys without regard to case. */
export function compileTable(
  settings: ProfileDefinition['settings'],
  name: string,
): (given: Settings, key: string) => unknown {
  const defaults = tableOf(settings[name]?.default);
  return (given, key) => {
    const own = Object.hasOwn(given, name) ? given[name] : undefined;
    const folded = foldKey(key);
    if (isTable(own)) {
      if (Object.hasOwn(own, key)) return own[key];
      const meant = foldedTable(own).get(folded);
      if (meant !== undefined) return meant;
    }
    return defaults.get(folded);
  };
}

const folded = new WeakMap<object, ReadonlyMap<string, unknown>>();

/** Settings do not change in place: a table is folded once. */
function foldedTable(table: Record<string, unknown>): ReadonlyMap<string, unknown> {
  const known = folded.get(table) ?? tableOf(table);
  folded.set(table, known);
  return known;
}

function tableOf(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(isTable(value) ? Object.entries(value).map(([key, v]) => [foldKey(key), v]) : []);
}

/** `0x4AF10A` is `4af10a`, `Short_press` is `short press`: as one person writes a code and another device sends it. */
function foldKey(key: string): string {
  return key
    .trim()
    .toLowerCase()
    .replace(/^0x(?=[\da-f]+$)/, '')
    .replaceAll('_', ' ');
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Everything wrong in what the registry says of a device of this profile, each with what to write instead. */
export function checkSettings(
  profile: Pick<ProfileDefinition, 'settings' | 'meanings' | 'inputs'>,
  given: Settings,
): SettingFault[] {
  const faults: SettingFault[] = [];
  for (const [name, value] of Object.entries(given)) {
    if (name === 'inputs') continue;
    const setting = Object.hasOwn(profile.settings, name) ? profile.settings[name] : undefined;
    if (setting === undefined) {
      const names = Object.keys(profile.settings);
      const hint = names.length === 0 ? 'this profile has none' : choice(name, names);
      faults.push({ path: `settings.${name}`, message: `no such setting; ${hint}` });
    } else {
      faults.push(...checkSetting(profile.meanings, setting, value, `settings.${name}`));
    }
  }
  for (const [input, { means }] of Object.entries(given.inputs ?? {})) {
    const fault = inputNameFault(profile.inputs, input);
    if (fault !== undefined) faults.push({ path: `inputs.${input}`, message: fault });
    if (means === undefined || Object.hasOwn(profile.meanings, means)) continue;
    const meanings = Object.keys(profile.meanings);
    const hint = meanings.length === 0 ? 'its inputs have no meanings' : choice(means, meanings);
    faults.push({
      path: `inputs.${input}.means`,
      message: `"${means}" is no meaning of this profile; ${hint}`,
    });
  }
  return faults;
}

/** Checks one value, a device's or the default of the profile itself. */
export function checkSetting(
  meanings: ProfileDefinition['meanings'],
  setting: SettingDefinition,
  value: unknown,
  path: string,
): SettingFault[] {
  const { type, minimum, maximum } = setting;
  if (!isOfType(type, value)) {
    return [{ path, message: `must be ${withArticle(type)} (is ${JSON.stringify(value)})` }];
  }
  if (setting.enum !== undefined && !setting.enum.includes(value as string)) {
    const near = nearest(
      String(value),
      setting.enum.filter((word) => typeof word === 'string'),
    );
    const hint = near === undefined ? '' : `; did you mean "${near}"?`;
    const words = setting.enum.map(String).join(', ');
    return [{ path, message: `must be one of ${words} (is ${JSON.stringify(value)})${hint}` }];
  }
  if (typeof value === 'number') {
    if (minimum !== undefined && value < minimum) return [{ path, message: `must be at least ${minimum}` }];
    if (maximum !== undefined && value > maximum) return [{ path, message: `must be at most ${maximum}` }];
  }
  if (setting.format === 'duration')
    return durationMs(value) === undefined ? [{ path, message: 'must be a duration; write e.g. 25h' }] : [];
  if (setting.format !== 'meaning') return [];
  const wanted: [string, unknown][] = isTable(value)
    ? Object.entries(value).map(([key, v]) => [`${path}.${key}`, v])
    : [[path, value]];
  return wanted.flatMap(([at, v]) =>
    isMeaning(meanings, v) ? [] : [{ path: at, message: noMeaning(meanings, v) }],
  );
}

function isMeaning(meanings: ProfileDefinition['meanings'], value: unknown): boolean {
  return typeof value === 'string' && (Object.hasOwn(meanings, value) || eventType(value) !== undefined);
}

function noMeaning(meanings: ProfileDefinition['meanings'], value: unknown): string {
  const names = Object.keys(meanings);
  const codes = eventTypes.map(({ code }) => code);
  const near = typeof value === 'string' ? (nearest(value, names) ?? nearest(value, codes)) : undefined;
  const others = names.length === 0 ? '' : ` or one of ${names.join(', ')}`;
  const hint = near === undefined ? `write an event type${others}` : `did you mean "${near}"?`;
  return `${JSON.stringify(value)} is no meaning; ${hint}`;
}

function choice(text: string, words: readonly string[]): string {
  const near = nearest(text, words);
  return near === undefined ? `write one of ${words.join(', ')}` : `did you mean "${near}"?`;
}

function isOfType(type: SettingDefinition['type'], value: unknown): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'number') return typeof value === 'number' && Number.isFinite(value);
  if (type === 'object') return isTable(value);
  return typeof value === type;
}

function withArticle(type: string): string {
  return type === 'integer' || type === 'object' ? `an ${type}` : `a ${type}`;
}
