import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { alarmActionRequestSchema, type Role } from '../../../contract/alarm.ts';
import type { CommandDefinition } from '../../../device-profiles/command-schema.ts';
import type { Actor } from '../../alarms/rights.ts';
import type { OfferedCommand } from '../../commands/outputs.ts';
import { rightOf } from '../../commands/rights.ts';
import { inScope, whereaboutsOf } from '../../registry/scope.ts';
import { checkScope, may, notAllowed, sessionOf } from '../access.ts';
import { problems } from '../openapi.ts';
import type { CommandPort, SiteDirectory } from '../ports.ts';
import { ProblemError } from '../problem.ts';
import type { SecondPersons } from '../second-person.ts';
import { stationOf } from './alarms.ts';
import { unknownDevice } from './site.ts';

export interface CommandRoutes {
  directory: Pick<SiteDirectory, 'device' | 'place' | 'slots'>;
  commands: CommandPort;
  seconds: SecondPersons;
}

const titleSchema = z.object({ zh: z.string(), en: z.string() });
const scalarSchema = z.union([z.string(), z.number(), z.boolean()]);

const commandViewSchema = z.object({
  name: z.string(),
  title: titleSchema,
  output: z.enum(['siren', 'strobe', 'lock', 'relay', 'mute', 'view', 'other']).describe('What it moves'),
  right: z
    .enum(['allowed', 'second-person', 'refused'])
    .describe('For who asks; `second-person`: with the shift leader, as `second`'),
  args: z.record(
    z.string(),
    z.object({
      type: z.enum(['string', 'number', 'integer', 'boolean']),
      title: titleSchema.optional(),
      default: z.unknown().optional().describe('Absent: the argument must be given'),
      enum: z.array(z.unknown()).optional(),
      choices: z
        .array(z.object({ value: z.string(), title: titleSchema }))
        .optional()
        .describe('What the device says it has'),
      minimum: z.number().optional(),
      maximum: z.number().optional(),
    }),
  ),
});

const requestSchema = z.strictObject({
  args: z.record(z.string().max(64), scalarSchema).default({}),
  station: alarmActionRequestSchema.shape.station,
  second: alarmActionRequestSchema.shape.second,
});

const sentSchema = z.object({
  device: z.string(),
  command: z.string(),
  result: z
    .enum(['sent', 'done'])
    .describe(
      'Handed to the connection of the device, which says itself what it did; `done`: it says it did it',
    ),
  at: z.string(),
});

const deviceId = z.string().min(1).max(64);

/** What people make devices do. */
export function commandRoutes(app: FastifyInstance, { directory, commands, seconds }: CommandRoutes): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();

  typed.get(
    '/api/v1/devices/:id/commands',
    {
      config: { access: 'devices.read' },
      schema: {
        tags: ['site'],
        summary: 'What a device can be told to do, as its profile says',
        params: z.object({ id: deviceId }),
        response: { 200: z.object({ commands: z.array(commandViewSchema) }), ...problems(401, 403, 404) },
      },
    },
    async (request) => {
      const { id } = request.params;
      if (directory.device(id) === undefined) throw unknownDevice(id);
      const { role } = sessionOf(request);
      const offered = Object.entries(await commands.commandsOf(id));
      return { commands: offered.map(([name, command]) => viewOf(name, command, role)) };
    },
  );

  typed.post(
    '/api/v1/devices/:id/commands/:name',
    {
      // whoever may not is refused below: the attempt is on record too
      config: { access: 'session', audit: false },
      schema: {
        tags: ['site'],
        summary: 'Send a command to a device now; never kept for later, always recorded',
        params: z.object({ id: deviceId, name: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/) }),
        body: requestSchema,
        response: { 200: sentSchema, ...problems(202, 400, 401, 403, 404, 409, 413, 429, 503) },
      },
    },
    async (request) => {
      const { id, name } = request.params;
      const { args, second, ...wanted } = request.body;
      const session = sessionOf(request);
      const isKnown = directory.device(id) !== undefined;
      if (!may(session.role, 'devices.command')) {
        const { user, role, station = '' } = session;
        if (isKnown) await commands.refuse({ device: id, name }, { user, role, station });
        throw notAllowed();
      }
      if (!isKnown) throw unknownDevice(id);
      const where = whereaboutsOf(id, directory);
      if (!inScope(session.scope, where, directory)) {
        const { user, role, station = '' } = session;
        await commands.refuse({ device: id, name }, { user, role, station });
      }
      checkScope(session, where, directory);
      const actor: Actor = { user: session.user, role: session.role, station: stationOf(session, wanted) };
      if (second !== undefined) {
        const subject = { act: `command:${name}`, on: id, ...where };
        actor.second = await seconds.check(session, second, request.ip, subject);
      }
      const outcome = await commands.run({ device: id, name, args }, actor);
      if ('refused' in outcome) {
        const { refused, detail, errors } = outcome;
        throw new ProblemError(refused, detail, errors === undefined ? {} : { errors });
      }
      if (!outcome.stored) throw notStored();
      const result = outcome.done === true ? ('done' as const) : ('sent' as const);
      return { device: id, command: name, result, at: new Date(outcome.at).toISOString() };
    },
  );
}

function viewOf(
  name: string,
  { title, output, args, choices }: OfferedCommand,
  role: Role,
): z.infer<typeof commandViewSchema> {
  return {
    name,
    title: bothOf(title ?? name),
    output,
    right: rightOf(role, output),
    args: Object.fromEntries(
      Object.entries(args).map(([arg, { title: own, ...rest }]) => [
        arg,
        {
          ...rest,
          ...(own === undefined ? {} : { title: bothOf(own) }),
          ...(choices[arg] === undefined ? {} : { choices: [...choices[arg]] }),
        },
      ]),
    ),
  };
}

function bothOf(title: NonNullable<CommandDefinition['title']>): { zh: string; en: string } {
  return typeof title === 'string' ? { zh: title, en: title } : title;
}

function notStored(): ProblemError {
  return new ProblemError(
    'not-stored',
    {
      zh: '命令已发出，但存储故障，记录尚未存盘；请通知管理员检查磁盘，无需重复操作。',
      en: 'The command was sent, but storage fails and its record is not on disk yet; tell the administrator to check the disk. Do not repeat it.',
    },
    { unsaved: true },
  );
}
