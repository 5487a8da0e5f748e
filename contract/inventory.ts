import { z } from 'zod';
import { instantSchema } from './event.ts';
import { orgUnitSchema, placeSchema, siteIdSchema, slotSchema } from './site.ts';

/** A device as the province knows it: no credentials, no settings. */
export const inventoryDeviceSchema = z.object({
  id: siteIdSchema,
  name: z.string(),
  profile: z.string(),
  slots: z.array(siteIdSchema),
  bridge: siteIdSchema.optional(),
});
export type InventoryDevice = z.infer<typeof inventoryDeviceSchema>;

const entries = {
  places: z.array(placeSchema),
  units: z.array(orgUnitSchema),
  slots: z.array(slotSchema),
  devices: z.array(inventoryDeviceSchema),
};

/**
 * Message on `up/inv` (CONTRACT section 6): everything with its hash on connecting, then only what changed.
 * `hash`: SHA-256 (hex) over the canonical JSON of the full inventory after this message.
 */
export const inventorySchema = z.discriminatedUnion('k', [
  z.object({ k: z.literal('full'), v: z.literal(1), at: instantSchema, hash: z.string(), ...entries }),
  z.object({
    k: z.literal('delta'),
    v: z.literal(1),
    at: instantSchema,
    /** Hash of the inventory that this changes; another one there means: ask for the full inventory. */
    base: z.string(),
    hash: z.string(),
    ...entries,
    removed: z.object({
      places: z.array(siteIdSchema),
      units: z.array(siteIdSchema),
      slots: z.array(siteIdSchema),
      devices: z.array(siteIdSchema),
    }),
  }),
]);
export type Inventory = z.infer<typeof inventorySchema>;
