import { isIP } from 'node:net';
import { basicHeader, challengesOf, DigestAnswer } from '../digest.ts';
import type { OnvifDevice } from './device.ts';
import { OnvifFailure } from './failure.ts';
import { get, type HttpAnswer } from './http-post.ts';
import { mediaProfiles } from './media-profiles.ts';
import { asked } from './package-camera.ts';
import type { Reach } from './reach.ts';
import { ownUrl } from './soap-client.ts';

export interface OnvifSnapshotsOptions {
  /** Undefined: no such device, or it is not reached over ONVIF. */
  reach: (device: string) => Reach | undefined;
  /** For each of the calls. */
  timeoutMs: number;
  /** Milliseconds since 1970. */
  clock: () => number;
}

/** A 4K picture has some 3 MB. */
const MAX_BYTES = 8 * 1024 * 1024;
/** Addresses of pictures change with the device's settings only. */
const REMEMBERED_MS = 600_000;
/** A camera locks an account that is tried too often. */
const REFUSED_MS = 60_000;

/** What is known of a device; it holds while the device is registered so. */
interface Known {
  of: OnvifDevice;
  url?: { at: URL; until: number };
  refused?: { failure: OnvifFailure; until: number };
}

/** Pictures that cameras take themselves (ONVIF Media, GetSnapshotUri), fetched with HTTP Digest. */
export class OnvifSnapshots {
  readonly #o: OnvifSnapshotsOptions;
  readonly #known = new Map<string, Known>();

  constructor(options: OnvifSnapshotsOptions) {
    this.#o = options;
  }

  /** A JPEG of now. Rejects with an `OnvifFailure` that says what, where and what to do. */
  async snapshotOf(id: string, signal?: AbortSignal): Promise<Buffer> {
    const reach = this.#o.reach(id);
    if (reach === undefined)
      throw new OnvifFailure('unreachable', `"${id}" is not reached over ONVIF: see its onvif block`);
    const { device, health } = reach;
    if (health?.state === 'refused') throw new OnvifFailure('rejected', health.reason);
    // whose events do not come since nobody answers there would only take the time that another picture needs
    if (health?.state === 'offline') throw new OnvifFailure('unreachable', health.reason);
    const known = this.#of(id, device);
    const now = this.#o.clock();
    if (known.refused !== undefined && known.refused.until > now) throw known.refused.failure;
    try {
      if (known.url === undefined || known.url.until <= now)
        known.url = { at: await this.#find(reach), until: now + REMEMBERED_MS };
      return await this.#fetch(known.url.at, device, signal);
    } catch (error) {
      // it may have moved
      delete known.url;
      if (error instanceof OnvifFailure && error.kind === 'rejected')
        known.refused = { failure: error, until: this.#o.clock() + REFUSED_MS };
      throw error;
    }
  }

  #of(id: string, device: OnvifDevice): Known {
    const known = this.#known.get(id);
    if (known?.of === device) return known;
    const fresh: Known = { of: device };
    this.#known.set(id, fresh);
    return fresh;
  }

  async #find(reach: Reach): Promise<URL> {
    const { cam, profiles } = await mediaProfiles(reach, this.#o.timeoutMs);
    const [profile] = profiles;
    if (profile === undefined) throw new OnvifFailure('unsupported', 'it has no video profile');
    const { uri } = await asked<{ uri?: unknown }>((done) =>
      cam.getSnapshotUri({ profileToken: profile.token }, done),
    );
    return snapshotAddress(String(uri), reach.device.url);
  }

  /** Asks without credentials first: the challenge costs no failed sign-in. */
  async #fetch(url: URL, device: OnvifDevice, signal?: AbortSignal): Promise<Buffer> {
    const { timeoutMs } = this.#o;
    const ask = (headers: Record<string, string>) =>
      get({ url, headers, timeoutMs, maxBytes: MAX_BYTES, ca: device.ca, signal });
    const first = await ask({ accept: 'image/jpeg' });
    if (first.status !== 401) return jpegIn(first);
    const authorization = authorizationFor(first, url, device);
    const second = await ask({ accept: 'image/jpeg', authorization });
    if (second.status === 401 || second.status === 403)
      throw new OnvifFailure('rejected', `it refuses the user "${device.user}" for pictures`);
    return jpegIn(second);
  }
}

/**
 * Where a picture is to be fetched. What the device says is believed where it names the host that we know; behind NAT it
 * says another, and only the path holds. Credentials are never sent elsewhere, nor without TLS where it is wanted.
 */
export function snapshotAddress(uri: string, base: string): URL {
  const own = new URL(base);
  if (!URL.canParse(uri)) throw new OnvifFailure('malformed', 'the address of its picture cannot be read');
  const given = new URL(uri);
  if (!/^https?:$/.test(given.protocol))
    throw new OnvifFailure('malformed', 'the address of its picture is no HTTP');
  const isOurs = given.hostname === own.hostname && (own.protocol === 'http:' || given.protocol === 'https:');
  return ownUrl(isOurs ? given : own, given.pathname + given.search);
}

function authorizationFor(
  answer: HttpAnswer<Buffer>,
  url: URL,
  { user, password = '' }: OnvifDevice,
): string {
  if (user === undefined)
    throw new OnvifFailure('rejected', 'it asks who we are, and no user is given: set onvif.user');
  const challenges = challengesOf(answer.challenges);
  const digest = challenges.find((one) => one.scheme === 'digest');
  if (digest !== undefined)
    return new DigestAnswer(digest, { user, password }).headerFor('GET', url.pathname + url.search);
  const mayBeRead = url.protocol !== 'https:' && !isLoopback(url.hostname);
  if (challenges.length === 0 || mayBeRead)
    throw new OnvifFailure(
      'rejected',
      'it takes the password in clear only, so it was not sent: switch Digest authentication on in the camera',
    );
  return basicHeader({ user, password });
}

function isLoopback(host: string): boolean {
  return isIP(host) === 4 ? host.startsWith('127.') : host === 'localhost' || host === '[::1]';
}

function jpegIn({ status, body }: HttpAnswer<Buffer>): Buffer {
  if (status !== 200) throw new OnvifFailure('http', `it answers HTTP ${status} instead of a picture`);
  if (!isJpeg(body)) throw new OnvifFailure('malformed', 'what it sends is no JPEG, or half of one');
  return body;
}

/**
 * A whole JPEG by its markers (ITU-T T.81, B.1): a picture begins, its lines begin, and it ends. What a device calls it means
 * little, and a camera that restarts while it answers sends half of one.
 */
export function isJpeg(bytes: Buffer): boolean {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return false;
  let hasFrame = false;
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] as number;
    // fill bytes
    if (marker === 0xff) {
      at++;
      continue;
    }
    // in the lines a marker cannot be met by chance; some cameras put data of their own behind the end
    if (marker === 0xda) return hasFrame && bytes.indexOf(END_OF_IMAGE, at) > 0;
    if (marker >= 0xc0 && marker <= 0xcf && !NO_FRAMES.has(marker)) hasFrame = true;
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return false;
}

const END_OF_IMAGE = Buffer.from([0xff, 0xd9]);
/** Tables and arithmetic coding have numbers among those of frames. */
const NO_FRAMES: ReadonlySet<number> = new Set([0xc4, 0xc8, 0xcc]);
