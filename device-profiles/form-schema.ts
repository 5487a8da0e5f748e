import { z } from 'zod';
import { keyPatternSchema, markSchema, nameSchema, pathSchema, scalarSchema } from './schema-parts.ts';
import { topicPatternFault } from './topic-pattern.ts';

const topicSchema = z
  .string()
  .min(1)
  .max(200)
  .superRefine((pattern, ctx) => {
    const fault = topicPatternFault(pattern);
    if (fault !== undefined) ctx.addIssue({ code: 'custom', message: fault });
  })
  .meta({ examples: ['acme/{device}'] });

const FIELD = 'must be 1-3 characters that part the fields; write e.g. ","';

/** How the payload is read; default JSON. */
const decodeSchema = z.union([
  z.enum(['json', 'sparkplug-b', 'key-value']),
  /** Text of fields in a fixed order: `1,alarm,88`. An empty name leaves a field out. */
  z.strictObject({
    fields: z.string(FIELD).min(1, FIELD).max(3, FIELD),
    names: z
      .array(z.union([nameSchema, z.literal('')]))
      .min(1)
      .max(64),
  }),
  /** JSON in which the text at this path is JSON again: it is opened in place. */
  z.strictObject({ 'json-text': pathSchema }),
  /** As `json-text`, for a text that is JSON in base64. */
  z.strictObject({ 'base64-json': pathSchema }),
  /** The text at this path is bytes: it becomes a list of numbers 0-255. */
  z.strictObject({ hex: pathSchema }),
  z.strictObject({ base64: pathSchema }),
]);

const pivotSchema = z.strictObject({
  /**
   * A list of `{<key>: code, <value>: value}`, or without `key` an object of `{code: {<value>: value}}`. Absent: the
   * body itself is that object.
   */
  in: pathSchema.optional(),
  key: pathSchema.optional(),
  value: pathSchema.optional(),
  /** Only the keys like this, such as `0x{n}`, are codes; without any nothing is put anywhere. */
  like: keyPatternSchema.optional(),
  /** The key under which the object `{code: value}` is put. */
  as: z.string().regex(/^[a-z][\w-]{0,39}$/i, 'must be 1-40 letters, digits, "-" and "_"; write e.g. dp'),
  /** The newest of these becomes `<as>.$time`. */
  time: pathSchema.optional(),
});
export type PivotDefinition = z.infer<typeof pivotSchema>;

const unfoldSchema = z.strictObject({
  /** A list whose elements are message bodies of their own, or an object that is the only one. */
  in: pathSchema,
  /** They are history. */
  late: markSchema.optional(),
  /** The rest of the message is not read. */
  only: markSchema.optional(),
  /** Keys around the list that each of its elements also has. */
  with: z.array(nameSchemaOfKey()).min(1).optional(),
});
export type UnfoldDefinition = z.infer<typeof unfoldSchema>;

function nameSchemaOfKey() {
  return pathSchema.regex(/^[^.]+$/, 'must be a key beside the list; write it without "."');
}

/** One form of the device's messages. A message has the first form whose topic matches and whose keys are there. */
export const formSchema = z.strictObject({
  /** By which `on` refers to it. */
  name: nameSchema.optional(),
  topic: topicSchema,
  /** Keys (paths) that must all be in the payload. */
  has: z.array(pathSchema).min(1).optional(),
  /** Paths whose value must be one of the list. */
  is: z.record(pathSchema, z.array(scalarSchema).min(1)).optional(),
  /** A plain-text payload is read as `{<text>: payload}`; a JSON object is still read as such. */
  text: nameSchema.optional(),
  /** A message without payload is read as `{}`. */
  empty: markSchema.optional(),
  decode: decodeSchema.optional(),
  unfold: z.union([unfoldSchema, z.array(unfoldSchema).min(1).max(4)]).optional(),
  pivot: pivotSchema.optional(),
  /** A message of this device that carries no news (commands, echoes): never reported as unmapped. */
  ignore: markSchema.optional(),
  /** Not a message of this profile, although a later form would match. */
  skip: markSchema.optional(),
});
export type FormDefinition = z.infer<typeof formSchema>;
