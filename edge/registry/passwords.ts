import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** What a hash costs: `N` iterations of `r` * 128 bytes of memory each. */
export interface ScryptCost {
  N: number;
  r: number;
  p: number;
}

/** People choose their passwords: 32 MiB and about 80 ms a try. */
export const personCost: ScryptCost = { N: 2 ** 15, r: 8, p: 1 };
/** Devices have long random ones, and 1,000 of them come back at once after a power cut: 4 MiB, about 10 ms. */
export const deviceCost: ScryptCost = { N: 2 ** 12, r: 8, p: 1 };

const KEY_BYTES = 32;
const SALT_BYTES = 16;

/** `scrypt$N$r$p$salt$key`: everything that a later verification needs. */
export async function hashPassword(password: string, cost: ScryptCost): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const key = await derive(password, salt, KEY_BYTES, cost);
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/** True if the hash was made of this password. Takes the same time for right and wrong ones. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const [scheme, n, r, p, salt = '', key = ''] = hash.split('$');
  if (scheme !== 'scrypt') return false;
  const wanted = Buffer.from(key, 'base64url');
  const cost = { N: Number(n), r: Number(r), p: Number(p) };
  const found = await derive(password, Buffer.from(salt, 'base64url'), wanted.length, cost);
  return timingSafeEqual(found, wanted);
}

function derive(password: string, salt: Buffer, bytes: number, { N, r, p }: ScryptCost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // Full-width and composed characters of an input method are the same password.
    const text = password.normalize('NFKC');
    const maxmem = 256 * N * r;
    scrypt(text, salt, bytes, { N, r, p, maxmem }, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
