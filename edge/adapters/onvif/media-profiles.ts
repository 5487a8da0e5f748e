import type { Cam } from 'onvif';
import { asked, packageCamera } from './package-camera.ts';
import type { Reach } from './reach.ts';

/** What a profile of the device gives. */
export interface Profile {
  token: string;
  pixels: number;
}

/** The profiles of a device that have a picture, the largest first, and the package's camera to ask further. */
export async function mediaProfiles(
  { device, client }: Reach,
  timeoutMs: number,
): Promise<{ cam: Cam; profiles: Profile[] }> {
  const cam = packageCamera(device, client, timeoutMs);
  // old devices know no GetServices
  await asked((done) => cam.getServices(false, done)).catch(() => asked((done) => cam.getCapabilities(done)));
  return { cam, profiles: ranked(await asked((done) => cam.getProfiles(done))) };
}

function ranked(profiles: unknown): Profile[] {
  const found = (Array.isArray(profiles) ? profiles : []).flatMap((profile): Profile[] => {
    const { $, videoEncoderConfiguration: encoder, videoSourceConfiguration: source } = Object(profile);
    if ($?.token === undefined || source === undefined) return [];
    const { width = 0, height = 0 } = Object(encoder?.resolution);
    return [{ token: String($.token), pixels: Number(width) * Number(height) || 0 }];
  });
  return found.sort((a, b) => b.pixels - a.pixels);
}
