import { z } from 'zod';
import { onvifOperationNames, operationFault } from './onvif-operations.ts';
import { nameSchema, scalarSchema } from './schema-parts.ts';

const TITLE = 'must be a text, or { zh: <text>, en: <text> }';

const argSchema = z.strictObject({
  type: z.enum(['string', 'number', 'integer', 'boolean']),
  title: z.union([z.string(), z.strictObject({ zh: z.string(), en: z.string() })], TITLE).optional(),
  /** Without one the argument must be given. */
  default: scalarSchema.optional(),
  enum: z.array(scalarSchema).min(1).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
});
export type CommandArgument = z.infer<typeof argSchema>;

const callSchema = z
  .strictObject({
    operation: z.enum(onvifOperationNames),
    /** What it is given, by name; texts with `{setting.<name>}` and arguments. */
    with: z.record(z.string(), z.string().max(200)).default({}),
  })
  .superRefine(({ operation, with: given }, ctx) => {
    const fault = operationFault(operation, Object.keys(given));
    if (fault !== undefined)
      ctx.addIssue({ code: 'custom', path: ['with'], message: `${operation} ${fault}` });
  });

/** A message, or a call, that makes the device do something. */
export const commandSchema = z
  .strictObject({
    title: z.union([z.string(), z.strictObject({ zh: z.string(), en: z.string() })], TITLE).optional(),
    /** With `{device}`, the parts of its key, `{setting.<name>}` and arguments. */
    topic: z.string().min(1).max(200).optional(),
    /** Instead of `topic` and `payload`, for a device over ONVIF. */
    call: callSchema.optional(),
    /** JSON in which `'{arg}'` alone is the argument with its type. */
    payload: z.unknown().optional(),
    /** How `payload` is written; without it as JSON. `sparkplug-b`: an object of metrics. */
    encode: z.literal('sparkplug-b').optional(),
    /** Instead of `payload`: plain text. */
    text: z.string().max(4_000).optional(),
    args: z.record(nameSchema, argSchema).default({}),
    qos: z.union([z.literal(0), z.literal(1), z.literal(2)], 'must be 0, 1 or 2').default(1),
    /** What it moves. */
    output: z.enum(['siren', 'strobe', 'lock', 'relay', 'mute', 'view', 'other']).default('other'),
  })
  .superRefine((command, ctx) => {
    const isObject =
      typeof command.payload === 'object' && command.payload !== null && !Array.isArray(command.payload);
    if (command.encode !== undefined && !isObject)
      ctx.addIssue({
        code: 'custom',
        path: ['encode'],
        message: 'needs a "payload" of metrics and their values',
      });
    if ((command.topic === undefined) === (command.call === undefined))
      ctx.addIssue({ code: 'custom', message: 'must have either "topic" or "call"; write one of the two' });
    const isMessage = command.payload !== undefined || command.text !== undefined;
    if (command.call !== undefined && isMessage)
      ctx.addIssue({ code: 'custom', path: ['call'], message: 'takes no "payload" and no "text"' });
    if (command.call === undefined && (command.payload === undefined) === (command.text === undefined))
      ctx.addIssue({ code: 'custom', message: 'must have either "payload" or "text"; write one of the two' });
  });
export type CommandDefinition = z.infer<typeof commandSchema>;
