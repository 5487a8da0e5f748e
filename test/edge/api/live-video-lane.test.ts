import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { decodeVideoPiece } from '../../../contract/live-video-frame.ts';
import { VideoLane } from '../../../edge/api/live-video-lane.ts';

interface Sent {
  view: number;
  first: boolean;
  bytes: number;
  mark: number | undefined;
  taken: () => void;
}

let sent: Sent[];
let stalled: number[][];
let lane: VideoLane;

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  stalled = [];
  lane = new VideoLane({
    send: (frame, taken) => {
      const piece = decodeVideoPiece(frame.slice().buffer as ArrayBuffer);
      if (piece === undefined) throw new Error('no piece');
      sent.push({
        view: piece.view,
        first: piece.first,
        bytes: piece.bytes.length,
        mark: piece.bytes[0],
        taken,
      });
    },
    onStalled: (views) => stalled.push(views),
  });
});
afterEach(() => {
  lane.close();
  vi.useRealTimers();
});

const segment = (mark: number, bytes = 100) => Buffer.alloc(bytes, mark);
/** The network takes everything, one piece after the other. */
function drain(): void {
  for (let at = 0; at < sent.length; at += 1) sent[at]?.taken();
}

test('one piece is under way, however much waits: whatever is sent beside it comes before the rest', () => {
  lane.begin(7, segment(1));
  for (let n = 0; n < 10; n += 1) lane.push(7, segment(2, 200_000), n === 0);
  expect(sent).toHaveLength(1);
  sent[0]?.taken();
  expect(sent).toHaveLength(2);
  expect(Math.max(...sent.map(({ bytes }) => bytes))).toBeLessThanOrEqual(65_536);
  drain();
  expect(sent.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(2_000_100);
  expect(sent.filter(({ first }) => first)).toHaveLength(11);
  expect(lane.waitingBytes).toBe(0);
});

test('views of one connection take turns', () => {
  for (const view of [1, 2, 3]) lane.begin(view, Buffer.alloc(0));
  for (const view of [1, 2, 3]) lane.push(view, segment(view, 180_000), true);
  drain();
  expect(sent.map(({ view }) => view)).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3]);
});

test('what a slow viewer does not take is left out up to the next keyframe, and never kept beyond the bound', () => {
  lane.begin(1, Buffer.alloc(0));
  lane.push(1, segment(9, 100_000), true);
  for (let n = 0; n < 1_000; n += 1) {
    lane.push(1, segment(n % 200 === 199 ? 2 : 1, 100_000), n % 200 === 199);
    expect(lane.waitingBytes).toBeLessThanOrEqual(4_000_000);
  }
  expect(lane.dropped).toBeGreaterThan(900);
  drain();
  const firsts = sent.filter(({ first }) => first).map(({ mark }) => mark);
  // the segment that had begun is finished, then a keyframe
  expect(firsts[0]).toBe(9);
  expect(firsts[1]).toBe(2);
  expect(sent.filter(({ mark }) => mark === 9).reduce((sum, { bytes }) => sum + bytes, 0)).toBe(100_000);
});

test('a stream that begins anew leaves out what waited of the old one', () => {
  lane.begin(1, segment(1, 50_000));
  lane.push(1, segment(1, 50_000), true);
  lane.begin(1, segment(2));
  lane.push(1, segment(2), true);
  drain();
  expect(sent.map(({ mark }) => mark)).toEqual([1, 2, 2]);
});

test('a network that takes nothing for 10 s ends the views', () => {
  lane.begin(1, segment(1));
  lane.begin(2, segment(1));
  vi.advanceTimersByTime(9_999);
  expect(stalled).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(stalled).toEqual([[1, 2].sort()]);
  lane.push(1, segment(1), true);
  expect(sent).toHaveLength(1);
});

test('a view that ended gets nothing more', () => {
  lane.begin(1, Buffer.alloc(0));
  lane.push(1, segment(1, 90_000), true);
  lane.end(1);
  lane.push(1, segment(1), true);
  drain();
  expect(sent).toHaveLength(1);
});
