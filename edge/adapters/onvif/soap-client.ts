import { challengesOf, DigestAnswer, type DigestChallenge } from '../digest.ts';
import type { OnvifDevice } from './device.ts';
import { answerIn, secured } from './envelope.ts';
import { OnvifFailure } from './failure.ts';
import { type HttpAnswer, post } from './http-post.ts';
import { usernameToken } from './username-token.ts';
import { parseXml, type XmlElement } from './xml.ts';

export interface SoapClientOptions {
  device: OnvifDevice;
  /** Largest answer that is read, bytes. */
  maxBytes: number;
  /** Now by the clock of the device, milliseconds since 1970; what the device checks UsernameTokens against. */
  deviceClock: () => number;
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
  /** Refusals choose the form until one is accepted. */
  #refusals = 0;
  #isProven = false;
  #offered: readonly string[] = [];

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

  /** The element `<operation>Response`. Rejects with an `OnvifFailure`. */
  async call(operation: string, request: Request): Promise<XmlElement> {
    const { document, status } = await this.exchange(request);
    try {
      return answerIn(document, operation);
    } catch (error) {
      if (error instanceof OnvifFailure && error.kind === 'malformed' && status >= 300) throw noSoap(status);
      throw error;
    }
  }

  /** The whole answer, which is no refusal of the credentials; faults are left to the caller. */
  async exchange(request: Request): Promise<{ document: XmlElement; text: string; status: number }> {
    const { authenticate } = request;
    const plain = authenticate === 'never' || this.#user === undefined;
    if (plain || authenticate === 'if-asked' || !this.#isAsked) {
      const answer = await this.#send(request, undefined);
      if (!isRefusal(answer)) return readDocument(answer);
      if (plain)
        throw refused(
          'it asks who we are, and no user is given: set onvif.user and its password_file',
          answer,
        );
      this.#isAsked = true;
      this.#takeChallenge(answer);
    }
    return this.#sendAs(request, true);
  }

  async #sendAs(
    request: Request,
    mayRenew: boolean,
  ): Promise<{ document: XmlElement; text: string; status: number }> {
    const scheme = this.#scheme();
    const answer = await this.#send(request, scheme);
    if (!isRefusal(answer)) {
      const document = readDocument(answer);
      this.#isProven = true;
      if (this.#answer !== undefined) this.#accepted = scheme;
      return document;
    }
    const isStale = scheme !== 'token' && digestIn(answer)?.stale === true;
    this.#takeChallenge(answer);
    // said of right credentials only (RFC 7616, 3.3), and believed only of a device that took them before
    if (isStale && this.#isProven && mayRenew) return this.#sendAs(request, false);
    this.#isProven = false;
    this.#refusals++;
    // the next call asks without credentials again, for a fresh challenge
    this.#isAsked = false;
    throw refused(
      `it refuses the user "${this.#user?.user}" (${words(answer)}): check user and password; many cameras want a user ` +
        'of their own for ONVIF, and ONVIF switched on, in their network settings',
      answer,
    );
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

  #send(request: Request, scheme: Scheme | undefined): Promise<HttpAnswer> {
    const { path, action, envelope, timeoutMs, signal } = request;
    const url = path === undefined ? this.#url : ownUrl(this.#url, path);
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
    return post({ url, headers, body, timeoutMs, maxBytes, ca: device.ca, signal });
  }
}

/** A path of the device's own url from an address that it gave: its host may be behind NAT, or somebody else's. */
export function pathOf(address: string, base: string): string | undefined {
  try {
    const { pathname, search } = new URL(address, base);
    return pathname + search;
  } catch {
    return undefined;
  }
}

/** A path at the device's own address; one that begins with `//` is a path, too, and no other host. */
export function ownUrl({ origin }: URL, path: string): URL {
  return new URL(path.startsWith('/') ? origin + path : `${origin}/${path}`);
}

/** The first that can be answered: the device's own order of preference (RFC 7616, 3.7). */
function digestIn({ challenges }: HttpAnswer): DigestChallenge | undefined {
  return challengesOf(challenges).find((challenge) => challenge.scheme === 'digest');
}

function refused(message: string, answer: HttpAnswer): OnvifFailure {
  return new OnvifFailure('rejected', message, { said: said(answer) });
}

function noSoap(status: number): OnvifFailure {
  const advice = status === 404 ? ': check the path of onvif.url, and whether ONVIF is switched on' : '';
  return new OnvifFailure('http', `it answers HTTP ${status} instead of ONVIF${advice}`);
}

/** 401 and 403, or the fault that ONVIF core, 5.9.1 says. */
function isRefusal({ status, body }: HttpAnswer): boolean {
  if (status === 401 || status === 403) return true;
  return status >= 400 && /NotAuthorized|FailedAuthentication/.test(body) && isAuthFault(body);
}

function isAuthFault(body: string): boolean {
  try {
    answerIn(parseXml(body), '');
    return false;
  } catch (error) {
    return error instanceof OnvifFailure && error.kind === 'rejected';
  }
}

function words(answer: HttpAnswer): string {
  const reason = said(answer);
  return reason === undefined ? `HTTP ${answer.status}` : `HTTP ${answer.status}, "${reason}"`;
}

/** The device's own words in a fault. */
function said({ body }: HttpAnswer): string | undefined {
  return /<(?:[\w-]+:)?Text[^>]*>([^<]{1,100})</.exec(body)?.[1];
}

function readDocument({ status, body }: HttpAnswer): { document: XmlElement; text: string; status: number } {
  try {
    return { document: parseXml(body), text: body, status };
  } catch (error) {
    if (status < 200 || status >= 300) throw noSoap(status);
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
