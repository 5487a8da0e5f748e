import type { CameraStream, CameraStreams, StreamChoice } from '../video/camera-streams.ts';
import type { OnvifDevice } from './device.ts';
import { mediaProfiles } from './media-profiles.ts';
import { asked } from './package-camera.ts';
import type { Reach } from './reach.ts';

export interface OnvifStreamsOptions {
  /** Undefined: no such device, or it is not reached over ONVIF. */
  reach: (device: string) => Reach | undefined;
  /** For each of the calls. */
  timeoutMs: number;
  /** Milliseconds since 1970. */
  clock: () => number;
}

/** Addresses of streams change with the device's settings only. */
const REMEMBERED_MS = 600_000;

/** Where the pictures of cameras are, as they say over ONVIF (Media, 5.15.1) or as the site import does. */
export class OnvifStreams implements CameraStreams {
  readonly #o: OnvifStreamsOptions;
  /** By device and choice; `of` tells whether the device is still registered so. */
  readonly #known = new Map<string, { url: string; of: OnvifDevice; until: number }>();

  constructor(options: OnvifStreamsOptions) {
    this.#o = options;
  }

  async streamOf(id: string, which: StreamChoice): Promise<CameraStream> {
    const reach = this.#o.reach(id);
    if (reach === undefined)
      throw new Error(
        `"${id}" is no camera that is reached over ONVIF: give it an onvif block in the site import`,
      );
    const { device } = reach;
    const given = device.rtsp?.[which] ?? (which === 'sub' ? device.rtsp?.main : undefined);
    const url = given ?? (await this.#ask(reach, which));
    const { user, password } = device;
    return { url, ...(user === undefined ? {} : { user, password: password ?? '' }) };
  }

  async #ask(reach: Reach, which: StreamChoice): Promise<string> {
    const { device, health } = reach;
    const key = JSON.stringify([device.id, which]);
    const known = this.#known.get(key);
    if (known !== undefined && known.of === device && known.until > this.#o.clock()) return known.url;
    // no further attempt with credentials that are refused: it would lock the account
    if (health?.state === 'refused') throw new Error(`no picture of "${device.id}": ${health.reason}`);
    try {
      const url = await this.#find(reach, which);
      this.#known.set(key, { url, of: device, until: this.#o.clock() + REMEMBERED_MS });
      return url;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(
        `no address of the picture of "${device.id}" (${new URL(device.url).host}): ${why}; where this lasts, give it as onvif.rtsp in the site import`,
        { cause: error },
      );
    }
  }

  async #find(reach: Reach, which: StreamChoice): Promise<string> {
    const { cam, profiles } = await mediaProfiles(reach, this.#o.timeoutMs);
    const profile = which === 'main' ? profiles[0] : profiles.at(-1);
    if (profile === undefined) throw new Error('it has no video profile');
    const { token: profileToken } = profile;
    const { uri } = await asked<{ uri: string }>((done) =>
      cam.getStreamUri({ protocol: 'RTSP', profileToken }, done),
    );
    return ownAddress(uri, reach.device.url);
  }
}

/** The port and path that the device says, at the address that we know: behind NAT it says another. */
function ownAddress(uri: unknown, base: string): string {
  const given = URL.canParse(String(uri)) ? new URL(String(uri)) : undefined;
  if (given === undefined || !/^rtsps?:$/.test(given.protocol))
    throw new Error('the address that it gives is no RTSP');
  const port = given.port === '' ? '' : `:${given.port}`;
  return `${given.protocol}//${new URL(base).hostname}${port}${given.pathname}${given.search}`;
}
