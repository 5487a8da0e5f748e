import { z } from 'zod';
import { edgeSchema } from '../contract/event.ts';
import { eventTypeCodeSchema } from '../contract/event-type.ts';
import {
  bitSchema,
  bitsSchema,
  durationSchema,
  inputNamesSchema,
  keyPatternSchema,
  markSchema,
  nameSchema,
  pathSchema,
  referenceSchema,
  scalarSchema,
  settingRefSchema,
  templateSchema,
  textSchema,
} from './schema-parts.ts';

const limitSchema = z.union([z.number(), settingRefSchema], 'must be a number or { setting: <name> }');

/** How a value is compared. */
const comparison = {
  /** Values, compared strictly (`true` is not `1` is not `"true"`); texts without regard to case and outer spaces. */
  in: z.union([z.array(scalarSchema).min(1), settingRefSchema]).optional(),
  above: limitSchema.optional(),
  below: limitSchema.optional(),
  atLeast: limitSchema.optional(),
  atMost: limitSchema.optional(),
  /** Any single value that is not empty. */
  any: markSchema.optional(),
  /** One of these is among the words of the text, which are parted by spaces or commas; without regard to case. */
  word: z.array(z.string().min(1).max(40)).min(1).optional(),
};

const whenSchema = z.strictObject({
  /** Absent: the `each` element itself. A list stands for one entry for each path. */
  path: z.union([referenceSchema, z.array(referenceSchema).min(1)]).optional(),
  ...comparison,
  /** Instead of `path`: a text made of several. */
  text: templateSchema.optional(),
  bit: bitSchema,
  bits: bitsSchema,
  /** A table of `tables`, in which the value is looked up. */
  table: nameSchema.optional(),
});

const conditionSchema = z
  .strictObject({
    /** Of a list the first path that is there. */
    path: z.union([referenceSchema, z.array(referenceSchema).min(1).max(24)]).optional(),
    ...comparison,
    /** Holds unless the value is one of these; where the key is absent, too. */
    not: z.array(scalarSchema).min(1).optional(),
    text: templateSchema.optional(),
    bit: bitSchema,
    bits: bitsSchema,
    /** Only where this key is absent. */
    missing: markSchema.optional(),
  })
  .superRefine((condition, ctx) => {
    if ((condition.path === undefined) === (condition.text === undefined))
      ctx.addIssue({ code: 'custom', message: 'must have either "path" or "text"; write one of the two' });
  });
export type ConditionDefinition = z.infer<typeof conditionSchema>;

/** Names an input: a path, a template, a list of which the first that is there counts, or `{ text: <a name> }`. */
const inputSchema = z.union([
  textSchema,
  z.array(textSchema).min(1).max(12),
  z.strictObject({ text: z.string().min(1).max(64) }),
]);
export type InputDefinition = z.infer<typeof inputSchema>;

const typeSchema = z
  .union([eventTypeCodeSchema, z.strictObject({ input: z.literal('means') }), settingRefSchema])
  .meta({ examples: ['FIR.SMOKE'] });

const emitSchema = z.strictObject({
  /** A code; or the meaning of the input (`{input: means}`) or of a setting, looked up in `meanings`. */
  type: typeSchema.optional(),
  /** A table setting that may say another type, looked up under the value of this path (the name of a rule). */
  typeBy: z.strictObject({ path: referenceSchema, setting: nameSchema }).optional(),
  edge: edgeSchema.optional(),
  /** Raise and clear change places: `polarity` where the input is `nc`, else where this boolean setting is true. */
  flip: nameSchema.optional(),
  /** Which voice of a condition speaks; those of one name replace each other. Default: the path. */
  source: nameSchema.optional(),
  /** What within the input speaks (a rule, an object): the condition lasts while any of them says so. */
  voice: z.union([referenceSchema, z.array(referenceSchema).min(1).max(4)]).optional(),
  /** A raise that is not repeated within this time makes the condition unknown; it is never taken for its end. */
  maxActive: durationSchema.optional(),
  data: z
    .record(
      nameSchema,
      z.union([
        scalarSchema,
        z.strictObject({ path: referenceSchema }),
        z.strictObject({ text: templateSchema }),
      ]),
    )
    .optional(),
  /** Names of the readings to attach; default all that the message has. */
  readings: z.array(nameSchema).optional(),
  /** `update` only: numbers must have changed by at least this much. */
  by: z.number().positive('must be more than 0').optional(),
  /** A counter of sessions, going round at 256: a raise that names one before that of the last clear is out of date. */
  session: referenceSchema.optional(),
  /** `pulse` only: told only when the value of this path is another than the last time. */
  once: referenceSchema.optional(),
});
/** What an entry says; a row of a table, or an entry beside one, may leave `type` and `edge` to the other. */
export type PartialEmit = z.infer<typeof emitSchema>;
export type EmitDefinition = PartialEmit & Required<Pick<PartialEmit, 'type' | 'edge'>>;

const eachSchema = z.union([
  pathSchema,
  z
    .strictObject({
      /** Absent: the payload itself, of which only the keys that match `key` are taken. */
      in: pathSchema.optional(),
      /** Where an element names its input, of a list the first that is there; default: its key, or its place from 1. */
      input: z.union([textSchema, z.array(textSchema).min(1).max(4)]).optional(),
      /** Only keys like this, such as `input:{n}`; the capture names the input. */
      key: keyPatternSchema.optional(),
      /** What the capture of `key` can be; `#` stands for a number. Default: anything. */
      names: inputNamesSchema.optional(),
    })
    .superRefine((each, ctx) => {
      if (each.in === undefined && each.key === undefined)
        ctx.addIssue({ code: 'custom', message: 'must have "in" or "key"; add e.g. "in: zones"' });
      if (each.input !== undefined && each.key !== undefined)
        ctx.addIssue({ code: 'custom', path: ['input'], message: 'is named by "key" already; remove one' });
      if (each.names !== undefined && each.key === undefined)
        ctx.addIssue({ code: 'custom', path: ['names'], message: 'is for "key" only; remove it' });
    }),
]);

export const entrySchema = z
  .strictObject({
    /** Names of forms; default all. */
    on: z
      .union([nameSchema, z.array(nameSchema).min(1)], 'must be the name of a form, or a list of names')
      .optional(),
    /** Once for every element of this object or list; an element is an input. */
    each: eachSchema.optional(),
    /** Names the input that the message speaks of; where it is absent, the device itself speaks. */
    input: inputSchema.optional(),
    when: whenSchema,
    /** All of these must hold, too. */
    and: z.array(conditionSchema).min(1).max(8).optional(),
    /** Only where this setting has one of these values; or only at inputs that the registry gives no meaning. */
    if: z
      .union(
        [
          z.strictObject({ setting: nameSchema, in: z.array(scalarSchema).min(1) }),
          z.strictObject({ input: z.literal('none') }),
        ],
        'must be { setting: <name>, in: [...] } or { input: none }; write one of the two',
      )
      .optional(),
    /** Only where no earlier entry of the same path applied. */
    else: markSchema.optional(),
    emit: emitSchema.optional(),
    /** The value is known and says nothing. */
    ignore: markSchema.optional(),
  })
  .superRefine((entry, ctx) => {
    const { when, emit, ignore } = entry;
    const say = (message: string, ...path: string[]) => ctx.addIssue({ code: 'custom', path, message });
    if (when.path !== undefined && when.text !== undefined)
      say('must have either "path" or "text"; remove one of the two', 'when');
    if (when.path === undefined && when.text === undefined && entry.each === undefined)
      say('"path" is missing (only "each" goes without); add e.g. "path: smoke"', 'when');
    if (entry.each !== undefined && entry.input !== undefined)
      say('is named by "each" already; remove it, or write "each: { in: zones, input: id }"', 'input');
    if (when.table !== undefined) {
      if (ignore !== undefined) say('is said by the rows of the table; remove it', 'ignore');
      return;
    }
    if ((emit === undefined) === (ignore === undefined))
      say('must have either "emit" or "ignore: true"; write one of the two');
    if (emit === undefined) return;
    if (emit.type === undefined) say('is missing; add "type: FIR.SMOKE"', 'emit', 'type');
    if (emit.edge === undefined) say('is missing; add "edge: raise"', 'emit', 'edge');
  });
export type EntryDefinition = z.infer<typeof entrySchema>;

/** What one code of a table means. */
const rowSchema = emitSchema
  .extend({
    /** Instead of the input of the entry. */
    input: inputSchema.optional(),
    ignore: markSchema.optional(),
  })
  .superRefine((row, ctx) => {
    if (row.ignore !== undefined && row.type !== undefined)
      ctx.addIssue({ code: 'custom', message: 'must have either "type" or "ignore: true"; remove one' });
  });
export type RowDefinition = z.infer<typeof rowSchema>;

/** Meanings by code. */
export const tableSchema = z.record(z.string().min(1).max(200), rowSchema);
