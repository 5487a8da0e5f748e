import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type TrialOptions, tryCredentials } from '../../../../edge/adapters/onvif/trial.ts';
import { startCamera } from '../../../simulators/onvif/camera.ts';
import type { CameraOptions, SimulatedCamera } from '../../../simulators/onvif/types.ts';
import { makeCertificates } from '../../../support/certs.ts';
import { describeWithPeer } from '../../../support/peers.ts';

const stops: Array<() => unknown> = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function camera(options: CameraOptions = {}): Promise<SimulatedCamera> {
  const started = await startCamera(options);
  stops.push(() => started.stop());
  return started;
}

/** The right credentials, unless something else is said. */
function attempt(of: SimulatedCamera, options: Partial<TrialOptions> = {}) {
  const { url, user, password } = of;
  return tryCredentials({ url, user, password, timeoutMs: 5_000, clock: Date.now, ...options });
}

describe('a trial of credentials', () => {
  test.each(['token', 'digest', 'either', 'both'] as const)(
    'that are right for %s is accepted, and the device tells what it has',
    async (authentication) => {
      const gate = await camera({ authentication, model: 'DS-2CD3T46', serial: '0001234567890123456789' });
      const trial = await attempt(gate);
      expect(trial).toMatchObject({ verdict: 'accepted', detail: '' });
      expect(trial.report).toMatchObject({
        manufacturer: 'Simulated',
        model: 'DS-2CD3T46',
        firmware: '5.8.1',
        // as it is written: a library would make a number of it
        serial: '0001234567890123456789',
        macs: [expect.stringMatching(/^02(?::[0-9a-f]{2}){4}:01$/)],
        pullPoint: true,
        inputs: ['DI-1'],
        relays: [{ token: 'RO-1', mode: 'bistable' }],
        presets: [
          { token: '1', name: '校门' },
          { token: '2', name: 'playground' },
        ],
        doors: [],
      });
      expect(trial.report?.streams).toMatchObject([
        { token: 'Profile_1', encoding: 'H264', width: 2560, height: 1440, fps: 25, ptz: true },
        { token: 'Profile_2', url: 'rtsp://127.0.0.1:554/sub' },
      ]);
      expect(gate.stats().refused).toBe(0);
    },
  );

  test('an access controller tells its doors, what each can, and its access points', async () => {
    const trial = await attempt(
      await camera({ kind: 'access-controller', doors: [{ token: '007', name: '正门' }] }),
    );
    expect(trial.report).toMatchObject({
      doors: [{ token: '007', name: '正门', can: expect.arrayContaining(['Access', 'LockDown']) }],
      accessPoints: [{ token: 'ap-1', name: '正门', canDisable: true }],
      streams: [],
    });
  });

  test.each([
    ['a wrong password', { password: 'wrong' }, 'refused'],
    ['a user that does not exist', { user: 'nobody' }, 'refused'],
  ] as const)('%s costs one attempt, no more', async (_, wrong, verdict) => {
    const gate = await camera({ lockOutAfter: 2 });
    const trial = await attempt(gate, wrong);
    expect(trial).toMatchObject({ verdict, report: undefined });
    expect(gate.stats().refused).toBe(1);
    expect((await attempt(gate)).verdict).toBe('accepted');
  });

  test('without a user costs none, and a device that answers everybody is said to be open', async () => {
    const gate = await camera();
    const nobody = { user: undefined, password: undefined };
    expect(await attempt(gate, nobody)).toMatchObject({ verdict: 'no-user' });
    expect(gate.stats().refused).toBe(0);
    expect(await attempt(await camera({ authentication: 'none' }))).toMatchObject({ verdict: 'open' });
  });

  test('a user who may not ask for everything is told from a wrong password', async () => {
    const gate = await camera();
    gate.fault('not-authorized', { operations: ['GetProfiles'] });
    const trial = await attempt(gate);
    expect(trial).toMatchObject({ verdict: 'not-permitted', detail: expect.stringContaining('streams') });
    // what was learnt before stands; nothing was asked afterwards
    expect(trial.report?.serial).toMatch(/^SN-/);
    expect(gate.stats().refused).toBeLessThanOrEqual(1);
    expect(gate.stats().requests.GetRelayOutputs).toBeUndefined();
  });

  test('says how far the clock of the device is off, and signs in by that clock', async () => {
    const eightYears = -8 * 365 * 86_400_000;
    const gate = await camera({ clockOffsetMs: eightYears, clockWindowMs: 5_000, authentication: 'token' });
    const trial = await attempt(gate);
    expect(trial).toMatchObject({ verdict: 'accepted', signIn: 'token-only' });
    expect(Math.abs((trial.clockAheadMs ?? 0) - eightYears)).toBeLessThan(2_000);
  });

  test('that takes HTTP Digest alone is told', async () => {
    expect(await attempt(await camera({ authentication: 'digest' }))).toMatchObject({
      signIn: 'digest-only',
    });
  });

  test('what hangs, what is closed, and what is a web page are told apart', async () => {
    const gate = await camera();
    gate.fault('hang');
    expect((await attempt(gate, { timeoutMs: 300 })).verdict).toBe('no-answer');
    gate.clearFaults();
    gate.fault('refuse');
    await gate.settled();
    expect((await attempt(gate)).verdict).toBe('unreachable');
    const page = createServer((_, response) => response.end('<html><body>login</body></html>'));
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
    stops.push(() => page.close());
    const url = `http://127.0.0.1:${(page.address() as AddressInfo).port}/onvif/device_service`;
    expect((await attempt(gate, { url })).verdict).toBe('not-onvif');
  });

  test.each([
    ['Invalid username or password', 'refused'],
    ['The password is wrong', 'wrong-password'],
    ['User does not exist', 'unknown-user'],
    ['The account is locked', 'locked'],
    ['Operation prohibited', 'not-permitted'],
  ])('a device that says "%s" is heard', async (said, verdict) => {
    const gate = await camera({ authentication: 'none' });
    gate.fault('soap-fault', {
      operations: ['GetDeviceInformation'],
      code: 'Sender',
      subcode: 'ter:NotAuthorized',
      reason: said,
      status: 400,
    });
    expect((await attempt(gate)).verdict).toBe(verdict);
  });
});

describeWithPeer(['openssl'], 'a trial over TLS', () => {
  test('shows a certificate that nobody vouches for, and takes it once a person does', async () => {
    const { server, ca } = makeCertificates();
    const gate = await camera({ tls: server });
    const trial = await attempt(gate);
    expect(trial).toMatchObject({ verdict: 'tls-untrusted', report: undefined });
    expect(trial.certificate?.sha256).toMatch(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    expect(gate.stats().requests).toEqual({});
    expect((await attempt(gate, { ca: trial.certificate?.pem })).verdict).toBe('accepted');
    const elsewhere = await camera({ tls: server, host: '127.0.0.2' });
    expect((await attempt(elsewhere, { ca })).verdict).toBe('tls-name');
  });
});
