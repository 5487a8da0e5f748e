// The simulated camera against the onvif package, which was written against real cameras.
import { Cam, type CamOptions } from 'onvif';
import { afterEach, describe, expect, test } from 'vitest';
import { startCamera } from './onvif/camera.ts';
import type { Authentication, CameraOptions, SimulatedCamera } from './onvif/types.ts';
import { VENDOR_NOTIFICATIONS } from './onvif/vendor-notifications.ts';
import { waitFor } from './wait.ts';

const cameras: SimulatedCamera[] = [];
afterEach(() => Promise.all(cameras.splice(0).map((camera) => camera.stop())));

async function camera(options: CameraOptions = {}): Promise<SimulatedCamera> {
  const started = await startCamera(options);
  cameras.push(started);
  return started;
}

/** One call of the package as a promise: `ask((done) => cam.getProfiles(done))`. */
function ask<T>(call: (done: (error: Error | null, answer?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, answer) => (error ? reject(error) : resolve(answer as T)));
  });
}

async function connect(to: SimulatedCamera, options: Partial<CamOptions> = {}): Promise<Cam> {
  const cam = new Cam({
    hostname: to.host,
    port: to.port,
    username: to.user,
    password: to.password,
    timeout: 5_000,
    autoconnect: false,
    ...options,
  });
  await ask((done) => cam.connect(done));
  return cam;
}

describe('the onvif package and the simulated camera', () => {
  test.each<Authentication>(['token', 'digest', 'either', 'both', 'none'])(
    'connects with authentication %s and reads device facts',
    async (authentication) => {
      const simulated = await camera({ authentication, manufacturer: '海康 & Co', model: 'DS-2CD' });
      const cam = await connect(simulated);

      const facts = await ask((done) => cam.getDeviceInformation(done));
      expect(facts).toMatchObject({ manufacturer: '海康 & Co', model: 'DS-2CD', firmwareVersion: '5.8.1' });
      const { refused, authenticated, attempts } = simulated.stats();
      expect(refused, JSON.stringify(attempts)).toBe(0);
      if (authentication === 'none') expect(authenticated).toBe(0);
      else expect(authenticated).toBeGreaterThan(0);
    },
  );

  test('a wrong password is refused and counted', async () => {
    const simulated = await camera({ authentication: 'token' });
    const cam = await connect(simulated, { password: 'wrong' });

    await expect(ask((done) => cam.getDeviceInformation(done))).rejects.toThrow(/not Authorized/i);
    const { refused, authenticated, attempts } = simulated.stats();
    expect(authenticated).toBe(0);
    expect(refused).toBe(attempts.length);
    expect(attempts.at(-1)).toMatchObject({ operation: 'GetDeviceInformation', reason: 'password' });
  });

  test('profiles, stream and snapshot addresses, presets, relay and reboot', async () => {
    const simulated = await camera({ streams: { main: 'rtsp://127.0.0.1:8554/h264?a=1&b=2' } });
    const cam = await connect(simulated);

    const profiles = await ask<Array<{ $: { token: string } }>>((done) => cam.getProfiles(done));
    expect(profiles.map(({ $ }) => $.token)).toEqual(['Profile_1', 'Profile_2']);
    const stream = await ask<{ uri: string }>((done) =>
      cam.getStreamUri({ protocol: 'RTSP', profileToken: 'Profile_1' }, done),
    );
    expect(stream.uri).toBe('rtsp://127.0.0.1:8554/h264?a=1&b=2');
    const snapshot = await ask<{ uri: string }>((done) =>
      cam.getSnapshotUri({ profileToken: 'Profile_2' }, done),
    );
    expect(snapshot.uri).toBe(simulated.snapshotUrl);
    expect(await ask((done) => cam.getPresets({ profileToken: 'Profile_1' }, done))).toMatchObject({
      校门: { $: { token: 1 } },
    });
    await ask((done) => cam.gotoPreset({ profileToken: 'Profile_1', preset: '2' }, done));
    const interfaces = await ask((done) => cam.getNetworkInterfaces(done));
    expect(JSON.stringify(interfaces)).toContain(simulated.host);
    await ask((done) => cam.systemReboot(done));
    expect(simulated.stats().commands).toMatchObject([
      { operation: 'GotoPreset', parameters: { preset: '2' } },
      { operation: 'SystemReboot' },
    ]);
    await waitFor('the reboot to begin', () => simulated.faults().includes('dead'));
    await expect(ask((done) => cam.getDeviceInformation(done))).rejects.toThrow();
    await waitFor('the camera to be back', () =>
      ask((done) => cam.getDeviceInformation(done)).catch(() => undefined),
    );
  });

  test.each(['path', 'parameters'] as const)('pull point with a reference by %s', async (reference) => {
    const simulated = await camera({ reference });
    const cam = await connect(simulated);

    expect(JSON.stringify(await ask((done) => cam.getEventProperties(done)))).toContain('cellMotionDetector');
    await ask((done) => cam.createPullPointSubscription(done));
    const initial = await ask<{ notificationMessage: unknown[] }>((done) =>
      cam.pullMessages({ messageLimit: 10 }, done),
    );
    expect(initial.notificationMessage).toHaveLength(2);

    const raw = new Promise<string>((resolve) => cam.once('rawResponse', resolve));
    const waiting = ask((done) => cam.pullMessages({ messageLimit: 10 }, done));
    await waitFor('the long poll', () => simulated.stats().pulls === 2);
    expect(
      simulated.emit({
        topic: 'tns1:AccessControl/AccessGranted/Credential',
        source: { AccessPointToken: 'ap-1' },
        data: { CredentialToken: '12345678901234567890', CredentialHolderName: 'true' },
        utcTime: '2026-09-01T08:00:00+08:00',
      }),
    ).toBe(1);
    await waiting;
    // The package's own reading loses digits of the card; on the wire they are.
    expect(await raw).toContain('Value="12345678901234567890"');

    await ask((done) => cam.renew({}, done));
    await ask((done) => cam.unsubscribe(done));
    expect(simulated.stats()).toMatchObject({
      creates: 1,
      pulls: 2,
      renews: 1,
      unsubscribes: 1,
      subscriptions: 0,
      maxSubscriptions: 1,
      delivered: 3,
    });
  });

  test.each(Object.entries(VENDOR_NOTIFICATIONS))(
    'takes what %s devices send',
    async (_maker, notifications) => {
      const simulated = await camera({ states: [] });
      const cam = await connect(simulated);
      await ask((done) => cam.createPullPointSubscription(done));
      simulated.emit(notifications);
      const { notificationMessage } = await ask<{ notificationMessage: unknown }>((done) =>
        cam.pullMessages({ messageLimit: 10 }, done),
      );
      const topics = [notificationMessage]
        .flat()
        .map((message) => (message as { topic: { _: string } }).topic._);
      expect(topics).toEqual(notifications.map(({ topic }) => topic));
    },
  );

  test('the snapshot is a JPEG behind HTTP Digest', async () => {
    const simulated = await camera({ digestAlgorithms: ['SHA-256', 'MD5'] });
    const cam = await connect(simulated);
    const { uri } = await ask<{ uri: string }>((done) =>
      cam.getSnapshotUri({ profileToken: 'Profile_1' }, done),
    );

    const first = await fetch(uri);
    expect(first.status).toBe(401);
    const challenge = first.headers.get('www-authenticate') ?? '';
    expect(challenge).toMatch(/^Digest .*SHA-256, Digest .*MD5/);
    const { pathname } = new URL(uri);
    const challenges = challenge.split(/, (?=Digest )/);
    const authorization = cam.digestAuth(challenges, { method: 'GET', path: pathname });
    const second = await fetch(uri, { headers: { authorization } });
    expect(second.status).toBe(200);
    const picture = Buffer.from(await second.arrayBuffer());
    expect(picture.subarray(0, 3).toString('hex')).toBe('ffd8ff');
    expect(picture.subarray(-2).toString('hex')).toBe('ffd9');
    const replayed = await fetch(uri, { headers: { authorization } });
    expect(replayed.status).toBe(401);
    expect(replayed.headers.get('www-authenticate')).toContain('stale=true');
  });
});
