import type { FastifyRequest } from 'fastify';
import type { AuditEntry } from '../../contract/audit.ts';
import type { ProblemCode } from '../../contract/problem.ts';
import type { RecordAudit } from '../audit/entry.ts';

/** Refusals that say something about the person; a form that was filled in wrongly or twice does not. */
const refusals: ReadonlySet<ProblemCode> = new Set([
  'not-allowed',
  'private-place',
  'second-person-needed',
  'condition-active',
  'not-possible',
  'password-change-needed',
  'wrong-origin',
]);
/** The same refusal of the same person is recorded once in this time: a page that polls must not fill the audit. */
const SAME_REFUSAL_MS = 60_000;
const MAX_REMEMBERED = 1_000;

/** Records requests of people who are signed in: what was refused, and what their route says is to be recorded. */
export class RequestAudit {
  readonly #record: RecordAudit;
  readonly #monotonic: () => number;
  readonly #told = new Map<string, number>();

  constructor(record: RecordAudit, monotonic: () => number) {
    this.#record = record;
    this.#monotonic = monotonic;
  }

  /** A request that was answered with this status. */
  take(request: FastifyRequest, status: number): void {
    const { session, problem } = request;
    const { config, url } = request.routeOptions;
    const { audit } = config;
    if (session === null || audit === false || url === undefined) return;
    const refused = problem !== null && refusals.has(problem);
    const isDone = audit?.always === true && status < 400;
    if (!refused && !isDone) return;
    const params = (request.params ?? {}) as Record<string, string>;
    const act = audit === undefined ? `${request.method} ${url}` : filled(audit.act, params);
    const on = audit?.on === undefined ? params.id : filled(audit.on, params);
    const { user, role, station } = session;
    const entry: Omit<AuditEntry, 'at'> = {
      user,
      role,
      station,
      address: request.ip,
      act,
      on,
      result: refused ? 'refused' : 'done',
      ...(refused ? { why: problem } : {}),
    };
    if (isDone || this.#isNews([user, request.ip, act, on, problem].join('\0'))) this.#record(entry);
  }

  #isNews(key: string): boolean {
    const now = this.#monotonic();
    const at = this.#told.get(key);
    if (at !== undefined && now - at < SAME_REFUSAL_MS) return false;
    this.#told.delete(key);
    this.#told.set(key, now);
    const [oldest] = this.#told.keys();
    if (this.#told.size > MAX_REMEMBERED && oldest !== undefined) this.#told.delete(oldest);
    return true;
  }
}

function filled(template: string, params: Record<string, string>): string {
  return template.replaceAll(/:(\w+)/g, (_, name: string) => params[name] ?? '');
}
