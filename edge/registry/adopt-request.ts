import { z } from 'zod';
import { type DeviceOnvif, deviceInputSchema, deviceSchema, slotSchema } from '../../contract/site.ts';

const { id, name, profile, key, settings, bridge, user } = deviceSchema.shape;

/** A slot to be made; what is left out follows from the device. */
const newSlotSchema = z.strictObject({
  id: id.optional().describe('Default: the id of the device, with the input.'),
  name: name.optional().describe('Default: the name of the device.'),
  place: slotSchema.shape.place.optional().describe('Id of the place; default: that of the device.'),
  unit: slotSchema.shape.unit,
  lifeSafety: slotSchema.shape.lifeSafety.describe('Default: whether what the device says concerns life.'),
  armed: z.enum(['never', 'always']).optional().describe('Default: never.'),
});
export type NewSlot = z.infer<typeof newSlotSchema>;

const slotChoice = z.union([slotSchema.shape.id, newSlotSchema]);

/** What a person says of a device that is to be registered. */
export const adoptRequestSchema = z.strictObject({
  profile: profile.describe('Id of the profile that reads it.'),
  key: key.describe(
    'What the device is called on its transport; default: what the profile reads from its topic.',
  ),
  id: id.optional().describe('Default: made from the key.'),
  name,
  place: slotSchema.shape.place.optional().describe('Id of the place; a slot is made there.'),
  slot: slotChoice.optional().describe('Id of a slot that exists, or what the new one is like.'),
  inputs: z
    .record(z.string().max(64), deviceInputSchema.extend({ slot: slotChoice.optional() }))
    .optional()
    .describe('Its inputs by their names, each with its meaning and slot.'),
  settings,
  bridge: bridge.describe(
    'Id of the bridge it is reached through; default: the bridge whose account it came over.',
  ),
  user: user.describe('Its broker user; default: the user it connected as, if that is its own.'),
});
export type AdoptRequest = z.infer<typeof adoptRequestSchema> & {
  /** Of a device that is reached over ONVIF; with its password. */
  onvif?: DeviceOnvif;
  /** Slots that the camera sees, beside its own. */
  sees?: readonly string[];
};
