import { createHash } from 'node:crypto';

/** `h(0)`: 32 zero bytes, as lower-case hex. */
export const CHAIN_START = '0'.repeat(64);

/** `sha256(body)` over the stored UTF-8 bytes. */
export function digestOf(body: string | Uint8Array): Buffer {
  return createHash('sha256').update(body).digest();
}

/** `h(seq) = sha256(h(seq-1) || u64be(seq) || digest)`. */
export function chainNext(previous: Uint8Array, seq: number, digest: Uint8Array): Buffer {
  const link = Buffer.allocUnsafe(72);
  link.set(previous, 0);
  link.writeUInt32BE(Math.floor(seq / 0x1_0000_0000), 32);
  link.writeUInt32BE(seq % 0x1_0000_0000, 36);
  link.set(digest, 40);
  return createHash('sha256').update(link).digest();
}
