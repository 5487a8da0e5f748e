import { describe, expect, it } from 'vitest';
import { absorb, addRange } from '../../../cloud-bridge/ranges.ts';
import { type LaneLimits, laneLimits } from '../../../cloud-bridge/uplink/lane-limits.ts';
import { LaneWindow, type Plan } from '../../../cloud-bridge/uplink/lane-window.ts';
import type { Lane } from '../../../contract/event.ts';
import type { Range, Receipt } from '../../../contract/frame.ts';

/** A window with a hand-driven clock. */
class Bench {
  now = 1_000_000;
  readonly window: LaneWindow;
  readonly #lane: Lane;

  constructor(
    lane: Lane,
    head: number,
    options: { limits?: Partial<LaneLimits>; ack?: number; have?: Array<[number, number]> } = {},
  ) {
    this.#lane = lane;
    const { limits, ack = 0, have = [] } = options;
    this.window = new LaneWindow({ ...laneLimits[lane], ...limits }, { ack, have }, head);
  }

  /** Sends everything the window gives now, as `from-to`; express frames carry a `!`. */
  send(): string[] {
    const frames: string[] = [];
    for (let plan = this.window.next(this.now); plan !== undefined; plan = this.window.next(this.now)) {
      this.window.sent(plan, plan.to, this.now);
      frames.push(this.name(plan));
    }
    return frames;
  }

  name(plan: Plan): string {
    return `${plan.from}-${plan.to}${plan.express ? '!' : ''}`;
  }

  receipt(part: Partial<Receipt>): ReturnType<LaneWindow['take']> {
    return this.window.take(
      {
        v: 1,
        recipient: 'province',
        epoch: 'e1',
        lane: this.#lane,
        ack: 0,
        have: [],
        missing: [],
        rejected: [],
        credit: 8,
        at: new Date(this.now).toISOString(),
        ...part,
      },
      this.now,
    );
  }

  pass(ms: number): this {
    this.now += ms;
    return this;
  }
}

describe('lane e', () => {
  it('starts with one frame and grows by one with each receipted frame, up to 8', () => {
    const bench = new Bench('e', 100_000);
    expect(bench.send()).toEqual(['1-500']);
    bench.receipt({ ack: 500 });
    expect(bench.send()).toEqual(['501-1000', '1001-1500']);
    bench.receipt({ ack: 1500 });
    expect(bench.send()).toHaveLength(4);
    bench.receipt({ ack: 3500 });
    expect(bench.send()).toHaveLength(8);
    bench.receipt({ ack: 7500 });
    expect(bench.send()).toHaveLength(8);
  });

  it('never has more frames in flight than the receiver gives credit for', () => {
    const bench = new Bench('e', 100_000, { limits: { startWindow: 8 } });
    expect(bench.send()).toHaveLength(8);
    bench.receipt({ ack: 4000, credit: 3 });
    expect(bench.send()).toHaveLength(3);
  });

  it('without credit asks with one frame per timer, and goes on when there is credit again', () => {
    const bench = new Bench('e', 100_000);
    bench.send();
    bench.receipt({ ack: 500, credit: 0 });
    expect(bench.send()).toEqual([]);
    expect(bench.window.nextAt(bench.now)).toBe(bench.now + 15_000);
    expect(bench.pass(15_000).send()).toEqual(['501-1000']);
    // The next timer is the frame's own, not one that has run out.
    expect(bench.window.nextAt(bench.now)).toBe(bench.now + 15_000);
    bench.receipt({ ack: 1000, credit: 2 });
    expect(bench.send()).toHaveLength(2);
  });

  it('sends again after 15 s, then 30 s, 60 s, up to 300 s, and not a moment before', () => {
    const bench = new Bench('e', 500);
    const waits: number[] = [];
    let last = bench.now;
    bench.send();
    for (let i = 0; i < 7; i++) {
      const at = bench.window.nextAt(bench.now);
      expect(bench.pass(at - bench.now - 1).send()).toEqual([]);
      bench.pass(1);
      expect(bench.send().length).toBeGreaterThan(0);
      waits.push((bench.now - last) / 1000);
      last = bench.now;
    }
    expect(waits).toEqual([15, 30, 60, 120, 240, 300, 300]);
  });

  it('lingers for more rows unless the frame is full or something older waits', () => {
    const bench = new Bench('e', 0);
    bench.window.appended(1, bench.now);
    expect(bench.send()).toEqual([]);
    expect(bench.window.nextAt(bench.now)).toBe(bench.now + 1_000);
    bench.pass(400);
    bench.window.appended(7, bench.now);
    expect(bench.send()).toEqual([]);
    expect(bench.pass(600).send()).toEqual(['1-7']);
    bench.receipt({ ack: 7 });
    bench.window.appended(600, bench.now);
    expect(bench.send()).toEqual(['8-507']);
  });

  it('continues at the cursor and leaves out the ranges that are had', () => {
    const bench = new Bench('e', 40, {
      ack: 10,
      have: [
        [13, 14],
        [20, 25],
      ],
      limits: { startWindow: 8, lingerMs: 0 },
    });
    expect(bench.send()).toEqual(['11-12', '15-19', '26-40']);
  });

  it('sends the rest of a frame that was cut short by its bytes', () => {
    const bench = new Bench('e', 500, { limits: { startWindow: 8 } });
    const plan = bench.window.next(bench.now)!;
    bench.window.sent(plan, 120, bench.now);
    expect(bench.send()).toEqual(['121-500']);
  });

  it('does not let a frame that never gets through hold up the others, and cuts it smaller', () => {
    const bench = new Bench('e', 5_000);
    const poison = 3;
    const sizes: number[] = [];
    let had = { ack: 0, have: [] as Range[] };
    for (let second = 0; second < 1_500; second++) {
      for (let plan = bench.window.next(bench.now); plan; plan = bench.window.next(bench.now)) {
        bench.window.sent(plan, plan.to, bench.now);
        if (plan.from <= poison && poison <= plan.to) sizes.push(plan.to - plan.from + 1);
        else had = absorb(had.ack, addRange(had.have, plan.from, plan.to));
      }
      bench.receipt(had);
      if (second === 60) expect(had.have.at(-1)?.[1]).toBe(5_000);
      bench.pass(1_000);
    }
    expect(had).toEqual({ ack: 2, have: [[4, 5_000]] });
    expect(sizes[0]).toBe(500);
    expect(sizes.at(-1)).toBe(1);
    expect(bench.window.cursor).toEqual(had);
  });
});

describe('lane a', () => {
  it('takes at most 5 events a frame, does not linger, sends again after 2 s', () => {
    const bench = new Bench('a', 0);
    bench.window.appended(1, bench.now);
    expect(bench.send()).toEqual(['1-1']);
    bench.receipt({ ack: 1 });
    bench.window.appended(13, bench.now);
    expect(bench.send()).toEqual(['2-6', '7-11', '12-13']);
    expect(bench.pass(1_999).send()).toEqual([]);
    expect(bench.pass(1).send()).toEqual(['2-6']);
  });

  it('sends a severity 1 at once, on its own, ahead of the cursor and beside a full window', () => {
    const bench = new Bench('a', 100);
    expect(bench.send()).toEqual(['1-5', '6-10']);
    bench.window.appended(101, bench.now);
    bench.window.urgent(101);
    expect(bench.send()).toEqual(['101-101!']);
    bench.receipt({ ack: 0, have: [[101, 101]] });
    bench.receipt({ ack: 10, have: [[101, 101]] });
    const rest: string[] = [];
    for (let ack = 10; ack < 101; ) {
      const frames = bench.send();
      rest.push(...frames);
      ack = Number(frames.at(-1)!.split('-')[1]);
      if (ack === 100) ack = 101;
      bench.receipt({ ack, have: ack < 101 ? [[101, 101]] : [] });
    }
    expect(rest.at(-1)).toBe('96-100');
    expect(bench.window.cursor).toEqual({ ack: 101, have: [] });
  });

  it('sends a severity 1 in the ordinary frame when it is next in order', () => {
    const bench = new Bench('a', 0);
    bench.window.appended(2, bench.now);
    bench.window.urgent(1);
    expect(bench.send()).toEqual(['1-2']);
  });

  it('repeats an express frame by its own timer, also after the connection was lost', () => {
    const bench = new Bench('a', 50);
    bench.send();
    bench.window.urgent(50);
    expect(bench.send()).toEqual(['50-50!']);
    expect(bench.pass(2_000).send()).toContain('50-50!');
    bench.window.disconnected();
    expect(bench.send()[0]).toBe('50-50!');
  });
});

describe('receipts', () => {
  it('move the cursor by the highest ack and the union of what is had, whatever their order', () => {
    const bench = new Bench('a', 60, { limits: { startWindow: 8 } });
    bench.send();
    bench.receipt({ ack: 20, have: [[26, 30]] });
    bench.receipt({
      ack: 5,
      have: [
        [8, 9],
        [31, 33],
      ],
    });
    expect(bench.window.cursor).toEqual({ ack: 20, have: [[26, 33]] });
    bench.receipt({ ack: 25 });
    expect(bench.window.cursor).toEqual({ ack: 33, have: [] });
  });

  it('bug: an ack beyond the head was cut to the head, so that rows counted as had that nobody sent', () => {
    const bench = new Bench('a', 10);
    bench.receipt({ ack: 4_000, have: [[5_000, 6_000]] });
    expect(bench.window.cursor).toEqual({ ack: 0, have: [] });
    expect(bench.send()).toEqual(['1-5', '6-10']);
    bench.receipt({ ack: 4_000 });
    expect(bench.window.cursor).toEqual({ ack: 10, have: [] });
  });

  it('bug: rows given the numbers of lost ones counted as had, because the receipt of the old ones covers them', () => {
    // the journal went back to 76, the province has 85, and 14 more rows came before the connection
    const bench = new Bench('a', 90, { ack: 76, limits: { maxWindow: 4, startWindow: 4 } });
    bench.receipt({ ack: 85 });
    expect(bench.window.cursor).toEqual({ ack: 76, have: [] });
    expect(bench.send()).toEqual(['77-81', '82-86', '87-90']);
    const conflict = { seq: 77, code: 'conflict' as const, detail: 'taken' };
    expect(bench.receipt({ ack: 90, rejected: [conflict] })).toEqual([conflict]);
  });

  it('say which number they know that was never given out', () => {
    const bench = new Bench('e', 500, { ack: 100 });
    const receipt = (part: Partial<Receipt>): Receipt => ({
      ...{ v: 1, recipient: 'province', epoch: 'e1', lane: 'e', ack: 0, have: [], missing: [] },
      ...{ rejected: [], credit: 8, at: new Date(bench.now).toISOString() },
      ...part,
    });
    const { window } = bench;
    expect(window.beyond(receipt({ ack: 500, have: [[499, 500]], missing: [[3, 4]] }))).toBeUndefined();
    expect(window.beyond(receipt({ ack: 501 }))).toBe(501);
    expect(window.beyond(receipt({ ack: 2, have: [[510, 520]] }))).toBe(520);
    expect(window.beyond(receipt({ missing: [[400, 700]] }))).toBe(700);
    // frames of somebody else may be named here: that shows nothing
    const foreign = { seq: 900, code: 'wrong-identity' as const, detail: '' };
    expect(window.beyond(receipt({ rejected: [foreign] }))).toBeUndefined();
    window.appended(700, bench.now);
    expect(window.beyond(receipt({ missing: [[400, 700]] }))).toBeUndefined();
  });

  it('with missing do not resend a frame younger than its timer, and do resend an older one', () => {
    const bench = new Bench('e', 1_000, { limits: { startWindow: 2 } });
    expect(bench.send()).toEqual(['1-500', '501-1000']);
    bench.pass(6_000);
    bench.receipt({ ack: 0, have: [[501, 1000]], missing: [[1, 500]] });
    expect(bench.send()).toEqual([]);
    expect(bench.pass(9_000).send()).toEqual(['1-500']);
    // The second timer is 30 s; named as missing the frame goes again after the first one's length.
    bench.pass(14_999);
    bench.receipt({ ack: 0, have: [[501, 1000]], missing: [[1, 500]] });
    expect(bench.send()).toEqual([]);
    bench.pass(1);
    bench.receipt({ ack: 0, have: [[501, 1000]], missing: [[1, 500]] });
    expect(bench.send()).toEqual(['1-500']);
  });

  it('that miss what was confirmed earlier (a province restored from a backup) have it sent again', () => {
    const bench = new Bench('e', 2_000, { ack: 1_500 });
    expect(bench.send()).toEqual(['1501-2000']);
    bench.receipt({ ack: 1_000, have: [[1501, 2000]], missing: [[1001, 1500]] });
    expect(bench.send()).toEqual(['1001-1500']);
    bench.receipt({ ack: 1_000, have: [[1501, 2000]], missing: [[1001, 1500]] });
    expect(bench.send()).toEqual([]);
    bench.receipt({ ack: 2_000 });
    expect(bench.pass(100_000).send()).toEqual([]);
    expect(bench.window.inFlight).toBe(0);
  });

  it('that were overtaken by a newer one bring nothing back', () => {
    const bench = new Bench('e', 1_000, { limits: { startWindow: 2 } });
    bench.send();
    const old = new Date(bench.now).toISOString();
    bench.pass(20_000);
    bench.receipt({ ack: 1_000 });
    bench.receipt({ at: old, ack: 0, have: [[501, 1000]], missing: [[1, 500]] });
    expect(bench.send()).toEqual([]);
  });

  it('with rejections count them as had and tell each once', () => {
    const bench = new Bench('a', 5);
    bench.send();
    const conflict = { seq: 3, code: 'conflict' as const, detail: 'x' };
    expect(bench.receipt({ ack: 2, have: [[4, 5]], rejected: [conflict] })).toEqual([conflict]);
    expect(bench.window.cursor).toEqual({ ack: 5, have: [] });
    expect(bench.receipt({ ack: 5, rejected: [conflict] })).toEqual([]);
    expect(bench.pass(60_000).send()).toEqual([]);
  });

  it('with a rejection that damage on the way may explain have the row sent once more, on its own', () => {
    const bench = new Bench('a', 5);
    bench.send();
    const damaged = [2, 3].map((seq) => ({ seq, code: 'bad-hash' as const, detail: 'x' }));
    expect(bench.receipt({ ack: 5, rejected: damaged })).toHaveLength(2);
    expect(bench.send()).toEqual(['2-2', '3-3']);
    expect(bench.receipt({ ack: 5, rejected: damaged })).toEqual([]);
    expect(bench.pass(60_000).send()).toEqual([]);
  });
});

describe('connections', () => {
  it('start slowly again, from the cursor, and send first what was in flight', () => {
    const bench = new Bench('e', 10_000, { limits: { startWindow: 4 } });
    bench.send();
    bench.receipt({ ack: 500 });
    bench.send();
    bench.window.disconnected();
    expect(bench.window.inFlight).toBe(0);
    expect(bench.send()).toEqual(['501-1000', '1001-1500', '1501-2000', '2001-2500']);
  });

  it('that break on every frame get smaller frames, so that one which the broker refuses stands alone', () => {
    const bench = new Bench('e', 500);
    const sizes: number[] = [];
    for (let i = 0; i < 12; i++) {
      const [frame] = bench.send();
      const [from = 0, to = 0] = frame!.split('-').map(Number);
      sizes.push(to - from + 1);
      bench.window.disconnected();
    }
    expect(sizes[0]).toBe(500);
    expect(sizes.at(-1)).toBe(1);
  });

  it('are silent since the last receipt while frames are out', () => {
    const bench = new Bench('e', 1_000);
    expect(bench.window.quietSince).toBeUndefined();
    bench.send();
    const sentAt = bench.now;
    bench.pass(15_000).send();
    expect(bench.window.quietSince).toBe(sentAt);
    bench.receipt({ ack: 500 });
    expect(bench.window.quietSince).toBeUndefined();
  });
});
