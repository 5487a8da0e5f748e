import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { LiveStatus } from '../../contract/live.ts';
import { packageFile } from '../../contract/package-root.ts';
import type { RecordAudit } from '../audit/entry.ts';
import { AlarmView } from './alarm-view.ts';
import { Discretion } from './audience.ts';
import { RequestAudit } from './audit-request.ts';
import { SignInLinks } from './links.ts';
import { createListener } from './listener.ts';
import { LiveHub } from './live-hub.ts';
import { VideoDesk, type VideoPort } from './live-video.ts';
import type {
  AlarmDesk,
  AuditPort,
  CommandPort,
  CredentialPort,
  DeviceStatus,
  InboxPort,
  JournalPort,
  NotReady,
  PeoplePort,
  SessionStore,
  SignInFailure,
  SiteDirectory,
  Users,
} from './ports.ts';
import { accountRoutes } from './routes/account.ts';
import { alarmRoutes } from './routes/alarms.ts';
import { auditRoutes } from './routes/audit.ts';
import { type CampusPort, campusRoutes } from './routes/campus.ts';
import { commandRoutes } from './routes/commands.ts';
import { consoleRoutes, readConsole } from './routes/console.ts';
import { credentialRoutes } from './routes/credentials.ts';
import { type DiscoveryPort, discoveryRoutes } from './routes/discovery.ts';
import { type DrillPort, drillRoutes } from './routes/drills.ts';
import { type DutyPort, dutyRoutes } from './routes/duty.ts';
import { eventRoutes } from './routes/events.ts';
import { inboxRoutes } from './routes/inbox.ts';
import { type KpiPort, kpiRoutes } from './routes/kpi.ts';
import { cameraRoute, liveRoute } from './routes/live.ts';
import { type MediaPort, mediaRoutes } from './routes/media.ts';
import { type MetricsSource, opsRoutes } from './routes/ops.ts';
import { type ProfilePort, profileRoutes } from './routes/profiles.ts';
import { secondPersonRoutes } from './routes/second-person.ts';
import { sessionRoutes } from './routes/session.ts';
import { type Identity, siteRoutes } from './routes/site.ts';
import { userRoutes } from './routes/users.ts';
import { walkTestRoutes } from './routes/walk-tests.ts';
import { type ZonePort, zoneRoutes } from './routes/zones.ts';
import { SecondPersons } from './second-person.ts';
import { SessionKeeper } from './session-keeper.ts';
import { defaultSessionLimits, type SessionLimits, Sessions } from './sessions.ts';
import { SignIn } from './sign-in.ts';

/** Where the console and the API listen. */
export interface ApiListener {
  host: string;
  /** 0: any free port. */
  port: number;
  /** PEM; without it the listener speaks plain HTTP. */
  tls?: { key: string | Buffer; cert: string | Buffer };
}

export interface ApiDeps {
  listeners: readonly ApiListener[];
  logger: Logger;
  /** Wall clock, milliseconds since 1970; shown, and for the time between two runs. */
  clock: () => number;
  /** For time-outs; a step of the wall clock ends no session. Default `performance.now`. */
  monotonic?: () => number;
  identity: Identity;
  /** Version of the software. */
  version: string;
  /** Epoch of the journal. */
  epoch: string;
  journal: JournalPort;
  desk: AlarmDesk;
  directory: SiteDirectory;
  users: Users;
  /** Absent: nobody can be changed here. */
  people?: PeoplePort;
  /** Where sessions outlive a restart; absent: a restart signs everybody out. */
  sessionStore?: SessionStore;
  /** One-time code for the first administrator; printed by whoever starts the gateway. */
  setupCode?: string;
  /** Presence of a device; absent: shown without. */
  deviceStatus?: (id: string) => DeviceStatus | undefined;
  inbox: InboxPort;
  /** Absent: cameras are not searched for. */
  discovery?: DiscoveryPort;
  profiles: ProfilePort;
  credentials: CredentialPort;
  commands: CommandPort;
  /** Absent: no camera can be looked at. */
  video?: VideoPort;
  /** Absent: alarms have no pictures. */
  media?: MediaPort;
  /** Absent: the campus is not edited here. */
  campus?: CampusPort;
  /** Absent: there are no zones. */
  zones?: ZonePort;
  /** Absent: there are no drills. */
  drills?: DrillPort;
  /** Absent: there are no shifts. */
  duty?: DutyPort;
  /** Absent: there are no reports. */
  kpi?: KpiPort;
  status: () => LiveStatus;
  /** Parts that are not up; storage and console are added here. */
  readiness: () => readonly NotReady[];
  metrics: MetricsSource;
  onSignInFailure: (failure: SignInFailure) => void;
  /** Default: what `npm run build` made. */
  consoleDir?: string;
  sessionLimits?: Partial<SessionLimits>;
  /** Who did what; absent: nothing is recorded. */
  audit?: AuditPort;
  /** Sign-ins, set-ups and links of one address in a minute; default 60. */
  signInsPerMinute?: number;
  /** Default 5,000 (CONTRACT section 8). */
  heartbeatMs?: number;
}

export interface Listening {
  url: string;
  port: number;
}

export interface ApiServer {
  /** Feed it with every commit, unsaved alarms and status changes. */
  readonly live: LiveHub;
  /** Listens everywhere, or nowhere and rejects. Answers the first listener and all of them. */
  start(): Promise<Listening & { listeners: Listening[] }>;
  /** Ends sessions' feeds and requests, then closes. */
  stop(): Promise<void>;
  /** Path of a one-time sign-in link. Throws when there is no such user. */
  signInLink(user: string, ttlMs?: number): string;
  /** Ends a person's sessions: password or role changed, or the person left. */
  endSessions(user: string): void;
  /** Where somebody is, by the session that they used last at this station. */
  addressOf(user: string, station: string | undefined): string | undefined;
}

const DEFAULT_SIGN_INS_PER_MINUTE = 60;
/** What is being answered when the gateway stops may take so long. */
const STOP_GRACE_MS = 2_000;

/** Builds the API: routes on every listener, one set of sessions, one live feed. */
export async function createApi(deps: ApiDeps): Promise<ApiServer> {
  const monotonic = deps.monotonic ?? (() => performance.now());
  const { users, directory, desk, journal, logger, status, sessionStore } = deps;
  const record: RecordAudit = deps.audit?.record ?? (() => undefined);
  const requests = new RequestAudit(record, monotonic);
  const { people } = deps;
  const sessions = new Sessions({
    users,
    ...(people === undefined ? {} : { mustChange: (user: string) => people.mustChange(user) }),
    limits: { ...defaultSessionLimits, ...deps.sessionLimits },
    monotonic,
    ...(sessionStore === undefined
      ? {}
      : { keeper: new SessionKeeper({ store: sessionStore, wall: deps.clock, monotonic, logger }) }),
  });
  await sessions.start();
  const signIn = new SignIn({
    users,
    monotonic,
    record,
    onFailure: deps.onSignInFailure,
    ...(people === undefined ? {} : { people }),
    ...(deps.setupCode === undefined ? {} : { setupCode: deps.setupCode }),
  });
  const seconds = new SecondPersons({ signIn, users, directory, clock: deps.clock, monotonic, record });
  const links = new SignInLinks(users, monotonic);
  const alarms = new AlarmView(desk);
  const discretion = new Discretion(directory);
  const video = new VideoDesk({ port: deps.video, directory, clock: deps.clock, logger });
  const live = new LiveHub({
    video,
    epoch: deps.epoch,
    journal,
    alarms,
    discretion,
    sessions,
    status,
    clock: deps.clock,
    logger,
    ...(deps.heartbeatMs === undefined ? {} : { heartbeatMs: deps.heartbeatMs }),
  });
  const consoleDir = deps.consoleDir ?? packageFile('dist', 'edge', 'console');
  const page = readConsole(consoleDir);
  if (page === undefined) logger.warn({ dir: consoleDir }, 'the console is not built: run npm run build');
  const hsts = deps.listeners.every(({ tls }) => tls !== undefined);

  const build = async ({ tls }: ApiListener): Promise<FastifyInstance> => {
    const app = await createListener({
      logger,
      sessions,
      audit: requests,
      hsts,
      version: deps.version,
      ...(tls === undefined ? {} : { tls }),
    });
    const signInsPerMinute = deps.signInsPerMinute ?? DEFAULT_SIGN_INS_PER_MINUTE;
    const signing = {
      sessions,
      signIn,
      links,
      directory,
      record,
      people,
      secure: tls !== undefined,
      signInsPerMinute,
    };
    sessionRoutes(app, signing);
    if (people !== undefined) {
      accountRoutes(app, { ...signing, people });
      userRoutes(app, { people, sessions, directory });
    }
    if (deps.audit !== undefined) auditRoutes(app, deps.audit);
    alarmRoutes(app, { desk, alarms, journal, discretion, directory, seconds });
    secondPersonRoutes(app, { seconds, desk, directory, discretion, record, zones: deps.zones });
    eventRoutes(app, { journal, discretion, directory });
    siteRoutes(app, {
      identity: deps.identity,
      directory,
      users,
      deviceStatus: deps.deviceStatus ?? (() => undefined),
    });
    inboxRoutes(app, deps.inbox);
    if (deps.discovery !== undefined) discoveryRoutes(app, deps.discovery);
    profileRoutes(app, deps.profiles);
    credentialRoutes(app, { directory, credentials: deps.credentials });
    commandRoutes(app, { directory, commands: deps.commands, seconds });
    if (deps.campus !== undefined) campusRoutes(app, deps.campus);
    if (deps.drills !== undefined) {
      drillRoutes(app, { drills: deps.drills, seconds });
      walkTestRoutes(app, { drills: deps.drills, seconds });
    }
    if (deps.duty !== undefined) dutyRoutes(app, { duty: deps.duty, seconds, discretion });
    if (deps.kpi !== undefined) kpiRoutes(app, { kpi: deps.kpi, discretion });
    if (deps.zones !== undefined) zoneRoutes(app, { zones: deps.zones, seconds });
    opsRoutes(app, {
      status,
      readiness: deps.readiness,
      metrics: deps.metrics,
      consoleBuilt: page !== undefined,
    });
    liveRoute(app, live);
    cameraRoute(app, video);
    mediaRoutes(app, {
      media: deps.media,
      alarm: async (id) => desk.get(id) ?? (await journal.alarm(id)),
      discretion,
      directory,
      users,
      clock: deps.clock,
      zone: deps.identity.zone,
    });
    app.get('/api/v1/openapi.json', { config: { access: 'public' }, schema: { hide: true } }, () =>
      app.swagger(),
    );
    await consoleRoutes(app, consoleDir, page);
    await app.ready();
    return app;
  };
  const apps = await Promise.all(deps.listeners.map(build));

  const stop = async (): Promise<void> => {
    live.close();
    await Promise.all(apps.map(closeApp));
    await sessions.stop();
  };
  return {
    live,
    start: async () => {
      try {
        const listeners = await Promise.all(apps.map((app, i) => listen(app, deps.listeners[i])));
        const [first] = listeners;
        if (first === undefined) throw new Error('the API has no listener: set console.listeners');
        return { ...first, listeners };
      } catch (error) {
        await stop();
        throw error;
      }
    },
    stop,
    signInLink: (user, ttlMs) => `/api/v1/session/link?token=${links.issue(user, ttlMs)}`,
    endSessions: (user) => {
      seconds.forget(user);
      sessions.endUser(user);
    },
    addressOf: (user, station) => sessions.addressOf(user, station),
  };
}

/** Requests under way may end; a browser's connection without a request would hold the stop up for a minute. */
async function closeApp(app: FastifyInstance): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), STOP_GRACE_MS);
  await app.close();
  clearTimeout(cut);
}

async function listen(app: FastifyInstance, at: ApiListener | undefined): Promise<Listening> {
  const { host, port, tls } = at as ApiListener;
  try {
    await app.listen({ host, port });
  } catch (error) {
    throw new Error(`the console cannot listen on ${host}:${port}: ${reason(error)}`, { cause: error });
  }
  const address = app.server.address() as AddressInfo;
  const shown = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return { url: `${tls === undefined ? 'http' : 'https'}://${shown}:${address.port}`, port: address.port };
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return 'the port is taken; free it or choose another in the configuration';
  if (code === 'EACCES') return 'this user may not use the port; choose one above 1023 in the configuration';
  if (code === 'EADDRNOTAVAIL') return 'this machine has no such address; correct it in the configuration';
  return message;
}
