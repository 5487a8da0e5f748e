import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Authentication, AuthenticationAttempt } from './types.ts';
import { find, textAt, type XmlElement } from './xml.ts';

/** What the camera holds against a credential. */
export interface Credentials {
  user: string;
  password(): string;
  authentication: Authentication;
  digestAlgorithms: ReadonlyArray<'MD5' | 'SHA-256'>;
  /** Largest distance of a token's Created from `now`; undefined: not checked. */
  clockWindowMs: number | undefined;
  now(): number;
  /** Whether each nonce serves one request only. */
  nonceOnce(): boolean;
}

/** undefined: the request carries no credential of a kind that counts. */
export type Verdict = Pick<AuthenticationAttempt, 'how' | 'accepted' | 'reason'> | undefined;

const REALM = 'IP Camera';
const NONCES_KEPT = 1_000;

/** Checks WS-UsernameToken (OASIS username token profile 1.0) and HTTP Digest (RFC 7616, RFC 2069 without qop). */
export class Authenticator {
  readonly #credentials: Credentials;
  /** Nonces given out, and how often each was used. */
  readonly #nonces = new Map<string, number>();

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
  }

  /** The verdict on a request; one request is at most one attempt. */
  check(request: IncomingMessage, header: XmlElement | undefined): Verdict {
    const { authentication } = this.#credentials;
    if (authentication === 'none') return undefined;
    const digest = authentication === 'token' ? undefined : this.#digest(request);
    const token =
      authentication === 'digest' ? undefined : this.#token(find(header, 'Security', 'UsernameToken'));
    if (authentication !== 'both') return digest ?? token;
    if (digest === undefined && token === undefined) return undefined;
    if (digest?.accepted === false) return digest;
    if (digest === undefined || token === undefined) {
      // The first half of the exchange: the other credential has not been asked for yet.
      return token?.accepted === false ? token : undefined;
    }
    return token.accepted ? digest : token;
  }

  /** HTTP Digest alone, for what has no SOAP header (the snapshot). */
  checkHttp(request: IncomingMessage): Verdict {
    return this.#digest(request);
  }

  /** Values of WWW-Authenticate headers, one for each algorithm. */
  challenge(stale: boolean): string[] {
    return this.#credentials.digestAlgorithms.map((algorithm) => {
      const nonce = randomBytes(16).toString('hex');
      this.#nonces.set(nonce, 0);
      if (this.#nonces.size > NONCES_KEPT) this.#nonces.delete(this.#nonces.keys().next().value as string);
      return `Digest realm="${REALM}", qop="auth", nonce="${nonce}", algorithm=${algorithm}${stale ? ', stale=true' : ''}`;
    });
  }

  #token(token: XmlElement | undefined): Verdict {
    if (token === undefined) return undefined;
    const how = 'token';
    const { user, clockWindowMs, now } = this.#credentials;
    const password64 = textAt(token, 'Password');
    const nonce = Buffer.from(textAt(token, 'Nonce'), 'base64');
    const created = textAt(token, 'Created');
    const type = find(token, 'Password')?.attributes.Type ?? '';
    if (!type.endsWith('#PasswordDigest') || nonce.length === 0 || created === '') {
      return { how, accepted: false, reason: 'incomplete' };
    }
    if (textAt(token, 'Username') !== user) return { how, accepted: false, reason: 'user' };
    const expected = createHash('sha1')
      .update(nonce)
      .update(created)
      .update(this.#credentials.password(), 'utf8')
      .digest('base64');
    if (password64 !== expected) return { how, accepted: false, reason: 'password' };
    if (clockWindowMs !== undefined && !(Math.abs(Date.parse(created) - now()) <= clockWindowMs)) {
      return { how, accepted: false, reason: 'clock' };
    }
    return { how, accepted: true };
  }

  #digest(request: IncomingMessage): Verdict {
    const header = request.headers.authorization;
    if (header === undefined || !/^digest /i.test(header)) return undefined;
    const how = 'digest';
    const given = parseFields(header.slice('Digest '.length));
    const { user, digestAlgorithms, nonceOnce } = this.#credentials;
    const algorithm = given.algorithm?.toUpperCase() ?? 'MD5';
    const known = digestAlgorithms.find((candidate) => candidate === algorithm);
    if (
      known === undefined ||
      given.nonce === undefined ||
      given.uri !== request.url ||
      given.realm !== REALM
    ) {
      return { how, accepted: false, reason: 'incomplete' };
    }
    if (given.username !== user) return { how, accepted: false, reason: 'user' };
    const hash = (text: string): string =>
      createHash(known === 'MD5' ? 'md5' : 'sha256')
        .update(text, 'utf8')
        .digest('hex');
    const ha1 = hash(`${user}:${REALM}:${this.#credentials.password()}`);
    const ha2 = hash(`${request.method}:${given.uri}`);
    const middle = given.qop === undefined ? '' : `${given.nc}:${given.cnonce}:${given.qop}:`;
    if (given.response !== hash(`${ha1}:${given.nonce}:${middle}${ha2}`)) {
      return { how, accepted: false, reason: 'password' };
    }
    const uses = this.#nonces.get(given.nonce);
    const count = given.nc === undefined ? (uses ?? 0) + 1 : Number.parseInt(given.nc, 16);
    if (uses === undefined || count <= uses || (uses > 0 && nonceOnce())) {
      return { how, accepted: false, reason: 'stale nonce' };
    }
    this.#nonces.set(given.nonce, count);
    return { how, accepted: true };
  }
}

/** Fields of a Digest header, quoted or not. */
function parseFields(text: string): Partial<Record<string, string>> {
  const fields: Record<string, string> = {};
  for (const [, name, quoted, plain] of text.matchAll(/(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/g)) {
    fields[name!.toLowerCase()] = quoted?.replace(/\\(.)/g, '$1') ?? plain!;
  }
  return fields;
}
