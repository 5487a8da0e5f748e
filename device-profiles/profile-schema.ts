import { z } from 'zod';
import { edgeSchema } from '../contract/event.ts';
import { eventTypeCodeSchema } from '../contract/event-type.ts';
import { nearest } from '../contract/nearest.ts';
import { units } from '../contract/reading.ts';
import { commandSchema } from './command-schema.ts';
import { entrySchema, tableSchema } from './entry-schema.ts';
import { formSchema } from './form-schema.ts';
import { sampleSchema } from './sample-schema.ts';
import {
  bitSchema,
  bitsSchema,
  durationSchema,
  inputNamesSchema,
  markSchema,
  nameSchema,
  pathSchema,
  referenceSchema,
  scalarSchema,
  settingRefSchema,
} from './schema-parts.ts';

export type { SampleMessage } from './sample-schema.ts';

/** A meaning, such as `panic` or `24h`. */
const meaningSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, 'must be 1-40 of a-z, 0-9, "-" and "_"; write e.g. panic');

const flagSchema = z.strictObject({ path: referenceSchema, in: z.array(scalarSchema).min(1) });

const testSchema = flagSchema.extend({
  /** The flag is in each element of this object or list; any of them may say so. */
  each: pathSchema.optional(),
  bit: bitSchema,
  bits: bitsSchema,
  /** A flag that stays on longer is stuck: it must not hide a real alarm. */
  for: durationSchema.prefault('10m'),
  /** The flag holds for messages that do not carry it, until it is taken back or `for` is over. */
  sticky: markSchema.optional(),
});

const timeSchema = z.strictObject({
  /** Of a list the first path that is there. */
  path: z.union([referenceSchema, z.array(referenceSchema).min(1).max(4)]),
  format: z.enum(['auto', 'iso', 'epoch-s', 'epoch-ms']).default('auto'),
  /** `false`: an old time proves nothing, for these devices repeat the time of what they said before. */
  late: z.literal(false, 'must be false; write false, or remove the key').optional(),
});

const readingSchema = z.strictObject({
  path: referenceSchema,
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
  /** Added after `scale`. */
  offset: z.number().optional(),
  /** Where the payload names its unit; a unit that is neither ours nor in `units` leaves the reading out. */
  unitPath: referenceSchema.optional(),
  /** How other units that the payload may name become ours. */
  units: z
    .record(
      z.string().min(1).max(20),
      z.strictObject({ scale: z.number().default(1), offset: z.number().default(0) }),
    )
    .optional(),
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
  /**
   * `meaning`: a key of `meanings` or an event type; in an object, each of its values. `duration`: a text such as 25h.
   */
  format: z.enum(['meaning', 'duration']).optional(),
});
export type SettingDefinition = z.infer<typeof settingSchema>;

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
  /** Transport family of its messages. Of all but `mqtt` the adapter knows which device speaks, and `device` is not read. */
  source: nameSchema.default('mqtt'),
  match: z.array(formSchema).min(1),
  /** How the device is called: a text with captures of the topic. */
  device: z.string().min(1).default('{device}'),
  /** Other devices are reached through this one; its SYS.GATEWAY_DOWN makes them unknown. */
  bridge: z.boolean().default(false),
  /** Takes pictures or sound: refused in private places. */
  camera: markSchema.optional(),
  settings: z.record(nameSchema, settingSchema).default({}),
  /** Names that its inputs can have; default: any. A registered input of another name would never be spoken of. */
  inputs: inputNamesSchema.optional(),
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
  /** Meanings by code, for `when: { table: ... }`. */
  tables: z.record(nameSchema, tableSchema).default({}),
  readings: z.array(readingSchema).default([]),
  dedup: z
    .strictObject({
      /** `path:<path>`, `time` (proven) or `said-time`; without all of them there is no key. */
      by: z
        .array(
          z
            .string()
            .regex(
              /^(?:time|said-time|path:.+)$/,
              'must be "time", "said-time" or "path:<path>"; write e.g. path:event_id',
            ),
        )
        .min(1),
      /** Only events of these edges have a key; default all. */
      edges: z.array(edgeSchema).min(1).optional(),
      window: durationSchema.prefault('10m'),
    })
    .optional(),
  /** Longest healthy silence. */
  heartbeat: z
    .union([durationSchema, settingRefSchema], 'must be a duration or { setting: <name> }; write e.g. 25h')
    .optional(),
  /** What the device can be told to do. */
  commands: z.record(nameSchema, commandSchema).default({}),
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
