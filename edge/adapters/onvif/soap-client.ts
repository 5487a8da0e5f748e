import type { IncomingHttpHeaders } from 'node:http';
import { challengesOf, DigestAnswer, type DigestChallenge } from '../digest.ts';
import type { OnvifDevice } from './device.ts';
import { answerIn, secured } from './envelope.ts';
import { OnvifFailure } from './failure.ts';
import { type HttpAnswer, post } from './http-post.ts';
import { type ReadAnswer, readAnswer } from './repair.ts';
import { usernameToken } from './username-token.ts';
import type { XmlElement } from './xml.ts';

export interface SoapClientOptions {
  device: OnvifDevice;
  /** Largest answer that is read, bytes. */
  maxBytes: number;
  /** Now by the clock of the device, milliseconds since 1970; what the device checks UsernameTokens against. */
  deviceClock: () => number;
  /** The device has told its clock; default: it has. */
  isClockKnown?: () => boolean;
}

/** `never`: the standard lets everybody ask. `if-asked`: first without. `always`: the device has to know who asks. */
export type Authenticate = 'never' | 'if-asked' | 'always';

export interface Request {
  /** Path and query of the service; default: those of the device's url. */
  path?: string | undefined;
  action: string;
  /** A whole envelope, see `envelope()`. */
  envelope: string;
  authenticate: Authenticate;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/** An answer that is no refusal of the credentials; it may be a fault. */
interface SoapAnswer extends ReadAnswer {
  status: number;
  headers: IncomingHttpHeaders;
}

/** How a device wants to be told who asks. With a challenge: both forms at once, which every variant takes. */
type Scheme = 'both' | 'digest' | 'token';

const withChallenge: readonly Scheme[] = ['both', 'digest', 'token'];

/**
 * SOAP over HTTP to one device. At most one attempt with credentials is made in a call, except that a device which has
 * accepted them before may ask for a new nonce. What it wants is learnt from a call without credentials, which no device
 * counts as a failed sign-in; after a refusal the next call tries the next form.
 */
export class SoapClient {
  readonly #o: SoapClientOptions;
  readonly #url: URL;
  readonly #user: { user: string; password: string } | undefined;
  #isAsked = false;
  /** To the challenge of the device, where it gave one. */
  #answer: DigestAnswer | undefined;
  /** The form that was accepted, where the device gave a challenge: a wrong password is no reason to try others. */
  #accepted: Scheme | undefined;
  /** Credentials were sent on a doubtful answer, and it stayed the same: not again before the next step. */
  #isTried = false;
  /** Refusals choose the form until one is accepted. */
  #refusals = 0;
  #isProven = false;
  #offered: readonly string[] = [];
  /** Ports that the device named and at which nothing of it answers. */
  readonly #notThere = new Set<string>();

  constructor(options: SoapClientOptions) {
    this.#o = options;
    const { url, user, password = '' } = options.device;
    this.#url = new URL(url);
    this.#user = user === undefined ? undefined : { user, password };
  }

  /** The device has accepted the credentials since it last refused any. */
  get isProven(): boolean {
    return this.#isProven;
  }

  /** Ways to sign in by HTTP that the device offered when it last refused somebody, e.g. `digest`; empty: by SOAP only. */
  get offered(): readonly string[] {
    return this.#offered;
  }

  /** It offers ways to sign in by HTTP, and none that we have: Basic, another algorithm, another quality of protection. */
  get isStrange(): boolean {
    return this.#offered.length > 0 && this.#answer === undefined;
  }

  /** The element `<operation>Response`. Rejects with an `OnvifFailure`. */
  async call(operation: string, request: Request): Promise<XmlElement> {
    const answer = await this.exchange(request);
    try {
      return answerIn(answer.document, operation);
    } catch (error) {
      if (error instanceof OnvifFailure && error.kind === 'malformed' && answer.status >= 300)
        throw noSoap(answer);
      throw error;
    }
  }

  /** The whole answer, which is no refusal of the credentials; faults are left to the caller. */
  async exchange(request: Request): Promise<SoapAnswer> {
    const { authenticate } = request;
    const plain = authenticate === 'never' || this.#user === undefined;
    if (plain || authenticate === 'if-asked' || !this.#isAsked) {
      const answer = await this.#send(request, undefined);
      const isAnswered = !isRefusal(answer) && (plain || this.#isTried || !isDoubtful(answer));
      // a step begins with the clock, which everybody may ask for
      if (authenticate === 'never') this.#isTried = false;
      if (isAnswered) return readDocument(answer);
      if (authenticate === 'never') throw refused('it wants to know who asks, even for its clock', answer);
      if (plain)
        throw refused(
          'it asks who we are, and no user is given: set onvif.user and its password_file',
          answer,
        );
      this.#takeChallenge(answer);
      this.#isAsked = true;
    }
    return this.#sendAs(request, true);
  }

  async #sendAs(request: Request, mayRenew: boolean): Promise<SoapAnswer> {
    const scheme = this.#scheme();
    const answer = await this.#send(request, scheme);
    if (!isRefusal(answer)) {
      this.#isTried = !this.#isProven && isDoubtful(answer);
      if (this.#isTried) this.#isAsked = false;
      const document = readDocument(answer);
      if (this.#isTried) return document;
      this.#isProven = true;
      if (this.#answer !== undefined) this.#accepted = scheme;
      return document;
    }
    const isStale = scheme !== 'token' && digestIn(answer)?.stale === true;
    this.#takeChallenge(answer);
    // said of right credentials only (RFC 7616, 3.3), and believed only of a device that took them before
    if (isStale && this.#isProven && mayRenew) return this.#sendAs(request, false);
    throw this.#refusal(answer);
  }

  #refusal(answer: HttpAnswer): OnvifFailure {
    this.#isProven = false;
    this.#refusals++;
    // the next call asks without credentials again, for a fresh challenge
    this.#isAsked = false;
    return refused(`it refuses the user "${this.#user?.user}" (${words(answer)}): ${this.#advice()}`, answer);
  }

  #advice(): string {
    const common =
      'many cameras want a user of their own for ONVIF, and ONVIF switched on, in their network settings';
    if (this.isStrange)
      return (
        `it offers ${this.#offered.join(', ')} in a form that the gateway does not have, which never sends a password in ` +
        'clear: switch Digest authentication (MD5 or SHA-256, qop auth) or WS-UsernameToken on there'
      );
    if (this.#o.isClockKnown?.() === false)
      return `it takes sign-ins by its clock and does not tell it: set it by NTP; then check user and password; ${common}`;
    return `check user and password; ${common}`;
  }

  #scheme(): Scheme {
    if (this.#answer === undefined) return 'token';
    return this.#accepted ?? (withChallenge[this.#refusals % withChallenge.length] as Scheme);
  }

  #takeChallenge(answer: HttpAnswer): void {
    this.#offered = answer.challenges.map((value) => value.trim().split(/\s/, 1)[0]?.toLowerCase() ?? '');
    const challenge = digestIn(answer);
    const user = this.#user;
    this.#answer =
      challenge === undefined || user === undefined ? undefined : new DigestAnswer(challenge, user);
  }

  async #send(request: Request, scheme: Scheme | undefined): Promise<HttpAnswer> {
    const { path, action, envelope, timeoutMs, signal } = request;
    const port = path === undefined ? undefined : portOf(path);
    const here = port !== undefined && this.#notThere.has(port) ? path?.slice(port.length + 1) : path;
    const url = here === undefined ? this.#url : ownUrl(this.#url, here);
    const { maxBytes, device, deviceClock } = this.#o;
    const headers: Record<string, string> = {
      'content-type': `application/soap+xml; charset=utf-8; action="${action}"`,
      accept: 'application/soap+xml, text/xml',
    };
    let body = envelope;
    if (scheme !== undefined && this.#user !== undefined) {
      if (scheme !== 'digest') body = secured(envelope, usernameToken(this.#user, deviceClock()));
      if (scheme !== 'token' && this.#answer !== undefined)
        headers.authorization = this.#answer.headerFor('POST', url.pathname + url.search);
    }
    const asked = post({ url, headers, body, timeoutMs, maxBytes, ca: device.ca, signal });
    if (port === undefined || here !== path) return asked;
    const isThere = await asked.then(
      ({ status }) => status !== 404,
      (error: unknown) => !(error instanceof OnvifFailure && error.kind === 'unreachable'),
    );
    if (isThere) return asked;
    // what it says of itself is wrong: from now on at the port that we know
    this.#notThere.add(port);
    return this.#send(request, scheme);
  }
}

/**
 * A path of the device's own url from an address that it gave: its host may be behind NAT, or somebody else's. Where it names
 * the very host that we know and a port, `:port/path`: some serve each subscription at a port of its own.
 */
export function pathOf(address: string, base: string): string | undefined {
  try {
    const { protocol, hostname, port, pathname, search } = new URL(address, base);
    const own = new URL(base);
    const isOther =
      protocol === own.protocol && hostname === own.hostname && port !== '' && port !== own.port;
    return (isOther ? `:${port}` : '') + pathname + search;
  } catch {
    return undefined;
  }
}

/** A path at the device's own address; one that begins with `//` is a path, too, and no other host. */
export function ownUrl({ protocol, hostname, origin }: URL, path: string): URL {
  const elsewhere = portOf(path);
  if (elsewhere !== undefined) return new URL(`${protocol}//${hostname}${path}`);
  return new URL(path.startsWith('/') ? origin + path : `${origin}/${path}`);
}

function portOf(path: string): string | undefined {
  return /^:(\d+)\//.exec(path)?.[1];
}

/** The first that can be answered: the device's own order of preference (RFC 7616, 3.7). */
function digestIn({ challenges }: HttpAnswer): DigestChallenge | undefined {
  return challengesOf(challenges).find((challenge) => challenge.scheme === 'digest');
}

function refused(message: string, answer: HttpAnswer): OnvifFailure {
  return new OnvifFailure('rejected', message, { said: said(answer) });
}

function noSoap({ status, headers }: Pick<HttpAnswer, 'status' | 'headers'>, fault = ''): OnvifFailure {
  const advice = status === 404 ? ': check the path of onvif.url, and whether ONVIF is switched on' : '';
  const elsewhere =
    headers.location === undefined ? '' : ` and sends us to ${headers.location.slice(0, 200)}`;
  // 3xx and 4xx: it did nothing
  const kind = status >= 300 && status < 500 ? 'declined' : 'http';
  const unread = fault === '' ? '' : `, with an envelope that cannot be read: ${fault}`;
  return new OnvifFailure(kind, `it answers HTTP ${status}${elsewhere} instead of ONVIF${unread}${advice}`);
}

/** 401 and 403, or the fault that ONVIF core, 5.9.1 says, with whatever status. */
function isRefusal({ status, body }: HttpAnswer): boolean {
  return status === 401 || status === 403 || faultIn(body)?.kind === 'rejected';
}

/** Refused in a form that may mean anything: who we are is worth telling, once. */
function isDoubtful({ status, body }: HttpAnswer): boolean {
  const fault = faultIn(body);
  return fault === undefined ? status >= 400 : fault.kind === 'fault';
}

function faultIn(body: string): OnvifFailure | undefined {
  if (!/<(?:[\w.-]+:)?Fault[\s>]/.test(body)) return undefined;
  try {
    answerIn(readAnswer(body).document, '');
  } catch (error) {
    if (error instanceof OnvifFailure && error.kind !== 'malformed') return error;
  }
  return undefined;
}

function words(answer: HttpAnswer): string {
  const reason = said(answer);
  return reason === undefined ? `HTTP ${answer.status}` : `HTTP ${answer.status}, "${reason}"`;
}

/** The device's own words in a fault. */
function said({ body }: HttpAnswer): string | undefined {
  return /<(?:[\w-]+:)?(?:Text|faultstring)(?:\s[^>]*)?>([^<]{1,100})</.exec(body)?.[1];
}

function readDocument(answer: HttpAnswer): SoapAnswer {
  const { status, headers, body } = answer;
  try {
    return { ...readAnswer(body), status, headers };
  } catch (error) {
    if (status < 200 || status >= 300)
      throw noSoap(answer, body.includes('Envelope') ? firstLine(error) : '');
    throw new OnvifFailure('malformed', `its answer cannot be read: ${firstLine(error)}`);
  }
}

function firstLine(error: unknown): string {
  return (
    String(error instanceof Error ? error.message : error)
      .split('\n', 1)[0]
      ?.slice(0, 200) ?? ''
  );
}
