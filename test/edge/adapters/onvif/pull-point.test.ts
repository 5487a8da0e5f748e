import { afterEach, describe, expect, test } from 'vitest';
import type { OnvifDevice } from '../../../../edge/adapters/onvif/device.ts';
import type { OnvifLimits } from '../../../../edge/adapters/onvif/options.ts';
import { startCamera } from '../../../simulators/onvif/camera.ts';
import type { CameraOptions, SimulatedCamera } from '../../../simulators/onvif/types.ts';
import { waitFor } from '../../../simulators/wait.ts';
import { deviceOf, fast, Watched } from './support.ts';

const ends: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function camera(options: CameraOptions = {}): Promise<SimulatedCamera> {
  const started = await startCamera(options);
  ends.push(() => started.stop());
  return started;
}

async function watch(
  cam: SimulatedCamera,
  device: Partial<OnvifDevice> = {},
  limits: Partial<OnvifLimits> = {},
): Promise<Watched> {
  const watched = await new Watched([deviceOf(cam, device)], limits).start();
  ends.push(() => watched.adapter.stop());
  return watched;
}

const isWell = (watched: Watched) => waitFor('the event channel to work', () => watched.state() === 'ok');
const press = {
  topic: 'tns1:Device/Trigger/DigitalInput',
  operation: 'Changed' as const,
  source: { InputToken: 'in-1' },
  data: { LogicalState: 'true' },
};

describe('what a camera says', () => {
  test('arrives with topic, source, data, time and operation, and only the beginning is initial', async () => {
    const cam = await camera();
    const watched = await watch(cam);
    await isWell(watched);
    await waitFor('an empty pull', () => watched.adapter.status().counters.pulls! > 2);
    const begun = watched.events();
    expect(begun.length).toBeGreaterThan(0);
    for (const event of begun) expect(event).toMatchObject({ initial: true, operation: 'Initialized' });
    cam.emit({ ...press, utcTime: '2026-12-01T18:00:00+08:00' });
    await waitFor('the press', () => watched.sink.messages.length > begun.length);
    const last = watched.sink.messages.at(-1)!;
    expect(last).toMatchObject({
      source: 'onvif',
      adapter: 'onvif',
      channel: 'tns1:Device/Trigger/DigitalInput',
      clientId: 'cam-1',
      deviceKey: 'cam-1',
    });
    expect(last.initial).toBeUndefined();
    expect(JSON.parse(last.payload.toString())).toEqual({
      operation: 'Changed',
      utcTime: '2026-12-01T18:00:00+08:00',
      source: { InputToken: 'in-1' },
      key: {},
      data: { LogicalState: 'true' },
    });
    // Uniview and TP-Link say real crossings so
    cam.emit({ ...press, operation: 'Initialized' });
    await waitFor('the second', () => watched.sink.messages.length > begun.length + 1);
    expect(watched.sink.messages.at(-1)!.initial).toBeUndefined();
  });

  test('the next pull waits for the commit', async () => {
    const cam = await camera({ states: [], pullKeepsAlive: false });
    const watched = await watch(cam);
    await isWell(watched);
    watched.sink.holding = true;
    cam.emit(press);
    await waitFor('the press', () => watched.sink.messages.length === 1);
    const { pulls } = cam.stats();
    // longer than a subscription lives: it is renewed meanwhile
    await waitFor('renewals', () => cam.stats().renews >= 4, 10_000);
    expect(cam.stats().pulls).toBe(pulls);
    expect(watched.state()).toBe('ok');
    watched.sink.commit();
    await waitFor('the next pull', () => cam.stats().pulls > pulls);
    expect(cam.stats()).toMatchObject({ creates: 1, maxSubscriptions: 1, expired: 0 });
  });

  test('a subscription is renewed for as long as it is wanted, and ended at the stop', async () => {
    const cam = await camera({ pullKeepsAlive: false });
    const watched = await watch(cam);
    await isWell(watched);
    await waitFor('renewals', () => cam.stats().renews >= 4, 10_000);
    expect(cam.stats()).toMatchObject({ creates: 1, expired: 0, subscriptions: 1, refused: 0 });
    await watched.adapter.stop();
    expect(cam.stats()).toMatchObject({ unsubscribes: 1, subscriptions: 0 });
  });
});

describe('every way of asking who we are', () => {
  test.each(['none', 'token', 'digest', 'either', 'both'] as const)(
    'authentication "%s"',
    async (authentication) => {
      // Digest needs the challenge of a 401
      const statuses =
        authentication === 'digest' || authentication === 'both' ? ([401] as const) : ([400, 401] as const);
      for (const notAuthorizedStatus of statuses) {
        const cam = await camera({
          authentication,
          notAuthorizedStatus,
          clockWindowMs: 5_000,
          clockOffsetMs: -8 * 365 * 86_400_000,
        });
        const watched = await watch(cam);
        await isWell(watched);
        expect(cam.stats().refused).toBe(0);
        await watched.adapter.stop();
      }
    },
  );

  test('SHA-256 only, and nonces of one use', async () => {
    const cam = await camera({ authentication: 'digest', digestAlgorithms: ['SHA-256'] });
    const watched = await watch(cam);
    await isWell(watched);
    cam.fault('stale-nonce');
    const before = cam.stats().pulls;
    await waitFor('more pulls', () => cam.stats().pulls > before + 6);
    expect(watched.state()).toBe('ok');
    expect(cam.stats().creates).toBe(1);
  });

  test('a user and a password with every kind of letter', async () => {
    const users = { token: 'a<b>&"校"', digest: 'a"b\\c' };
    for (const authentication of ['token', 'digest'] as const) {
      const cam = await camera({ authentication, user: users[authentication], password: '密码<&>"é\\' });
      const watched = await watch(cam);
      await isWell(watched);
      expect(cam.stats().refused).toBe(0);
    }
  });

  test('a wrong password is told at once, and tried once in a while', async () => {
    const cam = await camera();
    const watched = await watch(cam, { password: 'not the one' });
    await waitFor('the refusal', () => watched.state() === 'refused', 2_000);
    expect(watched.adapter.health('cam-1')!.reason).toMatch(
      /refuses the user "admin".*check user and password/,
    );
    expect(cam.stats().refused).toBe(1);
    await waitFor('more attempts', () => cam.stats().refused >= 4, 10_000);
    const times = cam.stats().attempts.map(({ at }) => at);
    for (const [i, at] of times.slice(1).entries())
      expect(at - times[i]!).toBeGreaterThanOrEqual(fast.refusedMs - 5);
    expect(watched.state()).toBe('refused');
    cam.setPassword('not the one');
    await isWell(watched);
    expect(JSON.stringify(watched.healths) + watched.logged.join()).not.toContain('not the one');
  });

  test('a camera whose clock jumps is asked for its time and taken up again', async () => {
    const cam = await camera({ authentication: 'token', clockWindowMs: 2_000 });
    const watched = await watch(cam);
    await isWell(watched);
    cam.stepClock(86_400_000);
    await waitFor('a refusal', () => cam.stats().refused > 0);
    const { pulls } = cam.stats();
    await waitFor('pulls again', () => cam.stats().pulls > pulls + 2, 3_000);
    expect(cam.stats().refused).toBe(1);
    expect(watched.healths.map(({ state }) => state)).toEqual(['ok']);
  });
});

describe('what can go wrong', () => {
  test('a dead event channel of a camera that answers is silent, a dead camera offline', async () => {
    const cam = await camera();
    const watched = await watch(cam);
    await isWell(watched);
    cam.fault('hang', { operations: ['PullMessages', 'CreatePullPointSubscription'] });
    const from = performance.now();
    await waitFor('silence', () => watched.state() === 'silent', 5_000);
    expect(performance.now() - from).toBeLessThan(3 * fast.silentAfterMs);
    cam.clearFaults();
    await isWell(watched);
    cam.fault('dead');
    await waitFor('absence', () => watched.state() === 'offline', 5_000);
    cam.clearFaults();
    await isWell(watched);
  });

  test('bug: an answer that could not be taken took its events along without a word', async () => {
    const cam = await camera({ states: [] });
    const watched = await watch(cam);
    await isWell(watched);
    cam.fault('malformed', { operations: ['PullMessages'], uses: 1 });
    await waitFor('the word', () => watched.events().some(({ topic }) => topic === 'unreadable/answer'));
    const { pulls } = cam.stats();
    await waitFor('pulls again', () => cam.stats().pulls > pulls + 1);
  });

  test('a device without pull points is told as such', async () => {
    const cam = await camera({ pullPoints: false });
    const watched = await watch(cam);
    await waitFor('the verdict', () => watched.state() === 'unsupported', 3_000);
  });

  test('a short cut loses nothing that the camera kept: the subscription is taken up again', async () => {
    const cam = await camera({ states: [] });
    const watched = await watch(cam);
    await isWell(watched);
    cam.fault('refuse');
    cam.cutConnections();
    await waitFor('the cut', () => cam.stats().connections === 0);
    cam.emit({
      ...press,
      operation: undefined,
      topic: 'tns1:RuleEngine/LineDetector/Crossed',
      data: { ObjectId: '7' },
    });
    await waitFor('a failure', () => (watched.adapter.status().counters.failed_unreachable ?? 0) > 0);
    cam.clearFaults();
    await waitFor('the crossing', () => watched.sink.messages.length === 1);
    expect(cam.stats()).toMatchObject({ creates: 1, maxSubscriptions: 1 });
  });

  test('lost answers to subscriptions do not pile up', async () => {
    const cam = await camera();
    cam.fault('lost-reply', { operations: ['CreatePullPointSubscription'] });
    const watched = await watch(cam);
    await waitFor('several', () => cam.stats().creates >= 5, 15_000);
    expect(cam.stats().maxSubscriptions).toBeLessThanOrEqual(fast.maxOrphans);
    cam.clearFaults();
    await isWell(watched);
    await waitFor('the lost ones to end', () => cam.stats().subscriptions === 1, 5_000);
  });

  test('addresses that the camera gives are not followed', async () => {
    const cam = await camera();
    cam.fault('foreign-address', { authority: '192.0.2.1:81' });
    await isWell(await watch(cam));
  });

  test('a reference parameter is given back', async () => {
    const cam = await camera({ reference: 'parameters' });
    const watched = await watch(cam);
    await isWell(watched);
    await waitFor('renewals', () => cam.stats().renews >= 2, 5_000);
    expect(cam.stats().creates).toBe(1);
  });
});

test('a corrected password ends the subscription of before', async () => {
  const cam = await camera();
  const watched = await watch(cam);
  await isWell(watched);
  cam.setPassword('a new one');
  // as a restart of its network does: the subscription is taken up again, and refused
  cam.cutConnections();
  await waitFor('the refusal', () => watched.state() === 'refused');
  expect(cam.stats().subscriptions).toBe(1);
  watched.adapter.setDevices([deviceOf(cam, { password: 'a new one' })]);
  await isWell(watched);
  expect(cam.stats()).toMatchObject({ creates: 2, subscriptions: 1, maxSubscriptions: 1, expired: 0 });
});

test('devices come, change and go while it runs', async () => {
  const one = await camera();
  const two = await camera();
  const watched = await watch(one);
  await isWell(watched);
  const other = deviceOf(two, { id: 'cam-2' });
  watched.adapter.setDevices([deviceOf(one), other]);
  await waitFor('the second', () => watched.state('cam-2') === 'ok');
  expect(one.stats().creates).toBe(1);
  two.setPassword('a new one');
  watched.adapter.setDevices([deviceOf(one), { ...other, password: 'a new one' }]);
  await waitFor('the second again', () => two.stats().creates === 2 && watched.state('cam-2') === 'ok');
  watched.adapter.setDevices([deviceOf(one)]);
  // the answer to Unsubscribe comes after the end of the subscription
  await waitFor(
    'its end',
    () => two.stats().subscriptions === 0 && watched.adapter.health('cam-2') === undefined,
  );
  expect(watched.adapter.status().endpoints).toEqual([one.url]);
  expect(one.stats()).toMatchObject({ creates: 1, maxSubscriptions: 1 });
});
