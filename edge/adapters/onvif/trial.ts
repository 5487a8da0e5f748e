import { type Bounds, getClock } from './calls.ts';
import { OnvifFailure } from './failure.ts';
import { type DeviceReport, readDevice } from './probe.ts';
import { ask } from './probe-services.ts';
import { SoapClient } from './soap-client.ts';
import { type PresentedCertificate, presentedCertificate } from './trial-certificate.ts';
import { attribute, child } from './xml.ts';

/**
 * What came of a trial. `accepted`: the credentials are right. `open`: the device answers everybody. `no-user`: it asks who we
 * are, and no user was given. `wrong-password`, `unknown-user`, `locked`: as the device says. `refused`: it does not say which
 * of user and password is wrong. `not-permitted`: the user is right and may not ask for what we need. `clock`: it takes
 * UsernameTokens by its clock alone and does not tell that. `no-digest`: it wants a form of sign-in that we do not have.
 * `no-answer`: connected, and nothing comes.
 */
export type Verdict =
  | 'accepted'
  | 'open'
  | 'no-user'
  | 'wrong-password'
  | 'unknown-user'
  | 'refused'
  | 'locked'
  | 'not-permitted'
  | 'clock'
  | 'no-digest'
  | 'tls-untrusted'
  | 'tls-expired'
  | 'tls-not-yet-valid'
  | 'tls-name'
  | 'tls'
  | 'not-onvif'
  | 'no-answer'
  | 'unreachable';

export interface Trial {
  verdict: Verdict;
  /** What was met, in words for the installer; of a refusal what the device said. */
  detail: string;
  /** How the device wants to be told who asks, as it says: `digest-only`, `token-only` or `either`. */
  signIn: 'digest-only' | 'token-only' | 'either' | undefined;
  /** How far its clock is ahead of ours; undefined: it does not tell. */
  clockAheadMs: number | undefined;
  /** What it presented, where TLS failed: for a person to compare and to trust. */
  certificate: PresentedCertificate | undefined;
  /** Only where it answered who it is. */
  report: DeviceReport | undefined;
}

export interface TrialOptions {
  url: string;
  user?: string | undefined;
  password?: string | undefined;
  /** PEM that its certificate is checked against. */
  ca?: string | undefined;
  /** For each question. */
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  /** Milliseconds since 1970. */
  clock: () => number;
}

/** Largest answer: GetProfiles of a recorder with 64 channels has 500 KB. */
const MAX_BYTES = 2 * 1024 * 1024;

/**
 * Looks at a device and tries these credentials. Never more than one attempt that is refused: no account is locked by it. Never
 * rejects; what failed is the verdict.
 */
export async function tryCredentials(options: TrialOptions): Promise<Trial> {
  return new Attempt(options).run();
}

class Attempt {
  readonly #o: TrialOptions;
  readonly #client: SoapClient;
  readonly #bounds: Bounds;
  #aheadMs: number | undefined;
  #signIn: Trial['signIn'];

  constructor(options: TrialOptions) {
    this.#o = options;
    const { url, user, password, ca, clock, timeoutMs, signal } = options;
    const device = { id: '', url, user, password, ca };
    const deviceClock = (): number => clock() + (this.#aheadMs ?? 0);
    this.#client = new SoapClient({ device, maxBytes: MAX_BYTES, deviceClock });
    this.#bounds = { timeoutMs, signal };
  }

  async run(): Promise<Trial> {
    try {
      await this.#look();
      const report = await readDevice(this.#client, this.#o.url, this.#bounds);
      return this.#resultOf(report);
    } catch (error) {
      if (!(error instanceof OnvifFailure)) throw error;
      const certificate =
        error.kind === 'tls' ? await presentedCertificate(this.#o.url, this.#o.timeoutMs) : undefined;
      // of a refusal the verdict says what to do: the device's own words are news
      const detail = error.kind === 'rejected' ? (error.said ?? '') : error.message;
      return this.#trial(this.#verdictOf(error), detail, certificate);
    }
  }

  /** What everybody may ask: the clock, and how the device wants to be told who asks. */
  async #look(): Promise<void> {
    const { clock } = this.#o;
    const askedAt = clock();
    const time = await getClock(this.#client, this.#bounds).catch((error: unknown) => {
      // it keeps its clock to itself
      const isKept = error instanceof OnvifFailure && (error.said !== undefined || error.kind === 'rejected');
      if (isKept) return undefined;
      throw error;
    });
    // answers give whole seconds: the middle of that second is the best guess
    if (time !== undefined) this.#aheadMs = Math.round(time + 500 - (askedAt + clock()) / 2);
    const paths = new Map();
    const answer = await ask(
      this.#client,
      paths,
      'device',
      'GetServiceCapabilities',
      '',
      this.#bounds,
      'never',
    ).catch((error: unknown) => {
      if (error instanceof OnvifFailure) return undefined;
      throw error;
    });
    const security = child(answer, 'Capabilities', 'Security');
    if (security === undefined) return;
    const says = (name: string): boolean => /^(?:true|1)$/.test(attribute(security, name) ?? '');
    const [token, digest] = [says('UsernameToken'), says('HttpDigest')];
    this.#signIn = token && digest ? 'either' : digest ? 'digest-only' : token ? 'token-only' : undefined;
  }

  #resultOf(report: DeviceReport): Trial {
    const { stoppedAt } = report;
    if (stoppedAt?.failure.kind === 'rejected')
      return {
        ...this.#trial('not-permitted', `${stoppedAt.what}: ${stoppedAt.failure.message}`),
        report,
      };
    const verdict = this.#client.isProven ? 'accepted' : 'open';
    const detail = stoppedAt === undefined ? '' : `${stoppedAt.what}: ${stoppedAt.failure.message}`;
    return { ...this.#trial(verdict, detail), report };
  }

  #trial(verdict: Verdict, detail: string, certificate?: PresentedCertificate): Trial {
    return {
      verdict,
      detail,
      signIn: this.#signIn,
      clockAheadMs: this.#aheadMs,
      certificate,
      report: undefined,
    };
  }

  #verdictOf({ kind, code = '', said = '' }: OnvifFailure): Verdict {
    switch (kind) {
      case 'rejected':
        return this.#refusal(said);
      case 'tls':
        return tlsVerdict(code);
      case 'unreachable':
        return 'unreachable';
      case 'timeout':
      case 'ended':
      case 'stopped':
        return 'no-answer';
      default:
        return 'not-onvif';
    }
  }

  /** Most devices say the same of a wrong user and of a wrong password; those that say more are heard. */
  #refusal(said: string): Verdict {
    if (this.#o.user === undefined) return 'no-user';
    if (/lock(?:ed|out)?\b|too many|blocked/i.test(said)) return 'locked';
    if (/prohibited|permission|privilege|no right|not allowed/i.test(said)) return 'not-permitted';
    // "invalid username or password" says nothing of either
    if (/password/i.test(said) && !/user/i.test(said)) return 'wrong-password';
    if (
      !/password/i.test(said) &&
      /user(?:name)?\b.*(?:exist|unknown|invalid|found)|(?:no|unknown|invalid) (?:such )?user/i.test(said)
    )
      return 'unknown-user';
    const { offered, isStrange } = this.#client;
    if (isStrange) return 'no-digest';
    // a token bears a time, and its device knows another
    return this.#aheadMs === undefined && offered.length === 0 ? 'clock' : 'refused';
  }
}

function tlsVerdict(code: string): Verdict {
  if (code === 'CERT_HAS_EXPIRED') return 'tls-expired';
  if (code === 'CERT_NOT_YET_VALID') return 'tls-not-yet-valid';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'tls-name';
  if (/SELF_SIGNED|UNABLE_TO|CERT_SIGNATURE|CERT_UNTRUSTED|CERT_CHAIN/.test(code)) return 'tls-untrusted';
  return 'tls';
}
