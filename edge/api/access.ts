import type { FastifyInstance, FastifyRequest } from 'fastify';
import { signInRoleSchema } from '../../contract/alarm.ts';
import type { ProblemCode } from '../../contract/problem.ts';
import { inScope, type Whereabouts } from '../registry/scope.ts';
import type { RequestAudit } from './audit-request.ts';
import type { SignInRole, SiteDirectory } from './ports.ts';
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
  /** Who exactly may do what to which zone is decided there. */
  'zones.act': ['guard', 'shift-leader'],
  /** Places, slots, zones, telephones, hours, plans and calendar. */
  'campus.edit': ['administrator'],
  /** Drills and walk tests; who exactly may start which is decided there. */
  'drills.read': ['guard', 'shift-leader', 'installer', 'administrator'],
  'drills.run': ['guard', 'shift-leader', 'installer'],
  /** Shifts, hand-over and duty checks; a check is started by the shift leader or the administrator. */
  'duty.read': ['guard', 'shift-leader', 'administrator'],
  'duty.work': ['guard', 'shift-leader'],
  'duty.check': ['shift-leader', 'administrator'],
  'status.read': campus,
  'devices.read': ['guard', 'shift-leader', 'installer', 'administrator'],
  'devices.command': ['guard', 'shift-leader', 'installer'],
  'devices.settings': ['installer', 'administrator'],
  /** A kiosk reads the duty screen and does nothing (CONTRACT section 4). */
  'video.view': ['guard', 'shift-leader', 'installer', 'administrator'],
  /** Pictures and films of alarms: who handles them, and who answers for the gateway. */
  'media.view': ['guard', 'shift-leader', 'administrator'],
  'inbox.read': ['installer', 'administrator'],
  'devices.add': ['installer', 'administrator'],
  'devices.credentials': ['installer', 'administrator'],
  'metrics.read': ['administrator'],
  'people.manage': ['security-administrator'],
  /** Of an administrator only while there is no security administrator: to make the first. */
  'people.add': ['security-administrator', 'administrator'],
  'second-factor': ['installer', 'administrator', 'security-administrator', 'auditor'],
  'audit.read': ['auditor'],
  /** Figures of how alarms are handled: who answers for it, and who checks it. */
  'kpi.read': ['shift-leader', 'administrator', 'auditor'],
  /** A second person from afar: who may need one, and who may be one. */
  'second.ask': ['guard', 'shift-leader', 'installer'],
  'second.answer': ['guard', 'shift-leader', 'installer'],
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
    /**
     * What the audit calls it, with `:name` for a parameter of the route. Refusals are recorded always; what was done only
     * with `always`, since what is an event is recorded with it. `false`: the route sees to it itself.
     */
    audit?: false | { act: string; on?: string; always?: true };
    /** Also for who has to change their password first. */
    firstPassword?: true;
  }
  interface FastifyRequest {
    session: Session | null;
    /** Code of the problem that it was answered with. */
    problem: ProblemCode | null;
  }
}

export const SESSION_COOKIE = 'cg_session';

/** Puts the session on each request, and refuses what its role may not do before anything is read of the body. */
export function guardRoutes(app: FastifyInstance, sessions: Sessions, audit: RequestAudit): void {
  app.decorateRequest('session', null);
  app.decorateRequest('problem', null);
  app.addHook('onRoute', (route) => {
    // a forgotten declaration must not become an open door
    if (route.config?.access === undefined) throw new Error(`route ${route.url} does not declare its access`);
  });
  app.addHook('onRequest', async (request) => {
    const token = request.cookies[SESSION_COOKIE];
    const session = token === undefined ? undefined : sessions.find(token, request.ip);
    request.session = session ?? null;
    const { access = 'public', firstPassword } = request.routeOptions.config;
    const mustChange = session !== undefined && firstPassword !== true && sessions.mustChange(session);
    if (access === 'public') {
      // where the route decides by itself, such a person is nobody yet
      if (mustChange) request.session = null;
      return;
    }
    if (session === undefined) throw expired();
    if (mustChange) throw changeFirst();
    if (!may(session.role, access)) throw notAllowed();
  });
  app.addHook('onResponse', async (request, reply) => audit.take(request, reply.statusCode));
}

/** The session of a request on a route that asks for one. */
export function sessionOf(request: FastifyRequest): Session {
  if (request.session === null) throw expired();
  return request.session;
}

/** Refuses what lies outside of what somebody is responsible for. */
export function checkScope(
  { scope }: Pick<Session, 'scope'>,
  at: Whereabouts,
  directory: Pick<SiteDirectory, 'place'>,
): void {
  if (inScope(scope, at, directory)) return;
  throw new ProblemError('not-allowed', {
    zh: '此处不在您的责任范围内，请联系负责此处的值班人员或值班班长。',
    en: 'This is outside of what you are responsible for: ask the guard of that place, or the shift leader.',
  });
}

function expired(): ProblemError {
  return new ProblemError('expired-session', {
    zh: '尚未登录或登录已过期，请重新登录。',
    en: 'You are not signed in, or your session has ended: sign in again.',
  });
}

function changeFirst(): ProblemError {
  return new ProblemError('password-change-needed', {
    zh: '您使用的是初始密码，请先修改密码。',
    en: 'Your password was given by somebody else: change it first.',
  });
}

export function notAllowed(): ProblemError {
  return new ProblemError('not-allowed', {
    zh: '您的岗位没有此项权限，请联系值班班长或管理员。',
    en: 'Your role may not do this: ask the shift leader or the administrator.',
  });
}
