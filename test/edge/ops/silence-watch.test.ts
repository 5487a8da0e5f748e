import { beforeEach, describe, expect, test } from 'vitest';
import { SilenceWatch, type Watched } from '../../../edge/ops/silence-watch.ts';

const HEARTBEAT = 60_000;

let watch: SilenceWatch;
let device: Watched;

beforeEach(() => {
  watch = new SilenceWatch();
  device = { id: 'smoke', heartbeatMs: HEARTBEAT, heardAt: undefined, reachable: true };
});

const at = (now: number, more: Partial<Watched> = {}) => {
  device = { ...device, ...more };
  return watch.tick(now, [device]).map(({ edge }) => edge);
};

describe('a device with a heartbeat', () => {
  test('is silent after it, once, and no longer when it speaks', () => {
    expect(at(0, { heardAt: 0 })).toEqual([]);
    expect(at(HEARTBEAT)).toEqual([]);
    expect(at(HEARTBEAT + 1)).toEqual(['raise']);
    expect(at(10 * HEARTBEAT)).toEqual([]);
    expect(at(10 * HEARTBEAT + 5, { heardAt: 10 * HEARTBEAT + 1 })).toEqual(['clear']);
    expect(at(11 * HEARTBEAT + 2)).toEqual(['raise']);
  });

  test('that was never heard has the whole heartbeat from the start on', () => {
    expect(at(1_000)).toEqual([]);
    expect(at(1_000 + HEARTBEAT)).toEqual([]);
    expect(at(1_001 + HEARTBEAT)).toEqual(['raise']);
  });

  test('behind a dead bridge is no news; afterwards it has the whole heartbeat again', () => {
    expect(at(0, { heardAt: 0 })).toEqual([]);
    expect(at(2 * HEARTBEAT, { reachable: false })).toEqual([]);
    expect(at(3 * HEARTBEAT, { reachable: true })).toEqual([]);
    expect(at(3 * HEARTBEAT + 1)).toEqual(['raise']);
  });

  test('that was silent when the gateway stopped is not raised again, and clears when it speaks', () => {
    watch.restore(['smoke']);
    expect(at(0)).toEqual([]);
    expect(at(2 * HEARTBEAT)).toEqual([]);
    expect(at(2 * HEARTBEAT + 9, { heardAt: 2 * HEARTBEAT + 5 })).toEqual(['clear']);
  });

  test('a bridge that returns clears nothing: the device itself has to speak', () => {
    expect(at(0, { heardAt: 0 })).toEqual([]);
    expect(at(HEARTBEAT + 1)).toEqual(['raise']);
    expect(at(HEARTBEAT + 2, { reachable: false })).toEqual([]);
    expect(at(HEARTBEAT + 3, { reachable: true })).toEqual([]);
    expect(at(HEARTBEAT + 9, { heardAt: HEARTBEAT + 8 })).toEqual(['clear']);
  });

  test('that is removed is forgotten', () => {
    expect(at(0, { heardAt: 0 })).toEqual([]);
    expect(watch.tick(HEARTBEAT, [])).toEqual([]);
    expect(at(2 * HEARTBEAT, { heardAt: undefined })).toEqual([]);
  });
});
