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

/** Address of somebody else's broker; `example` without credentials, which have keys of their own. */
export const brokerUrl = (description: string, example: string) =>
  z
    .string()
    .regex(
      /^mqtts?:\/\/[^/?#@\s]+\/?$/,
      `must be mqtt://host:port or mqtts://host:port; write e.g. ${example}`,
    )
    .meta({ description, examples: [example] });

/** How the gateway signs in at somebody else's broker. */
export const signInParts = (user: string, variable: string, secret: string) => ({
  username: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .meta({ description: 'User at that broker.', examples: [user] }),
  password_file: file('File with the password, nothing else in it.', secret).optional(),
  password_env: z
    .string()
    .regex(/^[A-Z_][A-Z0-9_]*$/, `must be the name of an environment variable; write e.g. ${variable}`)
    .optional()
    .meta({ description: 'Environment variable with the password.', examples: [variable] }),
});
