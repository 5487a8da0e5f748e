import type { FastifyInstance, FastifyRequest } from 'fastify';
import { signInRoleSchema } from '../../contract/alarm.ts';
import type { SignInRole } from './ports.ts';
import { ProblemError } from './problem.ts';
import type { Session, Sessions } from './sessions.ts';

const everybody: readonly SignInRole[] = signInRoleSchema.options;
/** Whoever works with the campus; not those who keep users or read the audit, who stay separate (CONTRACT section 4). */
const campus: readonly SignInRole[] = ['guard', 'shift-leader', 'installer', 'administrator', 'kiosk'];

/** Rights by name, and the roles that have them. What exactly a role may do to an alarm or command of a
 * device is decided there. */
export const roles = {
  session: everybody,
  'alarms.read': campus,
  'alarms.act': ['guard', 'shift-leader'],
  'events.read': campus,
  'site.read': campus,
  'status.read': campus,
  'devices.read': ['guard', 'shift-leader', 'installer', 'administrator'],
  'devices.command': ['guard', 'shift-leader', 'installer'],
  'devices.settings': ['installer', 'administrator'],
  /** A kiosk reads the duty screen and does nothing (CONTRACT section 4). */
  'video.view': ['guard', 'shift-leader', 'installer', 'administrator'],
  'inbox.read': ['installer', 'administrator'],
  'devices.add': ['installer', 'administrator'],
  'devices.credentials': ['installer', 'administrator'],
  'metrics.read': ['administrator'],
} as const satisfies Record<string, readonly SignInRole[]>;

export type Right = keyof typeof roles;

/** What the console shows and hides by. */
export function rightsOf(role: SignInRole): Right[] {
  return (Object.keys(roles) as Right[]).filter((right) => may(role, right));
}

export function may(role: SignInRole, right: Right): boolean {
  return (roles[right] as readonly SignInRole[]).includes(role);
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may use the route; `public`: anybody, or the route decides by itself. A route without it is refused. */
    access?: 'public' | Right;
  }
  interface FastifyRequest {
    session: Session | null;
  }
}

export const SESSION_COOKIE = 'cg_session';

/** Puts the session on each request, and refuses what its role may not do before anything is read of the body. */
export function guardRoutes(app: FastifyInstance, sessions: Sessions): void {
  app.decorateRequest('session', null);
  app.addHook('onRoute', (route) => {
    // a forgotten declaration must not become an open door
    if (route.config?.access === undefined) throw new Error(`route ${route.url} does not declare its access`);
  });
  app.addHook('onRequest', async (request) => {
    const token = request.cookies[SESSION_COOKIE];
    const session = token === undefined ? undefined : sessions.find(token);
    request.session = session ?? null;
    const access = request.routeOptions.config.access ?? 'public';
    if (access === 'public') return;
    if (session === undefined) throw expired();
    if (!may(session.role, access)) throw notAllowed();
  });
}

/** The session of a request on a route that asks for one. */
export function sessionOf(request: FastifyRequest): Session {
  if (request.session === null) throw expired();
  return request.session;
}

function expired(): ProblemError {
  return new ProblemError('expired-session', {
    zh: '尚未登录或登录已过期，请重新登录。',
    en: 'You are not signed in, or your session has ended: sign in again.',
  });
}

export function notAllowed(): ProblemError {
  return new ProblemError('not-allowed', {
    zh: '您的岗位没有此项权限，请联系值班班长或管理员。',
    en: 'Your role may not do this: ask the shift leader or the administrator.',
  });
}
