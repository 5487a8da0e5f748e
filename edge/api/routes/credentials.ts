import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { sessionOf } from '../access.ts';
import { problems } from '../openapi.ts';
import type { CredentialPort, SiteDirectory } from '../ports.ts';
import { ProblemError } from '../problem.ts';
import { unknownDevice } from './site.ts';

export interface CredentialRoutes {
  directory: Pick<SiteDirectory, 'device'>;
  credentials: CredentialPort;
}

const issuedSchema = z.object({
  user: z.string(),
  password: z.string().describe('Shown this once; the gateway keeps only its hash'),
  created: z.boolean().describe('The account is new; else its old password is refused from now on'),
  devices: z.array(z.string()).describe('Ids of all devices that use this account'),
  publish: z.array(z.string()).describe('Topics that it may publish to'),
  subscribe: z.array(z.string()),
});

/** Broker accounts of devices. */
export function credentialRoutes(app: FastifyInstance, { directory, credentials }: CredentialRoutes): void {
  app.withTypeProvider<ZodTypeProvider>().post(
    '/api/v1/devices/:id/credentials',
    {
      config: { access: 'devices.credentials' },
      schema: {
        tags: ['site'],
        summary:
          'A new password for the broker account of a device, and an account if it has none; shown once',
        params: z.object({ id: z.string().min(1).max(64) }),
        response: { 201: issuedSchema, ...problems(401, 403, 404, 409) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const device = directory.device(id);
      if (device === undefined) throw unknownDevice(id);
      if (device.user === undefined && device.bridge !== undefined) throw behindBridge(device.bridge);
      const issued = await credentials.issue(id, sessionOf(request).user);
      const { publish = [], subscribe = [] } = credentials.account(issued.user) ?? {};
      reply.code(201).header('cache-control', 'no-store');
      return { ...issued, publish: [...publish], subscribe: [...subscribe] };
    },
  );
}

function behindBridge(bridge: string): ProblemError {
  return new ProblemError('not-possible', {
    zh: `这个设备经由网桥“${bridge}”接入，没有自己的账号：请为网桥签发。`,
    en: `This device is reached through the bridge "${bridge}" and has no account: issue one for the bridge.`,
  });
}
