import { z } from 'zod';

// What the schemas of edge.yaml and receiver.yaml have in common.

/** A path, taken from the folder of the file it stands in. */
export const file = (description: string, example: string) =>
  z
    .string()
    .min(1)
    .max(4096)
    .meta({ description: `${description} Relative to this file.`, examples: [example] });

export const port = (preset: number) =>
  z
    .int()
    .min(0)
    .max(65_535)
    .default(preset)
    .meta({ description: 'TCP port; 0 takes any free one.', examples: [preset] });

/** Version spoken with somebody else's broker. */
export const mqttVersionSchema = z
  .union([z.literal(4), z.literal(5), z.literal('auto')])
  .default('auto')
  .describe('MQTT version: 5, 4 (that is 3.1.1), or auto: 5 first, then 4.');

/** The log of a process; `description` of the section as a whole. */
export const logSchema = (description: string) =>
  z
    .strictObject({
      level: z
        .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace'])
        .default('info')
        .describe('Least level that is logged (JSON lines on standard output).'),
    })
    .prefault({})
    .describe(description);
