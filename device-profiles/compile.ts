import type { Unit } from '../contract/reading.ts';
import { compileFields, concerns, type Field, normaliseValue } from './compile-map.ts';
import type { TimeFormat } from './device-time.ts';
import { isMasked } from './mask.ts';
import { compilePath, type Getter } from './own-path.ts';
import type { FormDefinition, ProfileDefinition } from './profile-schema.ts';
import type { Settings } from './settings.ts';
import { type Captures, compileTopic, type TopicPattern } from './topic-pattern.ts';

/** One form of a profile's messages, ready to apply. */
export interface CompiledForm {
  readonly name: string | undefined;
  readonly topic: TopicPattern;
  readonly has: readonly Getter[];
  readonly text: string | undefined;
  readonly ignore: boolean;
  readonly skip: boolean;
  readonly fields: readonly Field[];
  /** First keys of all its paths, and `known`: a message of nothing else is not worth a report. */
  readonly knownKeys: ReadonlySet<string>;
}

/** A yes/no of the payload: test mode, history. */
export interface Flag {
  readonly read: Getter;
  readonly values: ReadonlySet<unknown>;
}

export interface CompiledReading {
  readonly name: string;
  readonly read: Getter;
  readonly unit: Unit | undefined;
  readonly scale: number | undefined;
  readonly unitOf: Getter | undefined;
}

/** A profile whose message is on a topic, and the device it speaks of. */
export interface ProfileMatch {
  readonly profile: CompiledProfile;
  /** What the device is called on its transport: the `key` of the registry. */
  readonly deviceKey: string;
  readonly captures: Captures;
  /** A command or an echo: never worth a place in the inbox of unknown devices. */
  readonly ignore: boolean;
  /** Literal characters of the topic pattern: the more, the more specific. */
  readonly weight: number;
}

/** A profile ready to apply. Immutable. */
export interface CompiledProfile {
  readonly id: string;
  readonly version: number;
  readonly source: string;
  /** A device of this profile is a bridge: its SYS.GATEWAY_DOWN makes the devices behind it unknown. */
  readonly bridge: boolean;
  /** Longest healthy silence of a device with these settings, milliseconds; undefined: its silence says nothing. */
  readonly heartbeatMs?: (settings: Settings) => number | undefined;
  readonly republishes: boolean;
  /** Same `dedupKey` within this time is one event. */
  readonly dedupWindowMs: number;
  readonly dedupBy: readonly (Getter | 'time')[];
  readonly forms: readonly CompiledForm[];
  readonly tests: readonly (Flag & { readonly forMs: number })[];
  readonly late: Flag | undefined;
  readonly time: { readonly read: Getter; readonly format: TimeFormat } | undefined;
  readonly readings: readonly CompiledReading[];
  /** Where it was read. */
  readonly file: string;
  readonly origin: 'builtin' | 'site';
  /** As it was written: settings and meanings for forms, masks, samples. */
  readonly definition: ProfileDefinition;
  /** The first form on this topic; undefined when the topic is none of this profile. */
  match(channel: string): ProfileMatch | undefined;
  /** MQTT filters a device's account may publish to, and subscribe to, by default. */
  filters(deviceKey: string): { publish: string[]; subscribe: string[] };
}

/** Compiles a definition that the schema accepted. Throws never: what the schema cannot see, `lint` reports. */
export function compileProfile(
  definition: ProfileDefinition,
  file: string,
  origin: CompiledProfile['origin'],
): CompiledProfile {
  const forms = definition.match.map((form) => compileForm(definition, form));
  const profile: CompiledProfile = {
    id: definition.id,
    version: definition.version,
    source: definition.source,
    bridge: definition.bridge,
    republishes: definition.republishes,
    dedupWindowMs: definition.dedup?.window ?? 600_000,
    dedupBy: (definition.dedup?.by ?? []).map((by) => (by === 'time' ? 'time' : compilePath(by.slice(5)))),
    forms,
    tests: definition.test.map((test) => ({ ...compileFlag(test), forMs: test.for })),
    late: definition.late === undefined ? undefined : compileFlag(definition.late),
    time:
      definition.time === undefined
        ? undefined
        : { read: compilePath(definition.time.path), format: definition.time.format },
    readings: definition.readings
      .filter(({ path }) => !isMasked(definition.mask, path))
      .map(({ path, name, unit, scale, unitPath }) => ({
        name,
        read: compilePath(path),
        unit,
        scale,
        unitOf: unitPath === undefined ? undefined : compilePath(unitPath),
      })),
    file,
    origin,
    definition,
    match(channel) {
      for (const form of forms) {
        const captures = form.topic.match(channel);
        if (captures === undefined) continue;
        if (form.skip) return undefined;
        const deviceKey = fillTemplate(definition.device, captures);
        return { profile, deviceKey, captures, ignore: form.ignore, weight: form.topic.weight };
      }
      return undefined;
    },
    filters(deviceKey) {
      const own = forms
        .filter((form) => !form.ignore && !form.skip)
        .map((form) => filterOf(definition, form, deviceKey));
      const key = (filter: string) => fillTemplate(filter, { device: deviceKey });
      return {
        publish: definition.publishes?.map(key) ?? [...new Set(own)],
        subscribe: definition.subscribes?.map(key) ?? [],
      };
    },
  };
  return profile;
}

function compileForm(profile: ProfileDefinition, form: FormDefinition): CompiledForm {
  const silent = form.ignore === true || form.skip === true;
  return {
    name: form.name,
    topic: compileTopic(form.topic),
    has: (form.has ?? []).map(compilePath),
    text: form.text,
    ignore: form.ignore === true,
    skip: form.skip === true,
    fields: silent ? [] : compileFields(profile, form.name),
    knownKeys: knownKeysOf(profile, form),
  };
}

function compileFlag(flag: { path: string; in: readonly unknown[] }): Flag {
  return { read: compilePath(flag.path), values: new Set(flag.in.map(normaliseValue)) };
}

/** Puts captures into `{name}` of a text. */
function fillTemplate(template: string, captures: Captures): string {
  return template.replace(/\{([a-z][a-z0-9_]*)\}/g, (text, name: string) => captures[name] ?? text);
}

function filterOf(profile: ProfileDefinition, form: CompiledForm, deviceKey: string): string {
  const whole = /^\{([a-z][a-z0-9_]*)\}$/.exec(profile.device)?.[1];
  const captures = whole === undefined ? {} : { [whole]: deviceKey };
  const filter = form.topic.fill(captures, (_name, multi) => (multi ? '#' : '+'));
  // `#` is allowed at the end only
  return filter.replace(/#.+$/, '#');
}

function knownKeysOf(profile: ProfileDefinition, form: FormDefinition): Set<string> {
  const entries = profile.map.filter((entry) => concerns(entry, form.name));
  const paths = [
    ...entries.map(({ each, when }) => (typeof each === 'object' ? each.in : (each ?? when.path))),
    ...profile.readings.flatMap(({ path, unitPath }) => [path, unitPath]),
    ...profile.test.map(({ path }) => path),
    ...(form.has ?? []),
    profile.time?.path,
    profile.late?.path,
    ...(profile.dedup?.by ?? []).map((by) => (by === 'time' ? undefined : by.slice(5))),
    ...profile.mask,
    ...profile.known,
  ];
  return new Set(paths.flatMap((path) => path?.split('.')[0] ?? []));
}

/** Does an entry of `map` concern any form that is read? */
export function isReachable(profile: ProfileDefinition, index: number): boolean {
  const entry = profile.map[index];
  return (
    entry !== undefined &&
    profile.match.some((form) => form.ignore !== true && form.skip !== true && concerns(entry, form.name))
  );
}
