import { createHash } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import { plainCode, readableCode } from './password-rules.ts';

/** A step of the clock (RFC 6238), seconds. */
const STEP_S = 30;
/** Steps that a telephone's clock may be off, each way. */
const SKEW_STEPS = 1;
/** Recovery codes given out together; each works once. */
const RECOVERY_CODES = 10;

/** A person's second factor as it is stored. */
export interface SecondFactor {
  /** Base32. */
  secret: string;
  /** The step of the last code that was taken; that one and older ones are refused. */
  step: number;
  /** Hashes of the recovery codes that are left. */
  recovery: string[];
}

/** What a new second factor is, shown once. */
export interface NewFactor {
  secret: string;
  /** For a QR code. */
  uri: string;
}

/** A fresh secret, 160 bits, and its `otpauth://` address for an authenticator. */
export function newFactor(user: string, issuer: string): NewFactor {
  const secret = new Secret({ size: 20 });
  return { secret: secret.base32, uri: totpOf(secret.base32, user, issuer).toString() };
}

/** Ten recovery codes to print, and what is kept of them. */
export function newRecoveryCodes(): { codes: string[]; hashes: string[] } {
  const codes = Array.from({ length: RECOVERY_CODES }, () => readableCode(3));
  return { codes, hashes: codes.map(hashOf) };
}

/**
 * The step of a code of six digits, within one step of `now` (ms since 1970) and later than the last one taken; undefined: it
 * is wrong, too old, or was used.
 */
export function stepOf(
  { secret, step }: Pick<SecondFactor, 'secret' | 'step'>,
  code: string,
  now: number,
): number | undefined {
  const token = code.replaceAll(/\s/g, '');
  if (!/^\d{6}$/.test(token)) return undefined;
  const delta = totpOf(secret).validate({ token, timestamp: now, window: SKEW_STEPS });
  if (delta === null) return undefined;
  const found = Math.floor(now / 1000 / STEP_S) + delta;
  return found > step ? found : undefined;
}

/** What is left of the recovery codes once this one is used; undefined: it is none of them. */
export function withoutRecovery({ recovery }: SecondFactor, code: string): string[] | undefined {
  const hash = hashOf(code);
  return recovery.includes(hash) ? recovery.filter((one) => one !== hash) : undefined;
}

function totpOf(secret: string, label = '', issuer = ''): TOTP {
  return new TOTP({
    issuer,
    label,
    algorithm: 'SHA1',
    digits: 6,
    period: STEP_S,
    secret: Secret.fromBase32(secret),
  });
}

/** 60 random bits: a plain hash is enough. */
function hashOf(code: string): string {
  return createHash('sha256').update(plainCode(code)).digest('base64url');
}
