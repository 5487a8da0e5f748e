import { z } from 'zod';

/** How a message that is not fresh reached us. `retained`: a broker's retained store; `queued`: a session queue. */
export const storedSchema = z.enum(['retained', 'queued']);

/**
 * What an adapter hands to the pipeline: one message as it came from the wire, nothing interpreted.
 *
 * Checked with this schema only where messages enter from outside the process (`profiles try`); adapters build it.
 */
export const rawMessageSchema = z.object({
  /** Transport family: `mqtt`, `onvif`, ... */
  source: z.string(),
  /** Name of the adapter instance, unique within the gateway. */
  adapter: z.string(),
  /** MQTT topic or ONVIF topic. */
  channel: z.string(),
  /** Identity of the connection on its transport (MQTT client id); fairness is kept per client. */
  clientId: z.string().optional(),
  /** Authenticated user of that connection. */
  user: z.string().optional(),
  /** Address of the device, when the transport knows it; otherwise the profile's `device` template yields it. */
  deviceKey: z.string().optional(),
  payload: z.instanceof(Uint8Array),
  contentType: z.string().optional(),
  qos: z.union([z.literal(0), z.literal(1), z.literal(2)]).optional(),
  /** Gateway's wall clock at receipt, milliseconds since 1970-01-01T00:00Z. */
  receivedAt: z.number(),
  /** Monotonic clock at receipt, milliseconds; measures durations across clock steps. */
  receivedMonotonicMs: z.number(),
  /** Set only when the message was *delivered from a store*; a live publish with the RETAIN flag is live. */
  stored: storedSchema.optional(),
  /** The publisher asked the broker to keep it; says nothing about freshness. */
  retain: z.boolean().optional(),
  /** MQTT DUP flag: a redelivery. No proof of lateness. */
  dup: z.boolean().optional(),
  /** MQTT packet identifier, QoS 1 and 2: the same over redeliveries, so it tells two equal messages apart. */
  packetId: z.number().optional(),
  /** The broker published it as a last will. */
  will: z.boolean().optional(),
  /**
   * Names what it says, apart from when it says so (a hash): two messages of one time are the same only where this is the same
   * too. Set where the times of a transport are coarse.
   */
  fingerprint: z.string().optional(),
  /** State learnt while a subscription starts (ONVIF `Initialized`). */
  initial: z.boolean().optional(),
});

/** See {@link rawMessageSchema}. `payload` is a Node Buffer in the daemon. */
export type RawMessage = Omit<z.infer<typeof rawMessageSchema>, 'payload'> & { payload: Buffer };
