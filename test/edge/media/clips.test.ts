import { setImmediate } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import type { Viewer } from '../../../edge/adapters/video/channel.ts';
import { problems } from '../../../edge/adapters/video/problems.ts';
import type { Player } from '../../../edge/adapters/video/source.ts';
import { Clips } from '../../../edge/media/clips.ts';
import { Turns } from '../../../edge/ops/turns.ts';
import { silent } from './support.ts';

/** A camera whose stream is the test's. */
function world() {
  const views: Array<{ viewer: Viewer; left: boolean }> = [];
  const films: unknown[] = [];
  let allowed = true;
  const clips = new Clips({
    settings: [{ camera: 'cam-1', stream: 'main', beforeMs: 5_000, afterMs: 1_000, ringBytes: 10_000 }],
    mayRecord: () => allowed,
    video: {
      view: (_, viewer) => {
        const view = { viewer, left: false };
        views.push(view);
        return () => {
          view.left = true;
        };
      },
    },
    tools: { ffmpeg: '/nowhere/ffmpeg', turns: new Turns(1, 1) },
    tmp: '/tmp',
    done: (camera, alarms, film) => films.push({ camera, alarms, film }),
    clock: () => 0,
    logger: silent,
  });
  clips.refresh();
  const start = (player: Player) =>
    views.at(-1)?.viewer.started({ player, codec: '', init: Buffer.from('init') });
  const frame = (keyframe: boolean, bytes = 100) =>
    views.at(-1)?.viewer.segment({ data: Buffer.alloc(bytes), keyframe });
  const allow = (is: boolean): void => {
    allowed = is;
  };
  return { clips, views, films, start, frame, allow };
}

test('what is no H.264 is not transcoded for nobody, and an alarm says that there is no film', async () => {
  const { clips, views, films, start, frame } = world();
  start('jsmpeg');
  frame(true);
  await setImmediate();
  expect(views[0]?.left).toBe(true);
  vi.useFakeTimers();
  try {
    clips.record('cam-1', 'a1');
    vi.advanceTimersByTime(1_000);
  } finally {
    vi.useRealTimers();
  }
  await setImmediate();
  expect(films).toEqual([{ camera: 'cam-1', alarms: ['a1'], film: undefined }]);
});

test('a place that becomes private, or a camera that is removed, ends it and forgets what was kept', () => {
  const { clips, views, start, frame, allow } = world();
  start('mse');
  frame(true);
  expect(clips.status()).toEqual({ cameras: 1, bytes: 100 });
  allow(false);
  clips.refresh();
  expect(views[0]?.left).toBe(true);
  expect(clips.status()).toEqual({ cameras: 0, bytes: 0 });
  expect(clips.newest('cam-1')).toBeUndefined();
  allow(true);
  clips.refresh();
  expect(views).toHaveLength(2);
});

test('a stream that breaks while it is filmed ends the film; one that was let go is asked for again', async () => {
  const { clips, views, films, start, frame } = world();
  start('mse');
  frame(true);
  clips.record('cam-1', 'a1');
  clips.record('cam-1', 'a2');
  vi.useFakeTimers();
  try {
    views[0]?.viewer.failed(problems.tooMany());
    vi.advanceTimersByTime(30_000);
    expect(views).toHaveLength(2);
    // tried again by itself: not asked for once more
    views[1]?.viewer.failed(problems.frozen('192.0.2.1'), 1_000);
    vi.advanceTimersByTime(60_000);
    expect(views).toHaveLength(2);
  } finally {
    vi.useRealTimers();
  }
  await vi.waitFor(() => expect(films).toHaveLength(1));
  // there is no ffmpeg to make it: said, and nothing breaks
  expect(films).toEqual([{ camera: 'cam-1', alarms: ['a1', 'a2'], film: undefined }]);
  clips.stop();
});

test('a film takes no more memory than twice its ring', async () => {
  const { clips, films, start, frame } = world();
  start('mse');
  frame(true);
  clips.record('cam-1', 'a1');
  for (let i = 0; i < 30; i++) frame(i % 5 === 0, 1_000);
  await vi.waitFor(() => expect(films).toHaveLength(1));
  expect(clips.status().bytes).toBeLessThanOrEqual(10_000);
  clips.stop();
});
