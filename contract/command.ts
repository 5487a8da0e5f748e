import { z } from 'zod';
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
