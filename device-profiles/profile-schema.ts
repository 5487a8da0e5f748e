import { z } from 'zod';
import { edgeSchema } from '../contract/event.ts';
import { eventTypeCodeSchema } from '../contract/event-type.ts';
import { nearest } from '../contract/nearest.ts';
import { units } from '../contract/reading.ts';
import { deviceStateSchema } from './device-state.ts';
import { pathFault } from './own-path.ts';
import { topicPatternFault } from './topic-pattern.ts';

// Messages are written "what is wrong; what to do". Where the second part is left out, examples and types give it.

const NAME = 'must be 1-40 of a-z, 0-9, "-" and "_", starting with a letter; write e.g. front_door';

/** A name that other parts of the profile refer to. */
const nameSchema = z.string(NAME).regex(/^[a-z][a-z0-9_-]{0,39}$/, NAME);

/** A meaning, such as `panic` or `24h`. */
const meaningSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, 'must be 1-40 of a-z, 0-9, "-" and "_"; write e.g. panic');

const scalarSchema = z.union(
  [z.string().max(200), z.number(), z.boolean(), z.null()],
  'must be a single value: text, a number, true, false or null',
);

/** Keys joined by `.`, from the top of the payload (or of the `each` element); a number is a place in a list. */
const pathSchema = z
  .string()
  .max(200)
  .superRefine((path, ctx) => {
    const fault = pathFault(path);
    if (fault !== undefined) ctx.addIssue({ code: 'custom', message: fault });
  })
  .meta({ examples: ['state.smoke'] });

const topicSchema = z
  .string()
  .min(1)
  .max(200)
  .superRefine((pattern, ctx) => {
    const fault = topicPatternFault(pattern);
    if (fault !== undefined) ctx.addIssue({ code: 'custom', message: fault });
  })
  .meta({ examples: ['acme/{device}'] });

const DURATION = 'must be a duration; write e.g. 10m';

/** `30s`, `10m`, `24h`, as milliseconds. */
const durationSchema = z
  .string(DURATION)
  .regex(/^\d{1,6}(?:s|m|h)$/, DURATION)
  .transform(
    (text) =>
      Number(text.slice(0, -1)) * { s: 1_000, m: 60_000, h: 3_600_000 }[text.slice(-1) as 's' | 'm' | 'h'],
  );

/** A mark that is there or not. */
const markSchema = z.literal(true, 'must be true; write true, or remove the key');

/** One form of the device's messages. A message has the first form whose topic matches and whose keys are there. */
const formSchema = z.strictObject({
  /** By which `on` refers to it. */
  name: nameSchema.optional(),
  topic: topicSchema,
  /** Keys (paths) that must all be in the payload. */
  has: z.array(pathSchema).min(1).optional(),
  /** A plain-text payload is read as `{<text>: payload}`; a JSON object is still read as such. */
  text: nameSchema.optional(),
  /** A message of this device that carries no news (commands, echoes): never reported as unmapped. */
  ignore: markSchema.optional(),
  /** Not a message of this profile, although a later form would match. */
  skip: markSchema.optional(),
});
export type FormDefinition = z.infer<typeof formSchema>;

const settingRefSchema = z.strictObject({ setting: nameSchema });
const limitSchema = z.union([z.number(), settingRefSchema], 'must be a number or { setting: <name> }');

const whenSchema = z.strictObject({
  /** Absent: the `each` element itself. */
  path: pathSchema.optional(),
  /** Values, compared strictly (`true` is not `1` is not `"true"`); texts without regard to case and outer spaces. */
  in: z.union([z.array(scalarSchema).min(1), settingRefSchema]).optional(),
  above: limitSchema.optional(),
  below: limitSchema.optional(),
  atLeast: limitSchema.optional(),
  atMost: limitSchema.optional(),
});

const emitSchema = z.strictObject({
  /** A code; or the meaning of the input (`{input: means}`) or of a setting, looked up in `meanings`. */
  type: z
    .union([eventTypeCodeSchema, z.strictObject({ input: z.literal('means') }), settingRefSchema])
    .meta({ examples: ['FIR.SMOKE'] }),
  edge: edgeSchema,
  /** Raise and clear change places: `polarity` where the input is `nc`, else where this boolean setting is true. */
  flip: nameSchema.optional(),
  data: z.record(nameSchema, z.union([scalarSchema, z.strictObject({ path: pathSchema })])).optional(),
  /** Names of the readings to attach; default all that the message has. */
  readings: z.array(nameSchema).optional(),
  /** `update` only: numbers must have changed by at least this much. */
  by: z.number().positive('must be more than 0').optional(),
});
export type EmitDefinition = z.infer<typeof emitSchema>;

const eachSchema = z.union([
  pathSchema,
  z.strictObject({
    in: pathSchema,
    /** Where an element names its input; default: its key, or its place in the list from 1. */
    input: pathSchema,
  }),
]);

const entrySchema = z
  .strictObject({
    /** Names of forms; default all. */
    on: z
      .union([nameSchema, z.array(nameSchema).min(1)], 'must be the name of a form, or a list of names')
      .optional(),
    /** Once for every element of this object or list; an element is an input. */
    each: eachSchema.optional(),
    when: whenSchema,
    /** Only where this setting has one of these values. */
    if: z.strictObject({ setting: nameSchema, in: z.array(scalarSchema).min(1) }).optional(),
    /** Only where no earlier entry of the same path applied. */
    else: markSchema.optional(),
    emit: emitSchema.optional(),
    /** The value is known and says nothing. */
    ignore: markSchema.optional(),
  })
  .superRefine((entry, ctx) => {
    if ((entry.emit === undefined) === (entry.ignore === undefined)) {
      ctx.addIssue({
        code: 'custom',
        message: 'must have either "emit" or "ignore: true"; write one of the two',
      });
    }
    if (entry.when.path === undefined && entry.each === undefined) {
      ctx.addIssue({
        code: 'custom',
        path: ['when'],
        message: '"path" is missing (only "each" goes without); add e.g. "path: smoke"',
      });
    }
  });
export type EntryDefinition = z.infer<typeof entrySchema>;

const flagSchema = z.strictObject({ path: pathSchema, in: z.array(scalarSchema).min(1) });

const testSchema = flagSchema.extend({
  /** A flag that stays on longer is stuck: it must not hide a real alarm. */
  for: durationSchema.prefault('10m'),
});

const timeSchema = z.strictObject({
  path: pathSchema,
  format: z.enum(['auto', 'iso', 'epoch-s', 'epoch-ms']).default('auto'),
});

const readingSchema = z.strictObject({
  path: pathSchema,
  name: nameSchema,
  /** Numbers carry one; text and booleans carry none. */
  unit: z
    .enum(units, {
      error: ({ input }) => {
        const near = nearest(String(input), units);
        const hint = near === undefined ? `write one of ${units.join(' ')}` : `did you mean "${near}"?`;
        return `"${String(input)}" is no unit of the list; ${hint}`;
      },
    })
    .optional(),
  /** Multiplies the value on the way: 0.001 for mV in V. */
  scale: z.number().optional(),
  /** Where the payload names its unit; another unit than ours is a fault of the profile, and the reading is left out. */
  unitPath: pathSchema.optional(),
});

/** A setting of the device: the part of JSON Schema that a form needs. */
const settingSchema = z.strictObject({
  type: z.enum(['string', 'number', 'integer', 'boolean', 'object']),
  title: z.string().optional(),
  description: z.string().optional(),
  default: z.unknown().optional(),
  enum: z.array(scalarSchema).min(1).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  /** `meaning`: a key of `meanings` or an event type; in an object, each of its values. */
  format: z.literal('meaning').optional(),
});
export type SettingDefinition = z.infer<typeof settingSchema>;

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
  receivedAt: z.string('must be a time; write e.g. 2026-01-01T00:00:00Z').optional(),
  expect: expectSchema,
});

const sampleHead = {
  name: z.string().optional(),
  settings: z.record(z.string(), z.unknown()).optional(),
  state: deviceStateSchema.optional(),
};

/** One message, or a sequence in which the device's state is kept. */
const sampleSchema = z.union([
  messageSchema.extend(sampleHead),
  z.strictObject({ ...sampleHead, messages: z.array(messageSchema).min(1) }),
]);
export type SampleMessage = z.infer<typeof messageSchema>;
export type Sample = z.infer<typeof sampleSchema>;

const VERSION = 'must be a whole number from 1';

/** A profile as it is written: what a kind of device says, and what that means. */
export const profileSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be 1-64 of a-z, 0-9, ".", "_" and "-"')
    .meta({ examples: ['acme.smoke'] }),
  version: z
    .int(VERSION)
    .min(1, VERSION)
    .meta({ examples: [1] }),
  title: z.string().max(80).optional(),
  /** What the installer should know. */
  about: z.string().optional(),
  /** Pages the shapes were read from. */
  sources: z.array(z.string()).optional(),
  /** Transport family of its messages. */
  source: nameSchema.default('mqtt'),
  match: z.array(formSchema).min(1),
  /** How the device is called: a text with captures of the topic. */
  device: z.string().min(1).default('{device}'),
  /** Other devices are reached through this one; its SYS.GATEWAY_DOWN makes them unknown. */
  bridge: z.boolean().default(false),
  settings: z.record(nameSchema, settingSchema).default({}),
  /** What an input or a setting may mean. */
  meanings: z.record(meaningSchema, eventTypeCodeSchema).default({}),
  /** Paths whose last value is kept, so that only changes are told; default all that raise or clear. */
  state: z.array(pathSchema).optional(),
  /** Every message repeats the whole cached state: what is seen first is `initial`, not live. */
  republishes: z.boolean().default(false),
  /** Where the device says that it is being tested. */
  test: z.array(testSchema).default([]),
  /** When the device says that it happened. */
  time: timeSchema.optional(),
  /** Where the device says that this is history. */
  late: flagSchema.optional(),
  map: z.array(entrySchema).min(1),
  readings: z.array(readingSchema).default([]),
  dedup: z
    .strictObject({
      /** `path:<path>` or `time`; without all of them there is no key. */
      by: z
        .array(
          z.string().regex(/^(?:time|path:.+)$/, 'must be "time" or "path:<path>"; write e.g. path:event_id'),
        )
        .min(1),
      window: durationSchema.prefault('10m'),
    })
    .optional(),
  /** Paths (PINs, card numbers, names) replaced by `***` before anything is kept. */
  mask: z.array(pathSchema).default([]),
  /** Keys of the payload that carry no news. */
  known: z.array(z.string()).default([]),
  /** MQTT filters that the device's account may publish to and subscribe to; default: its topics, and nothing. */
  publishes: z.array(z.string()).optional(),
  subscribes: z.array(z.string()).optional(),
  samples: z
    .array(sampleSchema)
    .min(1, 'at least one sample is needed; add a captured payload and what it must become'),
});
export type ProfileDefinition = z.infer<typeof profileSchema>;
