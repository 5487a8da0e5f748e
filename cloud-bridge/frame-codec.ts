import { promisify } from 'node:util';
import { type InputType, type ZlibOptions, gunzip as zlibGunzip, gzip as zlibGzip } from 'node:zlib';
import {
  FRAME_MAGIC,
  FRAME_MAX_EXPANDED_BYTES,
  FRAME_MAX_WIRE_BYTES,
  type Frame,
  frameEncoding,
  frameSchema,
  type RejectionCode,
} from '../contract/frame.ts';

const gzip = promisify<InputType, ZlibOptions, Buffer>(zlibGzip);
const gunzip = promisify<InputType, ZlibOptions, Buffer>(zlibGunzip);

const magic = Buffer.from(FRAME_MAGIC, 'latin1');
const headerBytes = magic.length + 1;

/** Below this a gzip header costs more than it saves. Everything above also gets gzip's CRC-32 against damage. */
const GZIP_FROM_BYTES = 256;
/** 52 bytes an event, 2.4 ms for 500 of them; level 9 saves 4 bytes and takes five times as long (measured). */
const GZIP_LEVEL = 6;

/** Why bytes are not a frame of this version. `header` is there when at least the address could be read. */
export class FrameError extends Error {
  readonly reason: RejectionCode;
  readonly header: FrameAddress | undefined;

  constructor(reason: RejectionCode, message: string, header?: FrameAddress) {
    super(message);
    this.name = 'FrameError';
    this.reason = reason;
    this.header = header;
  }
}

/** Where a frame belongs: what a receipt about it needs. */
export type FrameAddress = Pick<Frame, 'recipient' | 'gateway' | 'epoch' | 'lane' | 'from' | 'to'>;

const addressSchema = frameSchema.pick({
  recipient: true,
  gateway: true,
  epoch: true,
  lane: true,
  from: true,
  to: true,
});

/**
 * Bytes of a frame: `CSF1`, encoding, payload; gzip where that is smaller, compressed off the event loop.
 * Rejects with a `FrameError` `too-large` (over 4 MiB expanded or `maxWireBytes` on the wire): cut it smaller.
 */
export async function encodeFrame(frame: Frame, maxWireBytes = FRAME_MAX_WIRE_BYTES): Promise<Buffer> {
  const json = Buffer.from(JSON.stringify(frame));
  if (json.length > FRAME_MAX_EXPANDED_BYTES) {
    throw new FrameError(
      'too-large',
      `frame has ${json.length} bytes expanded, at most ${FRAME_MAX_EXPANDED_BYTES}`,
    );
  }
  const packed = json.length < GZIP_FROM_BYTES ? json : await gzip(json, { level: GZIP_LEVEL });
  const wire =
    packed.length < json.length
      ? Buffer.concat([magic, Buffer.of(frameEncoding.gzip), packed])
      : Buffer.concat([magic, Buffer.of(frameEncoding.json), json]);
  const limit = Math.min(maxWireBytes, FRAME_MAX_WIRE_BYTES);
  if (wire.length <= limit) return wire;
  throw new FrameError('too-large', `frame has ${wire.length} bytes on the wire, at most ${limit}`);
}

/**
 * The frame in bytes from anywhere. Inflates at most 4 MiB. Rejects with a `FrameError`: `too-large` or `unparseable`.
 * Unknown fields are dropped, bodies stay as they are. What the hashes say is `verifyFrame`'s business.
 */
export async function decodeFrame(wire: Uint8Array): Promise<Frame> {
  if (wire.length > FRAME_MAX_WIRE_BYTES) {
    throw new FrameError('too-large', `${wire.length} bytes on the wire, at most ${FRAME_MAX_WIRE_BYTES}`);
  }
  if (wire.length < headerBytes || magic.compare(wire, 0, magic.length) !== 0) {
    throw new FrameError('unparseable', `does not start with "${FRAME_MAGIC}"`);
  }
  const text = await expand(wire[magic.length], wire.subarray(headerBytes));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new FrameError('unparseable', 'payload is not JSON');
  }
  const parsed = frameSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? 'payload' : issue.path.join('.');
  throw new FrameError(
    'unparseable',
    `${where.slice(0, 100)}: ${(issue?.message ?? 'not a frame').slice(0, 200)}`,
    addressSchema.safeParse(value).data,
  );
}

async function expand(encoding: number | undefined, payload: Uint8Array): Promise<string> {
  let bytes: Uint8Array;
  if (encoding === frameEncoding.json) bytes = payload;
  else if (encoding === frameEncoding.gzip) bytes = await inflate(payload);
  else throw new FrameError('unparseable', `encoding ${encoding} is not known, 0 (JSON) or 1 (gzip JSON)`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new FrameError('unparseable', 'payload is not UTF-8');
  }
}

async function inflate(payload: Uint8Array): Promise<Buffer> {
  try {
    return await gunzip(payload, { maxOutputLength: FRAME_MAX_EXPANDED_BYTES });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new FrameError('too-large', `expands to more than ${FRAME_MAX_EXPANDED_BYTES} bytes`);
    }
    throw new FrameError('unparseable', 'gzip data is damaged');
  }
}
