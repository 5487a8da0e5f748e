import { z } from 'zod';
import { roleSchema } from './alarm.ts';

/** Stable id of a place, slot, device, unit: letters, digits, `-`, `_`, `.`; no spaces. */
export const siteIdSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'must be 1-64 letters, digits, "-", "_" or ".", starting with a letter or digit',
  );

export const placeSchema = z.strictObject({
  id: siteIdSchema,
  kind: z.enum(['campus', 'building', 'floor', 'room', 'point']),
  name: z.string().min(1).max(80),
  parent: siteIdSchema.optional(),
  /** Dorm room, toilet, changing room, clinic: cameras and audio capture are refused. */
  private: z.boolean().optional(),
  /** A door here may be released on fire. */
  escape: z.boolean().optional(),
  location: z
    .strictObject({
      lng: z.number().min(-180).max(180),
      lat: z.number().min(-90).max(90),
      crs: z.enum(['WGS84', 'GCJ02', 'CGCS2000']),
    })
    .optional(),
  /** Position on a floor plan, 0..1 from the upper left. */
  plan: z
    .strictObject({ id: siteIdSchema, x: z.number().min(0).max(1), y: z.number().min(0).max(1) })
    .optional(),
});
export type Place = z.infer<typeof placeSchema>;

export const orgUnitSchema = z.strictObject({ id: siteIdSchema, name: z.string().min(1).max(80) });
/** 职能处室、二级学院、学生公寓、实验室: a second attribute beside the place; it drives who is told. */
export type OrgUnit = z.infer<typeof orgUnitSchema>;

/** A function at a place; it keeps history, rules and platform id while the unit in it is replaced. */
export const slotSchema = z.strictObject({
  id: siteIdSchema,
  name: z.string().min(1).max(80),
  place: siteIdSchema,
  unit: siteIdSchema.optional(),
  /** Faults of a device here become severity 2. */
  lifeSafety: z.boolean().optional(),
  /** Until zones exist: `always` lets disarmable types raise alarms here; `never` records them only. */
  armed: z.enum(['never', 'always']).default('never'),
});
export type Slot = z.infer<typeof slotSchema>;

/** One input of a device with several (I/O module channel). `means` is a key of the profile's meanings table. */
export const deviceInputSchema = z.strictObject({
  slot: siteIdSchema.optional(),
  means: z.string().max(40).optional(),
  /** Contact polarity: normally open (default) or normally closed. */
  polarity: z.enum(['no', 'nc']).optional(),
});
export type DeviceInput = z.infer<typeof deviceInputSchema>;

export const deviceSchema = z.strictObject({
  id: siteIdSchema,
  name: z.string().min(1).max(80),
  profile: z.string().min(1).max(64),
  /** What the device is called on its transport: the `{device}` of its topics. Defaults to the id. */
  key: z.string().min(1).max(128).optional(),
  slot: siteIdSchema.optional(),
  inputs: z.record(z.string().max(64), deviceInputSchema).optional(),
  /** Checked against the profile's settings schema. */
  settings: z.record(z.string(), z.unknown()).optional(),
  /** Device id of the bridge it is reached through; when that is offline this one is unknown. */
  bridge: siteIdSchema.optional(),
  /** Broker user of this device; a bridge's user may publish for the devices behind it. */
  user: z.string().min(1).max(64).optional(),
});
export type Device = z.infer<typeof deviceSchema>;

/** A broker account. Topics are MQTT filters in which `{user}` stands for the account's own name. */
export const credentialSchema = z.strictObject({
  user: z.string().min(1).max(64),
  /** Read once at import, stored hashed. */
  password: z.string().min(8).max(128).optional(),
  password_file: z.string().optional(),
  /** Filters the account may publish to and subscribe to; default: those of its device's profile. */
  publish: z.array(z.string()).optional(),
  subscribe: z.array(z.string()).optional(),
});
export type Credential = z.infer<typeof credentialSchema>;

/** A person who signs in. */
export const userSchema = z.strictObject({
  user: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,31}$/, 'must be 1-32 of a-z, 0-9, ".", "_" and "-"'),
  name: z.string().min(1).max(40),
  role: roleSchema.exclude(['system']),
  password: z.string().min(8).max(128).optional(),
  password_file: z.string().optional(),
});
export type User = z.infer<typeof userSchema>;

/** The YAML import of a campus. Arrays may be empty; ids are unique per array; references must exist. */
export const siteSchema = z.strictObject({
  places: z.array(placeSchema).default([]),
  units: z.array(orgUnitSchema).default([]),
  slots: z.array(slotSchema).default([]),
  devices: z.array(deviceSchema).default([]),
  credentials: z.array(credentialSchema).default([]),
  users: z.array(userSchema).default([]),
  /** Cameras that see a slot, nearest first. */
  links: z.array(z.strictObject({ slot: siteIdSchema, cameras: z.array(siteIdSchema) })).default([]),
});
export type Site = z.infer<typeof siteSchema>;
