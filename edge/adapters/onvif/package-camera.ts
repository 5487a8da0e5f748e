import onvif, { type Cam } from 'onvif';
import utils from 'onvif/lib/utils.js';
import type { OnvifDevice } from './device.ts';
import { OnvifFailure } from './failure.ts';
import type { SoapClient } from './soap-client.ts';

/** What every call of the package goes through (lib/cam.js of 0.8.3, the version that package.json pins). */
interface PackageRequest {
  service?: string;
  /** A parsed address that the device gave. */
  url?: { path?: string | null };
  action?: string;
  /** A whole envelope. */
  body: string;
}

type PackageCallback = (error: Error | null, body?: unknown, xml?: string, status?: number) => void;

/**
 * A `Cam` of the package `onvif` whose requests our client carries: one attempt with credentials, bounds of time and size,
 * the pinned certificate, and the address of the registry. The package writes the calls and reads the answers. It is
 * given no credentials: those are the client's.
 */
export function packageCamera(device: OnvifDevice, client: SoapClient, timeoutMs: number): Cam {
  const { protocol, hostname, port, pathname } = new URL(device.url);
  const useSecure = protocol === 'https:';
  const cam = new onvif.Cam({
    hostname,
    port: port === '' ? (useSecure ? 443 : 80) : Number(port),
    path: pathname,
    useSecure,
    autoconnect: false,
    preserveAddress: true,
  });
  const carry = (request: PackageRequest, callback: PackageCallback): void => {
    const { service, url, action, body } = request;
    const known = service === undefined ? undefined : (cam.uri?.[service]?.path ?? undefined);
    const path = url?.path ?? known ?? (service?.startsWith('/') ? service : undefined);
    client
      .exchange({ path, action: action ?? '', envelope: body, authenticate: 'always', timeoutMs })
      .then(
        ({ text, status }) => utils.parseSOAPString(text, callback, status),
        (error: Error) => callback(error),
      )
      // its callbacks throw where an answer lacks what they read
      .catch((error: unknown) =>
        callback(new OnvifFailure('malformed', `its answer lacks something: ${String(error)}`)),
      );
  };
  Object.assign(cam, { _request: carry });
  return cam;
}

/** A call of the package as a promise; rejects with what the package or our client says. */
export function asked<Answer>(
  call: (callback: (error: Error | null, answer?: Answer) => void) => void,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    call((error, answer) => {
      if (error !== null && error !== undefined) reject(error);
      else resolve(answer as Answer);
    });
  });
}
