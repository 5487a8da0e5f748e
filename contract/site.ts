import { z } from 'zod';
import { signInRoleSchema } from './alarm.ts';
import { calendarEntrySchema, dayKindSchema, timeOfDaySchema } from './calendar.ts';
import { siteIdSchema } from './site-id.ts';
import { zoneSchema } from './zone.ts';

export { siteIdSchema } from './site-id.ts';

const nameSchema = z.string().min(1).max(80).describe('What people read on screens.');

export const placeSchema = z.strictObject({
  id: siteIdSchema.meta({ description: 'Stable for ever; other entries refer to it.', examples: ['dorm-3'] }),
  kind: z
    .enum(['campus', 'building', 'floor', 'room', 'point'])
    .describe(
      'A building is in a campus, a floor in a building, a room in a floor or building, a point in any.',
    ),
  name: nameSchema,
  parent: siteIdSchema.optional().describe('Id of the place it is in; only a campus has none.'),
  private: z
    .boolean()
    .optional()
    .describe('Dorm room, toilet, changing room, clinic: cameras and audio capture are refused.'),
  escape: z.boolean().optional().describe('A door here may be released on fire.'),
  location: z
    .strictObject({
      lng: z.number().min(-180).max(180),
      lat: z.number().min(-90).max(90),
      crs: z.enum(['WGS84', 'GCJ02', 'CGCS2000']),
    })
    .optional()
    .describe('On the map; always with its coordinate system.'),
  plan: z
    .strictObject({ id: siteIdSchema, x: z.number().min(0).max(1), y: z.number().min(0).max(1) })
    .optional()
    .describe('Position on a floor plan, 0..1 from the upper left.'),
});
export type Place = z.infer<typeof placeSchema>;

export const orgUnitSchema = z.strictObject({ id: siteIdSchema, name: nameSchema });
/** 职能处室、二级学院、学生公寓、实验室: a second attribute beside the place; it drives who is told. */
export type OrgUnit = z.infer<typeof orgUnitSchema>;

/** A function at a place; it keeps history, rules and platform id while the unit in it is replaced. */
export const slotSchema = z.strictObject({
  id: siteIdSchema,
  name: nameSchema,
  place: siteIdSchema.describe('Id of the place.'),
  unit: siteIdSchema.optional().describe('Id of the organisational unit that is told.'),
  lifeSafety: z.boolean().optional().describe('Faults of a device here become severity 2.'),
  armed: z
    .enum(['never', 'always'])
    .default('never')
    .describe(
      'In no zone, and around the clock: "always" lets disarmable types raise alarms here; "never": as its zone is armed, without a zone not at all.',
    ),
  neighbours: z
    .array(siteIdSchema)
    .max(32)
    .optional()
    .describe('Slots beside it, the nearest first: where to look as well.'),
});
export type Slot = z.infer<typeof slotSchema>;

/** One input of a device with several (I/O module channel). `means` is a key of the profile's meanings table. */
export const deviceInputSchema = z.strictObject({
  slot: siteIdSchema.optional().describe("Id of the slot this input belongs to; default: the device's."),
  means: z.string().max(40).optional().describe('What is wired to it: a meaning of the profile.'),
  polarity: z
    .enum(['no', 'nc'])
    .optional()
    .describe('Contact polarity: normally open (default) or normally closed.'),
});
export type DeviceInput = z.infer<typeof deviceInputSchema>;

const rtspUrlSchema = z
  .string()
  .max(1024)
  .regex(
    /^rtsps?:\/\/[^/?#@\s]+(?:[/?][^\s]*)?$/,
    'must be rtsp://host:port/path without user and password; write e.g. rtsp://192.0.2.10:554/main',
  );

/** How a camera or an access controller is reached over ONVIF. */
export const deviceOnvifSchema = z.strictObject({
  url: z
    .string()
    .max(512)
    .regex(
      /^https?:\/\/[^/?#@\s]+\/[^\s]*$/,
      'must be http:// or https:// with a path, without user and password; write e.g. http://192.0.2.10/onvif/device_service',
    )
    .meta({
      description: 'Address of its device service. Its host and port are used for every call.',
      examples: ['http://192.0.2.10/onvif/device_service'],
    }),
  user: z.string().min(1).max(64).optional().describe('Its ONVIF user; many cameras keep those apart.'),
  password: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe('Read once at import; better in a file. Kept in site.db, never shown.'),
  password_file: z
    .string()
    .optional()
    .meta({
      description: 'File with the password alone in it, relative to this one.',
      examples: ['secrets/cam-gate-1'],
    }),
  tls: z
    .strictObject({
      ca_file: z
        .string()
        .optional()
        .meta({
          description:
            'Its own certificate, or the CA that signed it, PEM, relative to this file; read once at import.',
          examples: ['tls/cam-gate-1.pem'],
        }),
      ca: z.string().max(65_536).optional().describe('The same as text, as an export writes it.'),
    })
    .optional()
    .describe('For https:// with a certificate that the system does not know.'),
  rtsp: z
    .strictObject({
      main: rtspUrlSchema.optional().describe('Main stream.'),
      sub: rtspUrlSchema.optional().describe('Sub-stream: smaller, for many pictures at a time.'),
    })
    .optional()
    .describe('Addresses of its streams, where those that it gives itself are wrong.'),
  endpoint: z
    .string()
    .max(512)
    .optional()
    .describe(
      'Endpoint reference of WS-Discovery: by it the gateway knows the device at another address. Noted by itself.',
    ),
  serial: z.string().max(128).optional().describe('Serial number, as the device says. Noted by the gateway.'),
});
export type DeviceOnvif = z.infer<typeof deviceOnvifSchema>;

export const deviceSchema = z.strictObject({
  id: siteIdSchema,
  name: nameSchema,
  profile: z
    .string()
    .min(1)
    .max(64)
    .meta({ description: 'Id of its device profile.', examples: ['io.wired'] }),
  key: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe('What the device is called on its transport: the {device} of its topics. Default: the id.'),
  slot: siteIdSchema.optional().describe('Id of the slot it fills.'),
  inputs: z.record(z.string().max(64), deviceInputSchema).optional().describe('Its inputs, by their names.'),
  settings: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('Checked against the settings of its profile.'),
  bridge: siteIdSchema
    .optional()
    .describe('Id of the bridge it is reached through; while that is offline this device is unknown.'),
  user: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe('Its broker user, one of the credentials. A bridge publishes for the devices behind it.'),
  onvif: deviceOnvifSchema
    .optional()
    .describe('For cameras and access controllers: the gateway asks them for their events.'),
});
export type Device = z.infer<typeof deviceSchema>;

const passwordSchema = z
  .string()
  .min(8)
  .max(128)
  .optional()
  .describe('Read once at import and stored hashed; better in a file.');
const passwordFileSchema = z
  .string()
  .optional()
  .meta({
    description: 'File with the password alone in it, relative to this one.',
    examples: ['secrets/io-dorm-3'],
  });

/** A broker account. Topics are MQTT filters in which `{user}` stands for the account's own name. */
export const credentialSchema = z.strictObject({
  user: z.string().min(1).max(64).describe('User name at the embedded broker.'),
  password: passwordSchema,
  password_file: passwordFileSchema,
  publish: z
    .array(z.string())
    .optional()
    .describe('MQTT filters it may publish to; {user} is its own name. Default: the topics of its devices.'),
  subscribe: z
    .array(z.string())
    .optional()
    .describe('MQTT filters it may subscribe to. Default: what its devices are written on.'),
  commissioning: z
    .boolean()
    .optional()
    .describe('Shared by devices until each has an account of its own; it becomes the user of none.'),
});
export type Credential = z.infer<typeof credentialSchema>;

export const scopeSchema = z
  .strictObject({
    places: z.array(siteIdSchema).min(1).max(64).optional().describe('Ids of places; all that lies in them.'),
    units: z.array(siteIdSchema).min(1).max(64).optional().describe('Ids of organisational units.'),
  })
  .refine(({ places, units }) => places !== undefined || units !== undefined, {
    error: 'must name places or units; leave the scope out for the whole campus',
  });
/** What a person is responsible for: within these places, or with these units. */
export type Scope = z.infer<typeof scopeSchema>;

/** A person who signs in. */
export const userSchema = z.strictObject({
  user: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,31}$/, 'must be 1-32 of a-z, 0-9, ".", "_" and "-"')
    .describe('Name to sign in with.'),
  name: z.string().min(1).max(40).describe('Name of the person.'),
  role: signInRoleSchema.describe('What the person may do.'),
  scope: scopeSchema.optional().describe('Where the person may do it; left out: on the whole campus.'),
  password: passwordSchema,
  password_file: passwordFileSchema,
  must_change: z
    .boolean()
    .optional()
    .describe('The password of this file is for the first sign-in only: it must be changed there.'),
});
export type User = z.infer<typeof userSchema>;

const phoneNumberSchema = z
  .string()
  .regex(/^\+?[0-9][0-9 -]{1,23}$/, 'must be a telephone number: digits, spaces and "-"');

/** Whom to call. */
export const phoneSchema = z.strictObject({
  id: siteIdSchema,
  name: nameSchema,
  number: phoneNumberSchema.meta({ examples: ['0531-88880000', '110'] }),
  role: z
    .enum(['school', 'county', 'police', 'fire', 'medical', 'maintenance'])
    .default('school')
    .describe('`police` 110, `fire` 119, `medical` 120, `county`: the education authority on duty.'),
  units: z.array(siteIdSchema).max(64).optional().describe('Units it stands for. Default: all.'),
  places: z.array(siteIdSchema).max(64).optional().describe('Places it stands for. Default: all.'),
  order: z.number().int().min(0).max(999).default(100).describe('The lowest is called first.'),
  hours: z
    .strictObject({ from: timeOfDaySchema, to: timeOfDaySchema })
    .optional()
    .meta({
      description: 'When it is answered; `to` before `from`: on the next day. Default: always.',
      examples: [{ from: '07:30', to: '18:00' }],
    }),
});
export type Phone = z.infer<typeof phoneSchema>;

/** Opening and quiet hours of a place and all that lies in it. */
export const hoursSchema = z.strictObject({
  id: siteIdSchema,
  place: siteIdSchema,
  kind: z.enum(['open', 'quiet']).describe('`open`: people are here; `quiet`: no sound outside of alarms.'),
  days: z.array(dayKindSchema).min(1).optional().describe('Kinds of day. Default: every day.'),
  from: timeOfDaySchema,
  to: timeOfDaySchema.describe('Before `from`: on the next day.'),
});
export type Hours = z.infer<typeof hoursSchema>;

/** A floor plan. Its picture is read once at import, or uploaded at the console. */
export const planSchema = z.strictObject({
  id: siteIdSchema,
  name: nameSchema,
  place: siteIdSchema.describe('Id of the place it shows.'),
  image_file: z
    .string()
    .optional()
    .meta({
      description: 'PNG or JPEG, relative to this file, 5 MiB at most.',
      examples: ['plans/dorm-3-1.png'],
    }),
});
export type Plan = z.infer<typeof planSchema>;

/** The YAML import of a campus. Arrays may be empty; ids are unique per array; references must exist. */
export const siteSchema = z.strictObject({
  places: z.array(placeSchema).default([]).describe('Campus, buildings, floors, rooms, points.'),
  units: z.array(orgUnitSchema).default([]).describe('职能处室、二级学院、学生公寓、实验室.'),
  slots: z.array(slotSchema).default([]).describe('Functions at places; they outlive the devices in them.'),
  devices: z.array(deviceSchema).default([]).describe('What speaks to the gateway.'),
  credentials: z.array(credentialSchema).default([]).describe('Accounts of the embedded broker.'),
  users: z.array(userSchema).default([]).describe('People who sign in to the console.'),
  links: z
    .array(z.strictObject({ slot: siteIdSchema, cameras: z.array(siteIdSchema) }))
    .default([])
    .describe('Cameras that see a slot, nearest first.'),
  zones: z.array(zoneSchema).default([]).describe('Slots that are armed and disarmed together.'),
  phones: z.array(phoneSchema).default([]).describe('Whom to call.'),
  hours: z.array(hoursSchema).default([]).describe('Opening and quiet hours.'),
  plans: z.array(planSchema).default([]).describe('Floor plans.'),
  calendar: z
    .array(calendarEntrySchema)
    .default([])
    .describe('Terms, vacations, holidays, make-up days, periods and bands of the day.'),
});
export type Site = z.infer<typeof siteSchema>;
