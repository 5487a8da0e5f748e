import { gunzipSync, inflateSync } from 'node:zlib';
import sparkplug from 'sparkplug-payload/lib/sparkplugPayloadProto.js';
import { type Decoded, MAX_PAYLOAD_BYTES, tooLong } from '../payload.ts';
import type { Aliases } from './aliases.ts';

const { Payload } = sparkplug.org.eclipse.tahu.protobuf;
type Payload = InstanceType<typeof Payload>;
type Metric = Payload['metrics'][number];

/** Uuid of a payload whose body is a compressed payload (Sparkplug 3.0 section 6.4.7 of the JavaScript library). */
const COMPRESSED = 'SPBV1.0_COMPRESSED';
/** Metrics of one message that are read; the births of large controllers have some hundred. */
const MAX_METRICS = 2_048;
/** Longest name; what has a longer one is not read. */
const MAX_NAME = 200;
/** In the place of what is no single value: an input that has it says nothing that is understood. */
const UNREAD = '(no single value)';
const NO_BIRTH = 'metrics have an alias that no birth named; ask the node for a birth (command "rebirth")';
/** Moments of history in one message that are told apart. */
const MAX_MOMENTS = 256;

/**
 * Reads a Sparkplug B payload: `{<metric name>: value}` and, under `sparkplug`, its `seq` and `timestamp`. Metrics
 * flagged as historical are history; what comes twice comes in two bodies, in order. A name is remembered by the alias that its birth gives it; what has an alias that
 * no birth named could be anything: it is left out and counted, here and as `sparkplug.unnamed`. Arrays, data sets,
 * templates and bytes are a text that says so. Never throws.
 */
export function decodeSparkplug(payload: Uint8Array, aliases: Aliases): Decoded {
  const long = tooLong(payload);
  if (long !== undefined) return long;
  if (payload.length === 0) return { empty: true };
  let read: Payload;
  try {
    read = uncompressed(Payload.decode(payload));
  } catch {
    // a malformed payload, or one nested deeper than the stack
    return { fault: 'payload is no Sparkplug B message' };
  }
  const { metrics } = read;
  if (metrics.length > MAX_METRICS)
    return { fault: `payload has ${metrics.length} metrics; more than ${MAX_METRICS} are not read` };
  return bodiesOf(read, namesOf(metrics, aliases));
}

function uncompressed(payload: Payload): Payload {
  if (payload.uuid !== COMPRESSED) return payload;
  const algorithm = payload.metrics.find(({ name }) => name === 'algorithm')?.stringValue ?? 'DEFLATE';
  const limit = { maxOutputLength: MAX_PAYLOAD_BYTES };
  const bytes =
    algorithm.toUpperCase() === 'GZIP' ? gunzipSync(payload.body, limit) : inflateSync(payload.body, limit);
  return Payload.decode(bytes);
}

/** The name of each metric; those that come with an alias are remembered. */
function namesOf(metrics: readonly Metric[], aliases: Aliases): (string | undefined)[] {
  const named = new Map<string, string>();
  for (const metric of metrics) {
    const alias = aliasOf(metric);
    if (isName(metric.name) && alias !== undefined) named.set(alias, metric.name);
  }
  if (named.size > 0) aliases.nameAliases(named);
  return metrics.map((metric) => {
    if (isName(metric.name)) return metric.name;
    const alias = aliasOf(metric);
    return alias === undefined ? undefined : (named.get(alias) ?? aliases.alias(alias));
  });
}

function isUnnamed(metric: Metric, name: string | undefined): boolean {
  return name === undefined && !metric.name && aliasOf(metric) !== undefined;
}

/** What is not sent reads as 0 in the library. */
function aliasOf(metric: Metric): string | undefined {
  const { alias } = metric;
  return Object.hasOwn(metric, 'alias') && alias !== undefined && alias !== null ? String(alias) : undefined;
}

function isName(name: string | null | undefined): name is string {
  return typeof name === 'string' && name !== '' && name !== '__proto__' && name.length <= MAX_NAME;
}

function bodiesOf({ metrics, seq, timestamp }: Payload, names: readonly (string | undefined)[]): Decoded {
  let body: Record<string, unknown> = {};
  const earlier: Record<string, unknown>[] = [];
  const moments = new Map<string, Record<string, unknown>>();
  for (const [i, metric] of metrics.entries()) {
    const name = names[i];
    const value = readValue(metric);
    if (name === undefined) continue;
    if (metric.isHistorical !== true) {
      // a press that came and went within one message is told, in its order
      if (Object.hasOwn(body, name) && earlier.length < MAX_MOMENTS) {
        earlier.push(body);
        body = {};
      }
      body[name] = value;
      continue;
    }
    const at = String(metric.timestamp ?? 0);
    const moment = moments.get(at) ?? { sparkplug: { timestamp: numberOf(metric.timestamp) } };
    if (moments.size < MAX_MOMENTS || moments.has(at)) moments.set(at, moment);
    moment[name] = value;
  }
  const unnamed = metrics.filter((metric, i) => isUnnamed(metric, names[i])).length;
  const head = { seq: numberOf(seq), timestamp: numberOf(timestamp), ...(unnamed > 0 && { unnamed }) };
  for (const one of [...earlier, body]) one.sparkplug = head;
  return {
    body,
    ...(earlier.length > 0 && { earlier }),
    ...(moments.size > 0 && { history: [...moments.values()] }),
    ...(unnamed > 0 && { left: { count: unnamed, why: NO_BIRTH } }),
  };
}

/** Null where the device says so. */
function readValue(metric: Metric): string | number | boolean | null {
  if (metric.isNull === true) return null;
  const { datatype } = metric;
  switch (datatype) {
    case 1:
      return int(metric.intValue, 8) ?? UNREAD;
    case 2:
      return int(metric.intValue, 16) ?? UNREAD;
    case 3:
      return int(metric.intValue, 32) ?? UNREAD;
    case 4:
      return long(metric.longValue, true) ?? UNREAD;
    default:
  }
  for (const value of [
    metric.booleanValue,
    metric.stringValue,
    metric.intValue,
    metric.floatValue,
    metric.doubleValue,
  ]) {
    if (value !== undefined && value !== null) return value;
  }
  return metric.longValue === undefined || metric.longValue === null
    ? UNREAD
    : (long(metric.longValue, false) ?? UNREAD);
}

/** Signed integers come as unsigned ones of 32 bits. */
function int(value: number | null | undefined, bits: 8 | 16 | 32): number | undefined {
  return value === undefined || value === null ? undefined : (value << (32 - bits)) >> (32 - bits);
}

type Long = NonNullable<Metric['longValue']>;

/** A number where JavaScript holds it exactly, else its digits. */
function long(value: Long | null | undefined, signed: boolean): number | string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number') return value;
  const whole = signed ? value.toSigned() : value.toUnsigned();
  const number = whole.toNumber();
  return Number.isSafeInteger(number) ? number : whole.toString();
}

function numberOf(value: Long | null | undefined): number | string | undefined {
  return long(value, false);
}

/**
 * A Sparkplug B payload of these metrics, for a command: true and false as Boolean, whole numbers as Int64, others as
 * Double, texts as String. `sentAt` in ms since 1970.
 */
export function encodeSparkplug(values: Readonly<Record<string, unknown>>, sentAt: number): Buffer {
  const metrics = Object.entries(values).map(([name, value]) => ({
    name,
    timestamp: sentAt,
    ...encodedValue(value),
  }));
  return Buffer.from(Payload.encode({ timestamp: sentAt, metrics }).finish());
}

function encodedValue(value: unknown) {
  if (typeof value === 'boolean') return { datatype: 11, booleanValue: value };
  if (typeof value === 'number')
    return Number.isSafeInteger(value)
      ? { datatype: 4, longValue: value }
      : { datatype: 10, doubleValue: value };
  return { datatype: 12, stringValue: String(value) };
}
