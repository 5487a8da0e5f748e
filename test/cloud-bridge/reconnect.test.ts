import { describe, expect, it } from 'vitest';
import { Reconnect, reconnectLimits } from '../../cloud-bridge/reconnect.ts';

const longest = () => 1;

describe('reconnection', () => {
  it('starts at once, then waits within a span that doubles to 300 s', () => {
    const reconnect = new Reconnect(reconnectLimits, longest);
    const spans = [reconnect.delay(false)];
    for (let i = 0; i < 5; i++) {
      reconnect.failed(false);
      spans.push(reconnect.delay(false));
    }
    expect(spans).toEqual([1_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
  });

  it('has full jitter: any wait from 0 to the span', () => {
    const shortest = new Reconnect(reconnectLimits, () => 0);
    shortest.failed(false);
    expect(shortest.delay(false)).toBe(0);
    const waits = new Set<number>();
    const random = new Reconnect(reconnectLimits, Math.random);
    random.lost();
    for (let i = 0; i < 50; i++) waits.add(random.delay(false));
    expect(waits.size).toBe(50);
    expect(Math.max(...waits)).toBeLessThanOrEqual(60_000);
  });

  it('is quick for an open severity 1, but only at the first attempt after a loss', () => {
    const reconnect = new Reconnect(reconnectLimits, longest);
    reconnect.lost();
    expect(reconnect.delay(true)).toBe(2_000);
    reconnect.failed(false);
    expect(reconnect.delay(true)).toBe(120_000);
    reconnect.lost();
    expect(reconnect.delay(true)).toBe(2_000);
  });

  it('tries every 2 to 10 s while a severity 1 has no receipt (a panic took 2 min after an outage)', () => {
    for (const [random, later] of [
      [() => 0, 2_000],
      [longest, 10_000],
    ] as const) {
      const reconnect = new Reconnect(reconnectLimits, random);
      reconnect.lost();
      expect(reconnect.delay(true, true)).toBe(random() * 2_000);
      for (let i = 0; i < 20; i++) {
        reconnect.failed(false);
        expect(reconnect.delay(true, true)).toBe(later);
      }
      expect(reconnect.earlyDelay(true)).toBe(later);
      reconnect.failed(true);
      expect(reconnect.delay(true, true)).toBe(random() * 300_000);
    }
  });

  it('honours a broker that says it is busy, severity 1 or not', () => {
    const reconnect = new Reconnect(reconnectLimits, longest);
    reconnect.failed(true);
    expect(reconnect.delay(true)).toBe(60_000);
    expect(reconnect.earlyDelay()).toBe(Number.POSITIVE_INFINITY);
    reconnect.failed(false);
    expect(reconnect.earlyDelay()).toBe(2_000);
  });
});
