import { z } from 'zod';
import { deviceStateSchema } from './device-state.ts';
import { nameSchema } from './schema-parts.ts';

const expectedEventSchema = z.record(z.string(), z.unknown());

const expectSchema = z.strictObject({
  status: z.enum(['mapped', 'unmapped', 'undecodable', 'ignored']),
  /** In order; each needs the fields written here, others are free. */
  events: z.array(expectedEventSchema).default([]),
  /** Device key read from the topic. */
  device: z.string().optional(),
  /** Values that no entry knows. */
  unknown: z.number().int().optional(),
});

const messageSchema = z.strictObject({
  topic: z.string(),
  /** A text as it is, anything else as JSON. */
  payload: z.unknown().optional(),
  payloadBase64: z.base64('must be base64; write e.g. AQID').optional(),
  stored: z.enum(['retained', 'queued']).optional(),
  retained: z.boolean().optional(),
  dup: z.boolean().optional(),
  /** State that is told while a subscription starts. */
  initial: z.boolean().optional(),
  receivedAt: z.string('must be a time; write e.g. 2026-01-01T00:00:00Z').optional(),
  expect: expectSchema,
});

const sampleHead = {
  name: z.string().optional(),
  settings: z.record(z.string(), z.unknown()).optional(),
  state: deviceStateSchema.optional(),
};

/** A command and what must be sent for it. */
const commandSampleSchema = z.strictObject({
  name: z.string().optional(),
  settings: z.record(z.string(), z.unknown()).optional(),
  command: nameSchema,
  /** Its key; default `device`. */
  device: z.string().optional(),
  args: z.record(z.string(), z.unknown()).default({}),
  expect: z.union([
    z.strictObject({
      topic: z.string(),
      /** A text as it is, anything else as JSON. */
      payload: z.unknown(),
      qos: z.number().optional(),
    }),
    /** A call of a device over ONVIF. */
    z.strictObject({ operation: z.string(), with: z.record(z.string(), z.string()).default({}) }),
  ]),
});

/** One message, a sequence in which the device's state is kept, or a command. */
export const sampleSchema = z.union([
  messageSchema.extend(sampleHead),
  z.strictObject({ ...sampleHead, messages: z.array(messageSchema).min(1) }),
  commandSampleSchema,
]);
export type SampleMessage = z.infer<typeof messageSchema>;
export type CommandSample = z.infer<typeof commandSampleSchema>;
export type Sample = z.infer<typeof sampleSchema>;
