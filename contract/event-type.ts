import { z } from 'zod';
import { kindSchema, laneSchema, severitySchema } from './event.ts';
import data from './event-types.json' with { type: 'json' };
import { nearest } from './nearest.ts';

/** Version of the closed list `event-types.json`; it rises with every added or changed type. */
export const EVENT_TYPES_VERSION = 1;

/** Code of an event type, such as `FIR.SMOKE`; plain string: receivers store what they do not know. */
export type EventTypeCode = string;

/** One entry of the list: everything that follows from the type and not from the single event. */
export const eventTypeSchema = z.strictObject({
  /** Family and name, for ever the same meaning. */
  code: z.string().regex(/^[A-Z]{3,4}\.[A-Z0-9]+(?:_[A-Z0-9]+)*$/),
  zh: z.string().min(1),
  en: z.string().min(1),
  /** `alarm`, `tamper`, `fault` and `request` open alarms; `event` and `record` do not. */
  kind: kindSchema,
  /** Default, 1 most urgent to 4; a single event may carry another. */
  severity: severitySchema,
  /** Follows from kind and default severity; a raised severity keeps its lane. */
  lane: laneSchema,
  /** A raise is always shown and sounded once, whatever its freshness. */
  lifeSafety: z.boolean(),
  /** Holds until a person resets it (GB 50394-2007 5.2.3). */
  latching: z.boolean(),
  /** False: no disarming, schedule or bypass silences it. */
  disarmable: z.boolean(),
  /** True: no sound, light, relay or screen at the place itself; absent means false. */
  silent: z.boolean().optional(),
  /** Has a raise and a clear; false means momentary. */
  stateful: z.boolean(),
  /** What leaves the campus: the event, its count, nothing. */
  uplink: z.enum(['full', 'count', 'none']),
  /** Codes of other systems by name: `contactId`, `gb28181`, `gb28181DeviceType`, `gb26875`, `ga669_7`. */
  codes: z.record(z.string(), z.string()),
});
/** An entry of `eventTypes`. */
export type EventType = Readonly<z.infer<typeof eventTypeSchema>>;

/** The closed list, in its order. Frozen; a malformed list throws when this module is loaded. */
export const eventTypes: readonly EventType[] = z.array(eventTypeSchema.readonly()).readonly().parse(data);

const byCode: ReadonlyMap<EventTypeCode, EventType> = new Map(eventTypes.map((type) => [type.code, type]));

/** The type of a code, undefined if it is not in the list. O(1), no allocation: called for every event. */
export function eventType(code: EventTypeCode): EventType | undefined {
  return byCode.get(code);
}

/**
 * A code of the list, for what people write (profiles, rules, commands). The message names the nearest code.
 * Not for what arrives from another gateway: unknown types there are stored, never refused.
 */
export const eventTypeCodeSchema = z.enum([...byCode.keys()], {
  error: (issue) => `"${String(issue.input)}" is no event type; ${suggest(String(issue.input))}`,
});

function suggest(text: string): string {
  const wanted = text.trim().toUpperCase();
  const near = nearest(wanted, byCode.keys());
  if (near !== undefined) return `did you mean "${near}"?`;
  const family = eventTypes.filter((type) => type.code.startsWith(`${wanted.split('.', 1)[0]}.`));
  if (family.length > 0) return `write one of ${family.map((type) => type.code).join(', ')}`;
  return 'write a code of contract/event-types.json, such as "FIR.SMOKE"';
}
