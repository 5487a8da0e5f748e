import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { eventTypes } from '../../../contract/event-type.ts';
import { type Device, orgUnitSchema, phoneSchema, placeSchema, slotSchema } from '../../../contract/site.ts';
import { may, sessionOf } from '../access.ts';
import { problems } from '../openapi.ts';
import type { DeviceStatus, SiteDirectory, Users } from '../ports.ts';
import { ProblemError } from '../problem.ts';

/** Who this gateway is. */
export interface Identity {
  gateway: string;
  school: string;
  region: string;
  name: string;
  /** IANA zone of the campus. */
  zone?: string;
}

export interface SiteRoutes {
  identity: Identity;
  directory: SiteDirectory;
  users: Pick<Users, 'list'>;
  deviceStatus: (id: string) => DeviceStatus | undefined;
}

const knownDevice = z.looseObject({
  id: z.string(),
  name: z.string(),
  profile: z.string(),
  slot: z.string().optional(),
  bridge: z.string().optional(),
  inputs: z.record(z.string(), z.looseObject({})).optional(),
  status: z
    .object({
      state: z.enum(['online', 'offline', 'unknown']),
      lastAt: z.string().optional(),
      channel: z
        .object({
          state: z.enum(['ok', 'silent', 'offline', 'refused', 'unsupported']),
          since: z.string(),
          reason: z.string().optional().describe('For installer and administrator'),
        })
        .optional()
        .describe('Event channel of a device that the gateway asks for its events'),
    })
    .optional(),
});

const siteViewSchema = z.object({
  gateway: z.looseObject({ gateway: z.string(), school: z.string(), region: z.string(), name: z.string() }),
  places: z.array(placeSchema),
  units: z.array(orgUnitSchema),
  slots: z.array(slotSchema),
  devices: z.array(knownDevice),
  links: z.array(z.object({ slot: z.string(), cameras: z.array(z.string()) })),
  phones: z.array(phoneSchema),
  people: z
    .array(z.object({ user: z.string(), name: z.string() }))
    .describe('Who is behind the user names in alarms and their history'),
  types: z.record(
    z.string(),
    z.object({
      zh: z.string(),
      en: z.string(),
      kind: z.string(),
      severity: z.number(),
      silent: z.boolean().optional(),
    }),
  ),
});

const typeNames = Object.fromEntries(
  eventTypes.map(({ code, zh, en, kind, severity, silent }) => [
    code,
    { zh, en, kind, severity, ...(silent === true ? { silent } : {}) },
  ]),
);

interface CachedText {
  version: string;
  text: string;
  etag: string;
}

/** The campus: what things are called and where they are. */
export function siteRoutes(app: FastifyInstance, o: SiteRoutes): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();
  let cached: CachedText | undefined;
  const site = (): CachedText => {
    // People come and go without a new version of the directory.
    const version = JSON.stringify([o.directory.version, peopleOf(o)]);
    if (cached?.version !== version) {
      const text = JSON.stringify(siteView(o));
      cached = {
        version,
        text,
        etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`,
      };
    }
    return cached;
  };

  typed.get(
    '/api/v1/site',
    {
      config: { access: 'site.read' },
      schema: {
        tags: ['site'],
        summary: 'Places, slots, devices, people and event types by name; send If-None-Match',
        response: {
          200: siteViewSchema,
          304: z.null().describe('Unchanged since the ETag of the request'),
          ...problems(401, 403),
        },
      },
    },
    async (request, reply) => sendSite(request, reply, site()),
  );

  typed.get(
    '/api/v1/places',
    {
      config: { access: 'site.read' },
      schema: {
        tags: ['site'],
        summary: 'The place tree',
        response: { 200: z.object({ places: z.array(placeSchema) }), ...problems(401, 403) },
      },
    },
    async () => ({ places: [...o.directory.places()] }),
  );

  const deviceView = (device: Device, withSettings: boolean): z.infer<typeof knownDevice> => {
    const status = o.deviceStatus(device.id);
    return {
      ...plainDevice(device),
      ...(status === undefined ? {} : { status: withSettings ? status : withoutReason(status) }),
      ...(withSettings
        ? { key: device.key ?? device.id, user: device.user, settings: withoutSecrets(device.settings) }
        : {}),
    };
  };

  typed.get(
    '/api/v1/devices',
    {
      config: { access: 'devices.read' },
      schema: {
        tags: ['site'],
        summary: 'All devices with their state',
        response: { 200: z.object({ devices: z.array(knownDevice) }), ...problems(401, 403) },
      },
    },
    async () => ({ devices: o.directory.devices().map((device) => deviceView(device, false)) }),
  );

  typed.get(
    '/api/v1/devices/:id',
    {
      config: { access: 'devices.read' },
      schema: {
        tags: ['site'],
        summary: 'One device; installer and administrator also see its settings, without secrets',
        params: z.object({ id: z.string().min(1).max(64) }),
        response: { 200: knownDevice, ...problems(401, 403, 404) },
      },
    },
    async (request) => {
      const device = o.directory.device(request.params.id);
      if (device === undefined) throw unknownDevice(request.params.id);
      return deviceView(device, may(sessionOf(request).role, 'devices.settings'));
    },
  );
}

/** A reason names addresses and users. */
function withoutReason({ channel, ...status }: DeviceStatus): DeviceStatus {
  if (channel === undefined) return status;
  return { ...status, channel: { state: channel.state, since: channel.since } };
}

function sendSite(request: FastifyRequest, reply: FastifyReply, site: CachedText): FastifyReply {
  reply.header('etag', site.etag).header('cache-control', 'private, no-cache');
  if (request.headers['if-none-match'] === site.etag) return reply.code(304).send();
  return reply.type('application/json; charset=utf-8').send(site.text);
}

/** Their names only; whoever may read the site may read alarms, where the user names are. */
function peopleOf({ users }: Pick<SiteRoutes, 'users'>): { user: string; name: string }[] {
  return users.list().map(({ user, name }) => ({ user, name }));
}

function siteView({ identity, directory, users }: SiteRoutes): z.infer<typeof siteViewSchema> {
  return {
    gateway: { ...identity },
    places: [...directory.places()],
    units: [...directory.units()],
    slots: [...directory.slots()],
    devices: directory.devices().map(plainDevice),
    links: directory.links().map(({ slot, cameras }) => ({ slot, cameras: [...cameras] })),
    phones: [...directory.phones()],
    people: peopleOf({ users }),
    types: typeNames,
  };
}

/** What anybody on the campus may know of a device: neither account nor settings. */
function plainDevice({ id, name, profile, slot, bridge, inputs }: Device): z.infer<typeof knownDevice> {
  return {
    id,
    name,
    profile,
    ...(slot === undefined ? {} : { slot }),
    ...(bridge === undefined ? {} : { bridge }),
    ...(inputs === undefined ? {} : { inputs }),
  };
}

const secretName = /pass|secret|token|pin|key|credential/i;

/** Settings with every value hidden whose name sounds like a secret, at any depth. */
function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      secretName.test(name) ? '***' : withoutSecrets(inner),
    ]),
  );
}

export function unknownDevice(id: string): ProblemError {
  return new ProblemError('unknown-device', {
    zh: `没有编号为“${id}”的设备，请在设备列表中核对。`,
    en: `There is no device "${id}": see the list of devices.`,
  });
}
