import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { OnvifDevice } from '../../../../edge/adapters/onvif/device.ts';
import { isJpeg, OnvifSnapshots, snapshotAddress } from '../../../../edge/adapters/onvif/snapshots.ts';
import { startCamera } from '../../../simulators/onvif/camera.ts';
import { snapshot } from '../../../simulators/onvif/snapshot.ts';
import type { CameraOptions } from '../../../simulators/onvif/types.ts';
import { waitFor } from '../../../simulators/wait.ts';
import { deviceOf, Watched } from './support.ts';

const ends: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function make(
  options: CameraOptions = {},
  device: Partial<OnvifDevice> = {},
  until = 'ok',
  timeoutMs = 500,
) {
  const camera = await startCamera(options);
  ends.push(() => camera.stop());
  const watched = await new Watched([deviceOf(camera, device)]).start();
  ends.push(() => watched.adapter.stop());
  await waitFor(`the state ${until}`, () => watched.state() === until);
  let now = Date.now();
  const snapshots = new OnvifSnapshots({
    reach: (id) => watched.adapter.reach(id),
    timeoutMs,
    clock: () => now,
  });
  return {
    camera,
    snapshots,
    later: (ms: number) => {
      now += ms;
    },
    tries: () => camera.stats().attempts.filter(({ operation }) => operation === 'snapshot'),
  };
}

describe('the picture of a camera', () => {
  test.each(['token', 'digest', 'both', 'none'] as const)(
    'comes with one sign-in at most (authentication "%s")',
    async (authentication) => {
      const { camera, snapshots, tries } = await make({ authentication });
      expect((await snapshots.snapshotOf('cam-1')).equals(snapshot())).toBe(true);
      expect(tries()).toHaveLength(authentication === 'none' ? 0 : 1);
      expect(camera.stats().refused).toBe(0);
      await snapshots.snapshotOf('cam-1');
      expect(camera.stats().requests.GetSnapshotUri, 'its address is remembered').toBe(1);
    },
  );

  test('is fetched where the camera is known to be, whatever it says behind NAT', async () => {
    const { camera, snapshots } = await make();
    camera.fault('foreign-address', { authority: '192.0.2.1:8000' });
    expect(isJpeg(await snapshots.snapshotOf('cam-1'))).toBe(true);
  });

  test('bug: half a JPEG, and what only begins like one, counted as a picture', () => {
    const whole = snapshot();
    expect(isJpeg(whole)).toBe(true);
    expect(isJpeg(Buffer.concat([whole, Buffer.alloc(64)]))).toBe(true);
    expect(isJpeg(whole.subarray(0, whole.length >> 1))).toBe(false);
    expect(isJpeg(Buffer.from(`\xff\xd8\xff\xe0<script>${'x'.repeat(500)}`, 'latin1'))).toBe(false);
    expect(isJpeg(Buffer.concat([whole.subarray(0, 20), Buffer.from([0xff, 0xd9])]))).toBe(false);
    expect(isJpeg(Buffer.alloc(0))).toBe(false);
  });

  test('a camera that hangs ends in time', async () => {
    const { camera, snapshots } = await make();
    camera.fault('hang', { operations: ['snapshot'] });
    const began = performance.now();
    await expect(snapshots.snapshotOf('cam-1')).rejects.toMatchObject({ kind: 'timeout' });
    expect(performance.now() - began).toBeLessThan(3_000);
  });

  test('refused credentials are tried once a minute', async () => {
    const { camera, snapshots, tries, later } = await make();
    await snapshots.snapshotOf('cam-1');
    camera.setPassword('changed');
    const ask = () => expect(snapshots.snapshotOf('cam-1')).rejects.toMatchObject({ kind: 'rejected' });
    const before = tries().length;
    for (let i = 0; i < 5; i++) await ask();
    expect(tries().length - before).toBeLessThanOrEqual(1);
    later(61_000);
    await ask();
    expect(tries().length - before).toBeLessThanOrEqual(2);
  });

  test('a camera whose sign-in the event channel knows to be refused is not asked', async () => {
    const { camera, snapshots } = await make({}, { password: 'not the one' }, 'refused');
    await expect(snapshots.snapshotOf('cam-1')).rejects.toMatchObject({ kind: 'rejected' });
    expect(camera.stats().requests.snapshot).toBeUndefined();
  });
});

describe('what is no picture', () => {
  /** A camera that says where its picture is, and another server that answers there. */
  async function answering(handle: Parameters<typeof createServer>[1], timeoutMs = 2_000) {
    const server: Server = createServer(handle);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ends.push(() => new Promise((resolve) => server.closeAllConnections() ?? server.close(resolve)));
    const { port } = server.address() as AddressInfo;
    const { camera, snapshots } = await make({}, {}, 'ok', timeoutMs);
    camera.fault('foreign-address', { authority: `127.0.0.1:${port}` });
    return snapshots;
  }

  test('a page instead of a JPEG', async () => {
    const snapshots = await answering((_, response) => response.end('<html>'.repeat(50)));
    await expect(snapshots.snapshotOf('cam-1')).rejects.toMatchObject({ kind: 'malformed' });
  });

  test('more than 8 MiB', async () => {
    const huge = Buffer.alloc(9 * 1024 * 1024, 0xff);
    const snapshots = await answering((_, response) => response.end(huge), 20_000);
    await expect(snapshots.snapshotOf('cam-1')).rejects.toMatchObject({ kind: 'malformed' });
  });

  test('one that is cut, and one that drips', async () => {
    const cut = await answering((_, response) => {
      response.writeHead(200, { 'content-length': 5_000 });
      response.write(snapshot().subarray(0, 300));
      setImmediate(() => response.destroy());
    });
    await expect(cut.snapshotOf('cam-1')).rejects.toMatchObject({ kind: 'ended' });
    const drip = await answering((_, response) => {
      response.writeHead(200, { 'content-length': 5_000 });
      const timer = setInterval(() => response.write('x'), 50);
      response.on('close', () => clearInterval(timer));
    });
    await expect(drip.snapshotOf('cam-1')).rejects.toMatchObject({ kind: 'timeout' });
  });

  test('the password never goes out in clear to another machine', () => {
    expect(() => snapshotAddress('ftp://192.0.2.1/x', 'http://192.0.2.1/onvif')).toThrow(/no HTTP/);
    const at = (uri: string, base: string) => snapshotAddress(uri, base).href;
    expect(at('http://192.0.2.1:81/a?b=1', 'http://192.0.2.1:8000/onvif')).toBe('http://192.0.2.1:81/a?b=1');
    expect(at('http://10.0.0.9/a', 'http://192.0.2.1:8000/onvif')).toBe('http://192.0.2.1:8000/a');
    expect(at('http://192.0.2.1/a', 'https://192.0.2.1/onvif')).toBe('https://192.0.2.1/a');
    expect(at('http://u:p@192.0.2.1//evil.example/a', 'http://192.0.2.1/onvif')).toBe(
      'http://192.0.2.1//evil.example/a',
    );
  });
});
