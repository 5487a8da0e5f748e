import type { Edge } from '../contract/event.ts';
import type { Unit } from '../contract/reading.ts';
import { compileValue, normaliseValue } from './compare.ts';
import { compileFields, type Field } from './compile-map.ts';
import { compileDecoder, type Decoder } from './decoders/registry.ts';
import type { TimeFormat } from './device-time.ts';
import { expandMap, type MapEntry } from './expand-map.ts';
import { compileFieldsOf } from './fields-of.ts';
import type { FormDefinition } from './form-schema.ts';
import { type KnownKeys, knownKeys } from './known-keys.ts';
import { readsMasked } from './mask.ts';
import { compileDivide, type Divide } from './message-bodies.ts';
import { compilePath, type Getter } from './own-path.ts';
import { concerns } from './place.ts';
import type { ProfileDefinition } from './profile-schema.ts';
import { type Conversion, plain } from './readings.ts';
import { compileFirst, compileReference, type Reader } from './reference.ts';
import { durationMs } from './schema-parts.ts';
import { compileSetting, type Settings } from './settings.ts';
import { type Captures, compileTopic, type TopicPattern } from './topic-pattern.ts';

/** One form of a profile's messages, ready to apply. */
export interface CompiledForm {
  readonly name: string | undefined;
  readonly topic: TopicPattern;
  readonly has: readonly Getter[];
  /** Under which a plain text is read. */
  readonly text: string | undefined;
  readonly is: readonly { readonly read: Getter; readonly values: ReadonlySet<unknown> }[];
  /** A message without payload is read as `{}`. */
  readonly empty: boolean;
  /** It takes only messages with some keys or values. */
  readonly asks: boolean;
  readonly ignore: boolean;
  readonly skip: boolean;
  readonly decoder: Decoder;
  /** Takes the payload apart; undefined: it is the only body. */
  readonly divide: Divide | undefined;
  /** Something in the profile reads captures of the topic: they must be this form's own. */
  readonly readsCaptures: boolean;
  /** What may be read of a body, in order. */
  readonly fieldsOf: (body: object) => readonly Field[];
  /** Keys of a body that the profile does not name, and those that it does not read by themselves. */
  readonly keys: KnownKeys;
}

/** A yes/no of the payload: test mode, history. */
export interface Flag {
  readonly read: Reader;
  readonly values: ReadonlySet<unknown>;
}

export interface CompiledReading extends Conversion {
  readonly name: string;
  readonly read: Reader;
  readonly unit: Unit | undefined;
  readonly unitOf: Reader | undefined;
  /** How other units become ours, by the unit in lower case. */
  readonly units: ReadonlyMap<string, Conversion> | undefined;
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
  readonly heartbeatMs: (settings: Settings) => number | undefined;
  readonly republishes: boolean;
  /** Same `dedupKey` within this time is one event. */
  readonly dedupWindowMs: number;
  readonly dedupBy: readonly (Reader | 'time' | 'said-time')[];
  /** Edges whose events have a key; undefined: all. */
  readonly dedupEdges: ReadonlySet<Edge> | undefined;
  readonly forms: readonly CompiledForm[];
  readonly tests: readonly (Flag & { readonly forMs: number; readonly sticky: boolean })[];
  readonly late: Flag | undefined;
  readonly time:
    | {
        readonly read: Reader;
        readonly format: TimeFormat;
        /** An old time of a clock in sync proves that the message is late. */
        readonly provesLate: boolean;
      }
    | undefined;
  readonly readings: readonly CompiledReading[];
  /** Where it was read. */
  readonly file: string;
  readonly origin: 'builtin' | 'site';
  /** `map` written out: lists of paths one by one, code tables row by row. */
  readonly entries: readonly MapEntry[];
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
  const entries = expandMap(definition);
  const { samples: _samples, ...read } = definition;
  const readsCaptures = /["{:]\$[a-z]/.test(JSON.stringify(read));
  const forms = definition.match.map((form) => compileForm(definition, form, entries, readsCaptures));
  const profile: CompiledProfile = {
    id: definition.id,
    version: definition.version,
    source: definition.source,
    bridge: definition.bridge,
    heartbeatMs: compileHeartbeat(definition),
    republishes: definition.republishes,
    dedupWindowMs: definition.dedup?.window ?? 600_000,
    dedupBy: (definition.dedup?.by ?? []).map((by) =>
      by === 'time' || by === 'said-time' ? by : compileDedup(definition, by.slice(5)),
    ),
    dedupEdges: definition.dedup?.edges === undefined ? undefined : new Set(definition.dedup.edges),
    forms,
    entries,
    tests: definition.test.map((test) => ({
      ...compileTestFlag(test),
      forMs: test.for,
      sticky: test.sticky === true,
    })),
    late: definition.late === undefined ? undefined : compileFlag(definition.late, compileReference),
    time:
      definition.time === undefined
        ? undefined
        : {
            read: compileFirst([definition.time.path].flat()),
            format: definition.time.format,
            provesLate: definition.time.late !== false,
          },
    readings: definition.readings
      .filter(({ path }) => !readsMasked(definition.mask, path))
      .map(compileReading),
    file,
    origin,
    definition,
    match(channel) {
      for (const form of forms) {
        const captures = form.topic.match(channel);
        if (captures === undefined) continue;
        if (form.skip) return undefined;
        const deviceKey = isNamedByTopic(definition) ? fillTemplate(definition.device, captures) : '';
        const ignore = form.ignore && !form.asks;
        return { profile, deviceKey, captures, ignore, weight: form.topic.weight };
      }
      return undefined;
    },
    filters(deviceKey) {
      if (!isNamedByTopic(definition)) return { publish: [], subscribe: [] };
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

/** Does the topic say which device speaks? Otherwise its adapter does. */
export function isNamedByTopic({ source }: Pick<ProfileDefinition, 'source'>): boolean {
  return source === 'mqtt';
}

function compileForm(
  profile: ProfileDefinition,
  form: FormDefinition,
  entries: readonly MapEntry[],
  readsCaptures: boolean,
): CompiledForm {
  const silent = form.ignore === true || form.skip === true;
  const here = silent ? [] : entries.filter((entry) => concerns(entry, form.name));
  const known = knownKeys(profile, form, here);
  let fieldsOf: CompiledForm['fieldsOf'] | undefined;
  return {
    name: form.name,
    topic: compileTopic(form.topic),
    has: (form.has ?? []).map(compilePath),
    is: Object.entries(form.is ?? {}).map(([path, values]) => compileFlag({ path, in: values }, compilePath)),
    text: form.text,
    empty: form.empty === true,
    asks: form.has !== undefined || form.is !== undefined,
    ignore: form.ignore === true,
    skip: form.skip === true,
    decoder: compileDecoder(form),
    divide: compileDivide(form),
    readsCaptures,
    fieldsOf: (body) => {
      // at the first message: a campus has devices of some few profiles
      fieldsOf ??= compileFieldsOf(compileFields(profile, here, known.names));
      return fieldsOf(body);
    },
    keys: known,
  };
}

function compileFlag<R>(
  flag: { path: string; in: readonly unknown[] },
  compile: (path: string) => R,
): { read: R; values: ReadonlySet<unknown> } {
  return { read: compile(flag.path), values: new Set(flag.in.map(normaliseValue)) };
}

/** Of several elements one that is being tested speaks for all. */
function compileTestFlag(test: ProfileDefinition['test'][number]): Flag {
  const flag = compileFlag(test, (path) => compileValue({ ...test, path }));
  if (test.each === undefined) return flag;
  const list = compilePath(test.each);
  return {
    values: flag.values,
    read: (body, scope) => {
      const elements = list(body);
      if (typeof elements !== 'object' || elements === null) return undefined;
      const said = Object.values(elements).map((element) => flag.read(element, scope));
      return (
        said.find((value) => flag.values.has(normaliseValue(value))) ?? said.find((v) => v !== undefined)
      );
    },
  };
}

function compileReading(reading: ProfileDefinition['readings'][number]): CompiledReading {
  const { name, path, unit, scale, offset, unitPath, units } = reading;
  return {
    name,
    read: compileReference(path),
    unit,
    scale,
    offset,
    unitOf: unitPath === undefined ? undefined : compileReference(unitPath),
    units:
      units === undefined
        ? undefined
        : new Map(Object.entries(units).map(([said, conversion]) => [plain(said), conversion])),
  };
}

/** What is masked is no key of an event. */
function compileDedup({ mask }: ProfileDefinition, path: string): Reader {
  return readsMasked(mask, path) ? () => undefined : compileReference(path);
}

function compileHeartbeat({ heartbeat, settings }: ProfileDefinition): CompiledProfile['heartbeatMs'] {
  if (typeof heartbeat !== 'object') return () => heartbeat;
  const read = compileSetting(settings, heartbeat.setting);
  const fallback = durationMs(read({}));
  return (given) => durationMs(read(given)) ?? fallback;
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

/** Does an entry concern any form that is read? */
export function isReachable(profile: ProfileDefinition, entry: Pick<MapEntry, 'on'>): boolean {
  return profile.match.some(
    (form) => form.ignore !== true && form.skip !== true && concerns(entry, form.name),
  );
}
