import { afterEach, describe, expect, test } from 'vitest';
import type { OnvifDevice } from '../../../../edge/adapters/onvif/device.ts';
import { OnvifStreams } from '../../../../edge/adapters/onvif/streams.ts';
import { startCamera } from '../../../simulators/onvif/camera.ts';
import type { CameraOptions, SimulatedCamera } from '../../../simulators/onvif/types.ts';
import { waitFor } from '../../../simulators/wait.ts';
import { deviceOf, Watched } from './support.ts';

const ends: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function make(options: CameraOptions = {}, device: Partial<OnvifDevice> = {}, until = 'ok') {
  const camera = await startCamera(options);
  ends.push(() => camera.stop());
  const watched = await new Watched([deviceOf(camera, device)]).start();
  ends.push(() => watched.adapter.stop());
  await waitFor(`the state ${until}`, () => watched.state() === until);
  const streams = new OnvifStreams({
    reach: (id) => watched.adapter.reach(id),
    timeoutMs: 1_000,
    clock: Date.now,
  });
  return { camera, watched, streams };
}

const given = { main: 'rtsp://127.0.0.1:5554/main?channel=1&subtype=0', sub: 'rtsp://127.0.0.1:5554/sub' };
const account = ({ user, password }: SimulatedCamera) => ({ user, password });

describe('where the pictures are', () => {
  test.each(['token', 'digest', 'both'] as const)(
    'the device says it (authentication "%s")',
    async (authentication) => {
      const { camera, streams } = await make({ streams: given, authentication });
      expect(await streams.streamOf('cam-1', 'main')).toEqual({ url: given.main, ...account(camera) });
      expect(await streams.streamOf('cam-1', 'sub')).toEqual({ url: given.sub, ...account(camera) });
      expect(camera.stats().refused).toBe(0);
    },
  );

  test('an address behind NAT is replaced by the one that is registered', async () => {
    const { camera, streams } = await make({ streams: given });
    camera.fault('foreign-address', { authority: '192.0.2.1' });
    const { url } = await streams.streamOf('cam-1', 'main');
    expect(new URL(url).hostname).toBe('127.0.0.1');
  });

  test('the site import overrules the device, without asking it', async () => {
    const rtsp = { main: 'rtsp://192.0.2.7/live' };
    const { camera, streams } = await make({}, { rtsp });
    expect((await streams.streamOf('cam-1', 'main')).url).toBe(rtsp.main);
    expect((await streams.streamOf('cam-1', 'sub')).url).toBe(rtsp.main);
    expect(camera.stats().requests.GetProfiles).toBeUndefined();
  });

  test('the answer is remembered', async () => {
    const { camera, streams } = await make();
    await streams.streamOf('cam-1', 'main');
    await streams.streamOf('cam-1', 'main');
    expect(camera.stats().requests.GetStreamUri).toBe(1);
  });

  test('refused credentials are not tried once more for a picture', async () => {
    const { camera, streams } = await make({}, { password: 'not the one' }, 'refused');
    const { refused } = camera.stats();
    await expect(streams.streamOf('cam-1', 'main')).rejects.toThrow(
      /no picture of "cam-1".*refuses the user/,
    );
    expect(camera.stats().refused).toBe(refused);
  });

  test('what is wrong is said with what and where', async () => {
    const { camera, streams } = await make();
    await expect(streams.streamOf('nobody', 'main')).rejects.toThrow(/"nobody" is no camera.*onvif block/);
    for (const kind of ['malformed', 'empty', 'soap-fault', 'huge', 'reset'] as const) {
      camera.fault(kind, { operations: ['GetProfiles', 'GetStreamUri', 'GetServices', 'GetCapabilities'] });
      await expect(streams.streamOf('cam-1', 'main'), kind).rejects.toThrow(
        /no address of the picture of "cam-1" \(127\.0\.0\.1:/,
      );
      camera.clearFaults();
    }
  });
});
