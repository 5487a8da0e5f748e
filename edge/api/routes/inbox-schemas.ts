import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { edgeSchema, freshnessSchema, modeSchema } from '../../../contract/event.ts';
import { eventType } from '../../../contract/event-type.ts';
import { readingSchema } from '../../../contract/reading.ts';
import { deviceInputSchema, deviceSchema, slotSchema } from '../../../contract/site.ts';
import { whyOf } from '../../registry/candidate-text.ts';
import type { Candidate, ReadEvent } from '../../registry/candidates.ts';
import { detailText } from '../../registry/detail-text.ts';
import type { Offer } from '../../registry/discovery.ts';
import type { IgnoredView } from '../../registry/ignored.ts';
import type { InboxGroup, InboxSample } from '../../registry/inbox.ts';
import type { Language } from '../language.ts';
import type { InboxPort } from '../ports.ts';

const guessSchema = z.object({
  profile: z.string(),
  title: z.string(),
  deviceKey: z.string().describe('What the device is called on its transport'),
  score: z.number().min(0).max(1).describe('0: nothing is understood; 1: everything'),
});

const inboxEntrySchema = z.object({
  id: z.string(),
  source: z.string(),
  adapter: z.string(),
  channel: z.string().describe('The last topic'),
  channels: z.array(z.string()).describe('Its topics, at most eight'),
  reason: z
    .string()
    .describe('unknown-device, or why a registered one cannot be read: unmapped, undecodable, partly'),
  device: z.string().optional().describe('Id of the registered device that cannot be read'),
  user: z.string().optional().describe('Broker user that it came over'),
  clientId: z.string().optional(),
  detail: z.string().optional().describe('Why the last message was not understood'),
  count: z.number().int(),
  firstAt: z.string(),
  lastAt: z.string(),
  best: guessSchema.optional().describe('The best guess'),
  says: z.array(z.string()).describe('Types of the events that the best guess reads, the most urgent first'),
  offer: z
    .discriminatedUnion('kind', [
      z.object({
        kind: z.literal('proposal'),
        profile: z.string(),
        name: z.string(),
        deviceKey: z.string(),
        writes: z.boolean().describe('The profile is written into profiles.dir first'),
      }),
      z.object({ kind: z.literal('covered'), profile: z.string(), name: z.string(), deviceKey: z.string() }),
      z.object({ kind: z.literal('unsupported'), why: z.string() }),
    ])
    .optional()
    .describe('Of a discovery message: what can be made of it'),
});

const readSchema = z.object({
  type: z.string(),
  edge: edgeSchema,
  mode: modeSchema,
  freshness: freshnessSchema,
  input: z.string().optional(),
  readings: z.array(readingSchema).optional(),
});

const candidateSchema = guessSchema.extend({
  reads: z.array(readSchema).describe('The events that it would make of the kept messages'),
  tried: z.number().int().describe('Kept messages that it was tried on'),
  understood: z.number().int(),
  silent: z.number().int().describe('Known to be no news'),
  unknown: z.number().int().describe('Values that it does not know'),
  generic: z.boolean().describe('It fits any device'),
  why: z.string(),
});

export const inboxListSchema = z.object({
  entries: z.array(inboxEntrySchema),
  next: z.string().optional().describe('The `before` of the next page'),
  unknown: z.number().int().describe('Unknown devices in all'),
  unreadable: z.number().int().describe('Registered devices that cannot be read, in all'),
  described: z.number().int().describe('Discovery messages in all'),
  ignored: z.number().int(),
  evicted: z.number().int().describe('Dropped since the start because the inbox was full'),
  mqtt5: z
    .array(
      z.object({
        address: z.string(),
        clientId: z.string(),
        attempts: z.number().int(),
        lastAt: z.string(),
      }),
    )
    .describe('Devices that speak MQTT 5 and were refused since the start, by address; the last 256'),
});

export const inboxDetailSchema = inboxEntrySchema.extend({
  samples: z
    .array(
      z.object({
        at: z.string(),
        channel: z.string(),
        bytes: z.number().int().describe('Length of the whole payload'),
        text: z.string().optional().describe('Its beginning, masked, where it is UTF-8'),
        base64: z.string().optional().describe('Its beginning where it is not'),
      }),
    )
    .describe('The last three, oldest first'),
  candidates: z.array(candidateSchema).describe('The best first, at most three'),
  partial: z.boolean().describe('Not every profile could be tried in time'),
  proposal: z
    .object({
      inputs: z.record(z.string(), deviceInputSchema),
      settings: z.record(z.string(), z.unknown()),
      meanings: z.record(z.string(), z.string()),
      notes: z.array(z.string()).describe('What the installer should look at'),
      yaml: z.string().optional().describe('The profile that would be written'),
    })
    .optional(),
  suggestion: z.object({ id: z.string(), bridge: z.string().optional(), user: z.string().optional() }),
});

export const ignoredListSchema = z.object({
  entries: z.array(
    z.object({
      id: z.string(),
      channel: z.string(),
      adapter: z.string(),
      user: z.string().optional(),
      by: z.string(),
      at: z.string(),
      count: z.number().int().describe('Messages since the start of the gateway'),
    }),
  ),
});

export const adoptedSchema = z.object({
  device: deviceSchema,
  slots: z.array(slotSchema).describe('The slots that were made'),
  next: z.object({
    status: z.enum(['mapped', 'unmapped', 'undecodable', 'ignored', 'unknown']),
    reads: z.array(readSchema).describe('What the kept messages would have become'),
    detail: z.string().optional(),
    alarming: z.boolean().describe('The last thing it said is an alarm: look there'),
  }),
});

type Entry = z.infer<typeof inboxEntrySchema>;

/** A group with the best guess, without payloads. */
export function entryView(group: InboxGroup, inbox: InboxPort, language: Language): Entry {
  const { id, source, adapter, channel, channels, reason, device, user, clientId, detail, count } = group;
  // what a registered device says wrongly is no question of its profile first
  const offer = inbox.offer(group);
  const best = device === undefined && offer === undefined ? inbox.judge(group).candidates[0] : undefined;
  return {
    id,
    source,
    adapter,
    channel,
    channels: [...channels],
    reason,
    ...(device === undefined ? {} : { device }),
    ...(user === undefined ? {} : { user }),
    ...(clientId === undefined ? {} : { clientId }),
    ...(detail === undefined ? {} : { detail: detailText(detail)[language] }),
    count,
    firstAt: new Date(group.firstAt).toISOString(),
    lastAt: new Date(group.lastAt).toISOString(),
    ...(best === undefined
      ? {}
      : {
          best: { profile: best.profile, title: best.title, deviceKey: best.deviceKey, score: best.score },
        }),
    says: best === undefined ? [] : typesOf(best),
    ...(offer === undefined ? {} : { offer: offerView(offer) }),
  };
}

/** What a device is for says more of it than that its battery is full. */
function typesOf({ reads }: Candidate): string[] {
  const types = [...new Set(reads.map(({ type }) => type))];
  const own = types.filter((type) => eventType(type)?.kind !== 'fault');
  return own.length > 0 ? own : types;
}

function offerView(offer: Offer): NonNullable<Entry['offer']> {
  if (offer.kind !== 'proposal') return { ...offer };
  const { device, writes } = offer;
  const { profile, name, key, id } = device;
  return { kind: 'proposal', profile, name, deviceKey: key ?? id, writes };
}

/** What an installer should see before adopting what a device says of itself. */
function proposalView(offer: Offer | undefined) {
  if (offer?.kind !== 'proposal') return {};
  const { device, proposal, writes } = offer;
  const { meanings = {} } = proposal.profile;
  return {
    proposal: {
      inputs: device.inputs ?? {},
      settings: device.settings ?? {},
      meanings: { ...meanings },
      notes: [...proposal.notes],
      ...(writes ? { yaml: proposal.yaml } : {}),
    },
  };
}

export function detailView(
  group: InboxGroup,
  inbox: InboxPort,
  language: Language,
): z.infer<typeof inboxDetailSchema> {
  const offer = inbox.offer(group);
  const { candidates, partial } =
    offer === undefined ? inbox.judge(group) : { candidates: [], partial: false };
  return {
    ...entryView(group, inbox, language),
    samples: group.samples.map((sample) => sampleView(sample, inbox.preview(group, sample))),
    candidates: candidates.map((candidate) => candidateView(candidate, language)),
    partial,
    ...proposalView(offer),
    suggestion: offer?.kind === 'proposal' ? { id: offer.device.id } : inbox.suggest(group),
  };
}

export function ignoredView({ id, channel, adapter, user, by, at, count }: IgnoredView) {
  return {
    id,
    channel,
    adapter,
    ...(user === undefined ? {} : { user }),
    by,
    at: new Date(at).toISOString(),
    count,
  };
}

/** Its own list: the schema has no read-only ones. */
export function readsView(reads: readonly ReadEvent[]): z.infer<typeof readSchema>[] {
  return [...reads];
}

function sampleView({ at, channel, bytes }: InboxSample, payload: Buffer) {
  return {
    at: new Date(at).toISOString(),
    channel,
    bytes,
    ...(isUtf8(payload) ? { text: payload.toString() } : { base64: payload.toString('base64') }),
  };
}

function candidateView({ detail: _, ...candidate }: Candidate, language: Language) {
  return { ...candidate, why: whyOf({ ...candidate, ...(_ === undefined ? {} : { detail: _ }) })[language] };
}
