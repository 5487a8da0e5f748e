import { z } from 'zod';
import { roleSchema } from './alarm.ts';
import { instantSchema } from './event.ts';

/** Detached signature over the canonical JSON of the message without it. */
export const signatureSchema = z.object({
  alg: z.enum(['Ed25519', 'SM2']),
  /** Id of the signer's key, as enrolled. */
  key: z.string(),
  value: z.base64(),
});

/**
 * Command on `dn/cmd`, answered by an event whose `cause` is its id. Nothing that comes down may unlock, disarm,
 * silence, close or lower protection without a local leader's consent (CONTRACT section 6): no such action exists here.
 */
export const commandSchema = z.object({
  v: z.literal(1),
  id: z.uuid(),
  issuedAt: instantSchema,
  /** Not carried out later. */
  expiresAt: instantSchema,
  action: z.enum(['duty-check', 'periodic-test', 'inventory', 'announce-maintenance']),
  /** Shown to whoever is on duty. */
  text: z.string().max(500).optional(),
  signature: signatureSchema,
});
export type Command = z.infer<typeof commandSchema>;

/** Configuration on `dn/cfg`: taken over only when its version is higher than the one in force. */
export const remoteConfigSchema = z.object({
  v: z.literal(1),
  version: z.number().int().positive(),
  issuedAt: instantSchema,
  /** Keys and values of `edge.yaml` that the province may set; checked there. */
  values: z.record(z.string(), z.unknown()),
  signature: signatureSchema,
});
export type RemoteConfig = z.infer<typeof remoteConfigSchema>;

/**
 * `data` of the `DEV.OUTPUT` event (edge `pulse`) that each command of a person to a device leaves, sent or not. `sent`:
 * handed to the connection of the device; what the device made of it, it says itself.
 */
export const deviceCommandSchema = z.object({
  /** Name in the profile of the device. */
  command: z.string(),
  /** What it moves. */
  output: z.enum(['siren', 'strobe', 'lock', 'relay', 'mute', 'view', 'other']).optional(),
  /** Only of a command that was sent or could not be; what is secret is `***`. */
  args: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  /** User name, role and desk of the person; `second`: the shift leader who agreed. */
  actor: z.string(),
  role: roleSchema,
  station: z.string(),
  second: z.string().optional(),
  /** `done`: the device answered that it did it. `unanswered`: it was told, and may have done it. */
  result: z.enum(['sent', 'done', 'refused', 'failed', 'unanswered']),
  reason: z
    .enum([
      'unknown-command',
      'not-allowed',
      'second-person-needed',
      'bad-arguments',
      'not-rendered',
      'no-account',
      'not-connected',
      'not-listening',
      'not-heard',
      'standby',
      // written by gateways before 0.2
      'external-broker',
      'transport',
      // of devices that answer
      'device-refused',
      'not-permitted',
      'no-answer',
    ])
    .optional(),
  /** What the device said instead of doing it. */
  answer: z.string().max(300).optional(),
});
export type DeviceCommand = z.infer<typeof deviceCommandSchema>;
