import { createHash, randomBytes } from 'node:crypto';

/** What a device asks for before it answers (RFC 7616, RFC 2617, RFC 2069; RFC 7617). */
export type Challenge = { scheme: 'basic' } | DigestChallenge;

export interface DigestChallenge {
  scheme: 'digest';
  realm: string;
  nonce: string;
  /** As the device wrote it; undefined: MD5. */
  algorithm: string | undefined;
  opaque: string | undefined;
  /** The device takes `qop=auth`. */
  qop: boolean;
  /** Only the nonce was too old; the password is right. */
  stale: boolean;
}

const hashes: Readonly<Record<string, string>> = { MD5: 'md5', 'SHA-256': 'sha256' };
const tokens = /(digest|basic)(?=\s+[a-z0-9-]+\s*=)|([a-z0-9-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi;

/** Reads the values of WWW-Authenticate headers; what is not understood is left out. */
export function challengesOf(values: readonly string[]): Challenge[] {
  return values.flatMap((value) => {
    const found: Array<{ scheme: string; parameters: Map<string, string> }> = [];
    for (const [, scheme, name, quoted, plain] of value.matchAll(tokens)) {
      if (scheme !== undefined) found.push({ scheme: scheme.toLowerCase(), parameters: new Map() });
      else if (name !== undefined) {
        const text = quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? '';
        found.at(-1)?.parameters.set(name.toLowerCase(), text);
      }
    }
    return found.flatMap(({ scheme, parameters }) => challengeOf(scheme, parameters) ?? []);
  });
}

function challengeOf(scheme: string, parameters: Map<string, string>): Challenge | undefined {
  if (scheme === 'basic') return { scheme };
  const realm = parameters.get('realm');
  const nonce = parameters.get('nonce');
  const algorithm = parameters.get('algorithm');
  if (realm === undefined || nonce === undefined) return undefined;
  if (hashOf(algorithm) === undefined) return undefined;
  const qop = parameters.get('qop')?.toLowerCase().split(',');
  const isAuth = qop?.some((one) => one.trim() === 'auth') === true;
  // auth-int alone cannot be answered
  if (qop !== undefined && !isAuth) return undefined;
  return {
    scheme: 'digest',
    realm,
    nonce,
    algorithm,
    opaque: parameters.get('opaque'),
    qop: isAuth,
    stale: parameters.get('stale')?.toLowerCase() === 'true',
  };
}

/** Node's name of the hash; `-sess` is another way to use it. */
function hashOf(algorithm: string | undefined): string | undefined {
  return hashes[(algorithm ?? 'MD5').toUpperCase().replace(/-SESS$/, '')];
}

export interface Credentials {
  user: string;
  password: string;
}

/** Answers one digest challenge, for as many requests as its nonce lasts. */
export class DigestAnswer {
  readonly #challenge: DigestChallenge;
  readonly #credentials: Credentials;
  #count = 0;

  constructor(challenge: DigestChallenge, credentials: Credentials) {
    this.#challenge = challenge;
    this.#credentials = credentials;
  }

  /** Value of the Authorization header of this request. */
  headerFor(method: string, uri: string): string {
    const { realm, nonce, algorithm, opaque, qop } = this.#challenge;
    const { user, password } = this.#credentials;
    const hash = (text: string) =>
      createHash(hashOf(algorithm) ?? 'md5')
        .update(text, 'utf8')
        .digest('hex');
    const own = randomBytes(8).toString('hex');
    const isSession = /-sess$/i.test(algorithm ?? '');
    const plain = hash(`${user}:${realm}:${password}`);
    const secret = isSession ? hash(`${plain}:${nonce}:${own}`) : plain;
    const what = hash(`${method}:${uri}`);
    const fields = [
      `username=${quoted(user)}`,
      `realm=${quoted(realm)}`,
      `nonce=${quoted(nonce)}`,
      `uri=${quoted(uri)}`,
    ];
    if (qop) {
      const count = (++this.#count).toString(16).padStart(8, '0');
      fields.push(`qop=auth`, `nc=${count}`, `cnonce="${own}"`);
      fields.push(`response="${hash([secret, nonce, count, own, 'auth', what].join(':'))}"`);
    } else {
      if (isSession) fields.push(`cnonce="${own}"`);
      fields.push(`response="${hash([secret, nonce, what].join(':'))}"`);
    }
    if (algorithm !== undefined) fields.push(`algorithm=${algorithm}`);
    if (opaque !== undefined) fields.push(`opaque=${quoted(opaque)}`);
    return `Digest ${fields.join(', ')}`;
  }
}

/** Value of the Authorization header that carries the password itself. */
export function basicHeader({ user, password }: Credentials): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
