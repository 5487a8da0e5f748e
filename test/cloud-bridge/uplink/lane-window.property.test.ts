import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { absorb, addRange, holesBetween } from '../../../cloud-bridge/ranges.ts';
import { laneLimits } from '../../../cloud-bridge/uplink/lane-limits.ts';
import { LaneWindow } from '../../../cloud-bridge/uplink/lane-window.ts';
import type { Lane } from '../../../contract/event.ts';
import type { Range, Receipt } from '../../../contract/frame.ts';

/** A receiver as the protocol describes it: stores each number once, tells what it has. */
class ModelReceiver {
  ack = 0;
  have: Range[] = [];
  readonly stored = new Map<number, number>();
  readonly #seenAt = new Map<number, number>();
  readonly #refuse: ReadonlySet<number>;

  constructor(refuse: ReadonlySet<number>) {
    this.#refuse = refuse;
  }

  take(from: number, to: number, lane: Lane, now: number, credit: number): Receipt {
    const rejected: Receipt['rejected'] = [];
    for (let seq = from; seq <= to; seq++) {
      if (this.#refuse.has(seq)) rejected.push({ seq, code: 'conflict', detail: '' });
      else this.stored.set(seq, (this.stored.get(seq) ?? 0) + 1);
    }
    ({ ack: this.ack, have: this.have } = absorb(this.ack, addRange(this.have, from, to)));
    const missing = holesBetween(this.ack, this.have).filter(([hole]) => {
      if (!this.#seenAt.has(hole)) this.#seenAt.set(hole, now);
      return now - this.#seenAt.get(hole)! > 5_000;
    });
    return {
      v: 1,
      recipient: 'province',
      epoch: 'e1',
      lane,
      ack: this.ack,
      have: this.have.slice(0, 64),
      missing: missing.slice(0, 64),
      rejected,
      credit,
      at: new Date(now).toISOString(),
    };
  }
}

const world = fc.record({
  lane: fc.constantFrom<Lane>('a', 'e'),
  /** Rows that appear, each batch with how long after the last one. */
  batches: fc.array(
    fc.record({ rows: fc.integer({ min: 1, max: 900 }), afterMs: fc.integer({ min: 0, max: 20_000 }) }),
    {
      minLength: 1,
      maxLength: 8,
    },
  ),
  /** Chances while the network is bad; drawn by `random`. */
  loss: fc.double({ min: 0, max: 0.7, noNaN: true }),
  copies: fc.double({ min: 0, max: 0.5, noNaN: true }),
  cut: fc.double({ min: 0, max: 0.5, noNaN: true }),
  breaks: fc.double({ min: 0, max: 0.05, noNaN: true }),
  delayMs: fc.integer({ min: 1, max: 40_000 }),
  badUntilMs: fc.integer({ min: 0, max: 300_000 }),
  refused: fc.array(fc.integer({ min: 1, max: 2_000 }), { maxLength: 4 }),
  urgent: fc.array(fc.integer({ min: 1, max: 2_000 }), { maxLength: 10 }),
  seed: fc.integer(),
});

function mulberry(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('the sender', () => {
  it('gets every row across exactly once, whatever is lost, copied, reordered or cut off', () => {
    fc.assert(
      fc.property(world, (w) => {
        const random = mulberry(w.seed);
        const limits = laneLimits[w.lane];
        const window = new LaneWindow(limits, { ack: 0, have: [] }, 0);
        const receiver = new ModelReceiver(new Set(w.refused));
        let now = 0;
        let head = 0;
        let frames = 0;
        const sentAt = new Map<number, number>();
        const events: Array<{ at: number; run: () => void }> = [];
        const later = (ms: number, run: () => void) => events.push({ at: now + ms, run });
        const bad = () => now < w.badUntilMs;
        const carry = (run: () => void) => {
          if (bad() && random() < w.loss) return;
          const copies = bad() && random() < w.copies ? 2 : 1;
          for (let i = 0; i < copies; i++) later(bad() ? random() * w.delayMs : 20, run);
        };
        const pump = () => {
          for (let plan = window.next(now); plan !== undefined; plan = window.next(now)) {
            frames += 1;
            const { from } = plan;
            const to = random() < w.cut ? from + Math.floor(random() * (plan.to - from + 1)) : plan.to;
            for (let seq = from; seq <= to; seq++) {
              const before = sentAt.get(seq);
              // A frame is never sent again while it is younger than its timer.
              if (before !== undefined && now - before < limits.firstResendMs)
                throw new Error(`${seq} sent twice within its timer`);
              sentAt.set(seq, now);
            }
            window.sent(plan, to, now);
            carry(() => {
              const receipt = receiver.take(from, to, w.lane, now, 1 + Math.floor(random() * 8));
              carry(() => {
                window.take(receipt, now);
                pump();
              });
            });
          }
          if (window.inFlight > limits.maxWindow + limits.maxExpress + 1)
            throw new Error(`${window.inFlight} in flight`);
        };
        let at = 0;
        for (const { rows, afterMs } of w.batches) {
          at += afterMs;
          events.push({
            at,
            run: () => {
              head += rows;
              window.appended(head, now);
              for (const seq of w.urgent)
                if (w.lane === 'a' && seq > head - rows && seq <= head) window.urgent(seq);
              pump();
            },
          });
        }
        for (let t = 1_000; t < w.badUntilMs; t += 1_000) {
          events.push({
            at: t,
            run: () => {
              if (random() >= w.breaks) return;
              window.disconnected();
              sentAt.clear();
              pump();
            },
          });
        }
        for (let steps = 0; steps < 50_000; steps++) {
          events.sort((a, b) => a.at - b.at);
          const due = events[0]?.at ?? Number.POSITIVE_INFINITY;
          const timer = window.nextAt(now);
          if (due === Number.POSITIVE_INFINITY && timer === Number.POSITIVE_INFINITY) break;
          now = Math.max(now, Math.min(due, timer));
          if (due <= timer) events.shift()!.run();
          pump();
        }
        expect(window.cursor).toEqual({ ack: head, have: [] });
        expect(window.inFlight).toBe(0);
        expect(receiver.ack).toBe(head);
        const refused = new Set(w.refused.filter((seq) => seq <= head));
        expect(receiver.stored.size).toBe(head - refused.size);
        for (const seq of refused) expect(receiver.stored.has(seq)).toBe(false);
        if (w.badUntilMs === 0) expect(Math.max(...receiver.stored.values(), 0)).toBeLessThanOrEqual(1);
        expect(frames).toBeLessThan(50_000);
      }),
      { numRuns: 300 },
    );
  });
});
