import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { deviceOf, fast as fastest, Watched } from '../edge/adapters/onvif/support.ts';
import { startCameras } from '../simulators/onvif/camera.ts';
import type { FaultKind, FaultOptions, SimulatedCamera } from '../simulators/onvif/types.ts';

const full = process.env.FULL === '1';
const INJECTIONS = full ? 1_000 : 108;
const CAMERAS = 12;
/** An answer may take its time: cameras and gateway share one process here, and the machine with other tests. */
const fast = { ...fastest, answerMs: 1_500 };
/** Nothing may take so long to come back. */
const DEAD_AFTER_MS = 20_000;
/** The machine of the tests is slow and shared. */
const SLACK_MS = 1_500;
/** One pull, with all the time that its answer may take. */
const PULL_PERIOD_MS = fast.pullMs + fast.answerMs;
/** The longest waits between two attempts, with their jitter. */
const STEP_MS = Math.max(fast.backOff.maxMs, 1.1 * fast.refusedMs);
/** Three lost subscriptions: the next one is made when the first of them has ended. */
const ORPHANS_MS = fast.terminationMs + fast.answerMs;

interface Injection {
  name: string;
  /** Begins it; what is returned ends it. */
  begin(camera: SimulatedCamera, watched: Watched): () => void | Promise<void>;
  /** Subscriptions may be lost by it. */
  losesSubscriptions?: boolean;
}

function fault<K extends FaultKind>(
  kind: K,
  options: FaultOptions[K] = {},
  more: Partial<Injection> = {},
): Injection {
  const { operations, ...rest } = options as { operations?: string[] };
  return {
    name: [kind, ...(operations ?? []), ...Object.values(rest)].join(' '),
    begin(camera) {
      camera.fault(kind, options);
      // the call under way was answered by a healthy camera
      camera.cutConnections();
      return () => camera.clearFaults(kind);
    },
    ...more,
  };
}

const PULL = { operations: ['PullMessages'] };
const CREATE = { operations: ['CreatePullPointSubscription'] };
const lost = { losesSubscriptions: true };

const injections: readonly Injection[] = [
  fault('hang', {}, lost),
  fault('hang', PULL),
  fault('hang', CREATE, lost),
  fault('hang', { operations: ['GetSystemDateAndTime'] }),
  fault('hang', { operations: ['Renew', 'SetSynchronizationPoint'] }),
  fault('reset', {}, lost),
  fault('reset', PULL),
  fault('lost-reply', CREATE, lost),
  fault('lost-reply', PULL),
  fault('lost-reply', { operations: ['Unsubscribe', 'PullMessages'] }, lost),
  fault('lost-reply', {}, lost),
  fault('soap-fault', PULL),
  fault('soap-fault', CREATE),
  fault('soap-fault', { operations: ['Renew', 'SetSynchronizationPoint', 'GetCapabilities'] }),
  fault('http', {}, lost),
  fault('http', { ...PULL, status: 500 }),
  fault('truncated', {}, lost),
  fault('malformed', {}, lost),
  fault('doctype', PULL),
  fault('huge', { ...PULL, bytes: 4_000_000 }),
  fault('drip', PULL),
  fault('empty', {}, lost),
  fault('expire-at-once'),
  fault('subscription-limit'),
  fault('busy'),
  fault('duplicate-initialized'),
  fault('all-initialized'),
  fault('trailing-topic'),
  fault('times', { form: 'offset' }),
  fault('times', { form: 'zoneless' }),
  fault('times', { form: 'zero' }),
  fault('not-authorized', { status: 400 }),
  fault('not-authorized', { status: 401 }),
  fault('not-authorized', { ...PULL, status: 401 }),
  fault('stale-nonce'),
  fault('foreign-address', {}),
  fault('refuse'),
  fault('dead'),
  {
    name: 'subscriptions dropped',
    begin(camera) {
      camera.dropSubscriptions();
      return () => undefined;
    },
  },
  {
    name: 'clock 8 years back, then right again',
    begin(camera) {
      const years = 8 * 365 * 86_400_000;
      camera.stepClock(-years);
      return () => camera.stepClock(years);
    },
  },
  {
    name: 'password changed there, then changed back',
    begin(camera) {
      camera.setPassword('another one');
      return () => camera.setPassword(PASSWORD);
    },
  },
  {
    name: 'another address, registered later',
    begin(camera, watched) {
      const moved = camera.move();
      return async () => {
        await moved;
        watched.adapter.setDevices(cameras.map(registered));
      };
    },
    ...lost,
  },
];

interface Recovery {
  injection: Injection;
  ms: number;
  /** Least time between two refused attempts. */
  gapMs: number;
  refused: number;
  maxSubscriptions: number;
}

const PASSWORD = 'campus-2026';
const forms = ['either', 'token', 'digest', 'both'] as const;
let cameras: SimulatedCamera[] = [];
let watched: Watched | undefined;

afterAll(async () => {
  await watched?.adapter.stop();
  await Promise.all(cameras.map((camera) => camera.stop()));
});

/** The camera as it is registered, whatever its password is just now. */
const registered = (camera: SimulatedCamera) => deviceOf(camera, { id: camera.name, password: PASSWORD });

/** Milliseconds that this process stood still, since the start: no fault of whoever is measured. */
let stoodStillMs = 0;
let tickedAt = performance.now();
setInterval(() => {
  const now = performance.now();
  stoodStillMs += Math.max(0, now - tickedAt - 20);
  tickedAt = now;
}, 10).unref();

let marks = 0;

/** Milliseconds until something that the camera tells from now on has arrived; without those that this process stood still. */
async function untilHeard(camera: SimulatedCamera, { sink }: Watched): Promise<number> {
  const from = performance.now();
  const stood = stoodStillMs;
  const mark = `mark-${++marks}`;
  let seen = 0;
  for (;;) {
    camera.emit({ topic: 'tns1:UserAlarm/Mark', source: { mark }, data: {} });
    await sleep(25);
    for (; seen < sink.messages.length; seen++) {
      const { clientId, payload } = sink.messages[seen]!;
      if (clientId === camera.name && payload.includes(mark))
        return performance.now() - from - (stoodStillMs - stood);
    }
    if (performance.now() - from > DEAD_AFTER_MS) throw new Error(`${camera.name} did not come back`);
  }
}

async function inject(camera: SimulatedCamera, injection: Injection, on: Watched): Promise<Recovery> {
  camera.resetStats();
  const end = injection.begin(camera, on);
  await sleep(200 + Math.random() * 1_300);
  await end();
  const ms = await untilHeard(camera, on);
  const { attempts, refused, maxSubscriptions } = camera.stats();
  const times = attempts
    .filter(({ accepted, reason }) => !accepted && reason !== 'stale nonce')
    .map(({ at }) => at);
  const gaps = times.slice(1).map((at, i) => at - times[i]!);
  return { injection, ms, gapMs: Math.min(Number.POSITIVE_INFINITY, ...gaps), refused, maxSubscriptions };
}

test(
  `${INJECTIONS} faults over every behaviour: each camera comes back by itself`,
  async () => {
    cameras = await startCameras(CAMERAS, (i) => ({
      name: `cam-${i}`,
      password: PASSWORD,
      authentication: forms[i % forms.length]!,
      notAuthorizedStatus: 401,
      clockWindowMs: 5_000,
      states: [],
    }));
    const on = new Watched(cameras.map(registered), fast);
    watched = on;
    await on.adapter.start(on.sink);
    for (const camera of cameras) await untilHeard(camera, on);

    const todo = Array.from({ length: INJECTIONS }, (_, i) => injections[i % injections.length]!);
    const recoveries: Recovery[] = [];
    const dead: string[] = [];
    await Promise.all(
      cameras.map(async (camera) => {
        for (let next = todo.shift(); next !== undefined; next = todo.shift()) {
          const { name } = next;
          await inject(camera, next, on).then(
            (recovery) => recoveries.push(recovery),
            (error: Error) => dead.push(`${name}: ${error.message}`),
          );
        }
      }),
    );

    const boundOf = ({ injection }: Recovery) =>
      PULL_PERIOD_MS + (injection.losesSubscriptions === true ? Math.max(STEP_MS, ORPHANS_MS) : STEP_MS);
    const sorted = recoveries.map(({ ms }) => ms).sort((a, b) => a - b);
    const at = (share: number) => Math.round(sorted[Math.floor(share * (sorted.length - 1))]!);
    const slow = recoveries.filter((one) => one.ms > boundOf(one));
    const refused = recoveries.reduce((sum, one) => sum + one.refused, 0);
    const { counters } = on.adapter.status();
    console.log(
      [
        `onvif faults: ${recoveries.length} injected into ${CAMERAS} cameras, ${dead.length} did not come back`,
        `recovery ms: p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}, most ${at(1)}; bound ${PULL_PERIOD_MS} (pull) + ${STEP_MS} (step), ${ORPHANS_MS} where subscriptions were lost; beyond it ${slow.length}`,
        ...slow.map((one) => `  slow: ${one.injection.name} ${Math.round(one.ms)} ms`),
        `refused attempts ${refused}, least time between two ${Math.round(Math.min(...recoveries.map(({ gapMs }) => gapMs)))} ms (shortest step ${fast.backOff.firstMs})`,
        `subscriptions at a camera: most ${Math.max(...recoveries.map((one) => one.maxSubscriptions))}, where none was lost ${Math.max(...recoveries.filter(({ injection }) => injection.losesSubscriptions !== true).map((one) => one.maxSubscriptions))}; known to the gateway at most 1`,
        `creates ${counters.creates}, pulls ${counters.pulls}, events ${on.sink.messages.length}`,
      ].join('\n'),
    );
    expect(dead).toEqual([]);
    expect(recoveries).toHaveLength(INJECTIONS);
    for (const one of recoveries) {
      expect(one.ms, one.injection.name).toBeLessThanOrEqual(boundOf(one) + SLACK_MS);
      expect(one.gapMs, one.injection.name).toBeGreaterThanOrEqual(fast.backOff.firstMs - 2);
      expect(one.maxSubscriptions, one.injection.name).toBeLessThanOrEqual(1 + fast.maxOrphans);
    }
    for (const { name } of cameras) expect(on.adapter.health(name)?.state).toBe('ok');
    expect(counters.failed_program ?? 0).toBe(0);
  },
  full ? 900_000 : 240_000,
);
