import { z } from 'zod';
import {
  clockSchema,
  type Event,
  edgeSchema,
  freshnessSchema,
  gatewayClock,
  instantSchema,
  kindSchema,
  laneSchema,
  mediaSchema,
  modeSchema,
  type Origin,
  originSchema,
  severitySchema,
} from './event.ts';
import { readingSchema } from './reading.ts';

/**
 * The stored and travelling form of an event: CloudEvents 1.0, structured JSON.
 * What a router needs are lower-case extensions at the top; the rest is `data`. Unknown fields are kept.
 */
export const cloudEventSchema = z.looseObject({
  specversion: z.literal('1.0'),
  id: z.string(),
  /** `/{region}/{school}/{gateway}` */
  source: z.string(),
  type: z.string(),
  /** When it happened (`occurredAt`), UTC. */
  time: instantSchema,
  /** Slot, else device (with `#input`), else gateway. */
  subject: z.string().optional(),
  lane: laneSchema,
  seq: z.number().int().positive(),
  kind: z.string(),
  severity: z.number().int().min(1).max(4),
  edge: z.string(),
  mode: z.string(),
  freshness: z.string(),
  data: z.looseObject({
    v: z.number().int(),
    receivedAt: instantSchema,
    clock: clockSchema,
    origin: originSchema,
    input: z.string().optional(),
    readings: z.array(readingSchema).optional(),
    media: z.array(mediaSchema).optional(),
    dedupKey: z.string().optional(),
    cause: z.array(z.string()).optional(),
    data: z.record(z.string(), z.unknown()).optional(),
  }),
});
export type CloudEvent = z.infer<typeof cloudEventSchema>;

/** Strict form for what this gateway itself writes. Receivers accept the loose form. */
export const ownCloudEventSchema = cloudEventSchema.extend({
  kind: kindSchema,
  severity: severitySchema,
  edge: edgeSchema,
  mode: modeSchema,
  freshness: freshnessSchema,
});

/**
 * What an alarm is about, and the CloudEvents subject: slot, else device (with its input), else what a gateway's own
 * event names as `input` (a recipient), else the gateway.
 */
export function subjectOf(event: Pick<Event, 'origin' | 'input'>): string {
  const { slot, device, gateway } = event.origin;
  if (slot !== undefined) return slot;
  if (device === undefined) return event.input ?? gateway;
  return event.input === undefined ? device : `${device}#${event.input}`;
}

const gatewayClockText = JSON.stringify(gatewayClock);

/** What origin and input contribute to a body: the same for all events of an input, so made once. */
export interface BodyParts {
  readonly source: string;
  readonly subject: string;
  readonly origin: string;
}

export function bodyParts(origin: Origin, input: string | undefined): BodyParts {
  const { region, school, gateway } = origin;
  const subject = subjectOf(input === undefined ? { origin } : { origin, input });
  return {
    source: `","source":${JSON.stringify(`/${region}/${school}/${gateway}`)},"type":"`,
    subject: `","subject":${JSON.stringify(subject)},"lane":"`,
    origin: `,"origin":${JSON.stringify(origin)}${input === undefined ? '' : `,"input":${JSON.stringify(input)}`}`,
  };
}

/**
 * The one serialisation of an event: these bytes are stored, hashed and sent; nothing re-serialises them.
 * Put together by hand, as `JSON.stringify` would write it, in a third of the time: what is quoted here comes from
 * closed lists or is an instant or an id.
 */
export function encodeBody(event: Event, parts = bodyParts(event.origin, event.input)): string {
  let rest = parts.origin;
  if (event.readings !== undefined) rest += `,"readings":${JSON.stringify(event.readings)}`;
  if (event.media !== undefined) rest += `,"media":${JSON.stringify(event.media)}`;
  if (event.dedupKey !== undefined) rest += `,"dedupKey":${JSON.stringify(event.dedupKey)}`;
  if (event.cause !== undefined) rest += `,"cause":${JSON.stringify(event.cause)}`;
  if (event.data !== undefined) rest += `,"data":${JSON.stringify(event.data)}`;
  const clock = event.clock === gatewayClock ? gatewayClockText : JSON.stringify(event.clock);
  return `{"specversion":"1.0","id":"${event.id}${parts.source}${event.type}","time":"${event.occurredAt}${parts.subject}${event.lane}","seq":${event.seq},"kind":"${event.kind}","severity":${event.severity},"edge":"${event.edge}","mode":"${event.mode}","freshness":"${event.freshness}","data":{"v":${event.v},"receivedAt":"${event.receivedAt}","clock":${clock}${rest}}}`;
}

/** Of a stored body of our own making, without parsing it: quotes inside of a text are escaped and cannot match. */
export function modeIn(body: string): string {
  const from = body.indexOf(MODE) + MODE.length;
  return from < MODE.length ? 'live' : body.slice(from, body.indexOf('"', from));
}

const MODE = '"mode":"';

/** The event in a stored body of our own making. Throws on text that is not one. */
export function decodeBody(body: string): Event {
  const c = ownCloudEventSchema.parse(JSON.parse(body));
  const { v, ...rest } = c.data;
  return {
    ...rest,
    v: v as Event['v'],
    id: c.id,
    type: c.type,
    kind: c.kind,
    severity: c.severity,
    edge: c.edge,
    mode: c.mode,
    freshness: c.freshness,
    occurredAt: c.time,
    lane: c.lane,
    seq: c.seq,
  } as Event;
}
