import { afterEach, describe, expect, it } from 'vitest';
import { decodeFrame } from '../../../cloud-bridge/frame-codec.ts';
import { LinkError } from '../../../cloud-bridge/mqtt-link.ts';
import type { UplinkStatus } from '../../../cloud-bridge/uplink/status.ts';
import type { Transport, TransportEvents } from '../../../cloud-bridge/uplink/transport.ts';
import { Uplink, type UplinkOptions } from '../../../cloud-bridge/uplink/uplink.ts';
import type { Lane } from '../../../contract/event.ts';
import type { Frame, Receipt } from '../../../contract/frame.ts';
import type { GatewayState } from '../../../contract/gateway-state.ts';
import { waitFor } from '../../simulators/wait.ts';
import { MemoryOutbox } from '../../support/memory-outbox.ts';
import { quiet } from '../bridge-world.ts';

/** A recipient in memory: it records what arrives and answers when the test says so. */
class FakeRecipient implements Transport {
  readonly frames: Frame[] = [];
  readonly states: GatewayState[] = [];
  readonly wills: GatewayState[] = [];
  readonly attempts: number[] = [];
  /** Why the next attempts fail. */
  refuse: Error | undefined;
  hang = false;
  closed = 0;
  #events: TransportEvents | undefined;

  async connect(gone: GatewayState, events: TransportEvents, signal: AbortSignal) {
    this.attempts.push(performance.now());
    if (this.hang)
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
    if (this.refuse !== undefined) throw this.refuse;
    this.wills.push(gone);
    this.#events = events;
    return {
      protocol: 'memory',
      maxFrameBytes: 256 * 1024,
      sendFrame: async (_: Lane, wire: Buffer) => {
        this.frames.push(await decodeFrame(wire));
      },
      sendState: async (state: GatewayState) => {
        this.states.push(state);
      },
      close: async () => {
        this.closed += 1;
      },
      abandon: () => {},
    };
  }

  lose(): void {
    this.#events?.closed(new Error('cable pulled'));
  }

  answer(receipt: Partial<Receipt> | string): void {
    const text = typeof receipt === 'string' ? receipt : JSON.stringify(receipt);
    this.#events?.receipt(Buffer.from(text));
  }
}

const stops: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

function start(outbox: MemoryOutbox, options: Partial<UplinkOptions> = {}, now = true) {
  const recipient = new FakeRecipient();
  const statuses: UplinkStatus[] = [];
  const uplink = new Uplink({
    config: { recipient: 'province', url: 'mqtt://province', ...outbox.origin, name: '示例大学' },
    outbox,
    logger: quiet,
    boot: 'boot',
    software: 's/1',
    health: () => ({ holdHours: 12, clock: 'holdover', calendar: '2026' }),
    transport: recipient,
    onStatus: (status) => statuses.push(status),
    reconnect: { startMs: 0, firstMs: 20, maxMs: 40, urgentMs: 5 },
    lanes: { e: { lingerMs: 0 } },
    timing: { statusMs: 20, byeMs: 100 },
    ...options,
  });
  stops.push(() => uplink.stop());
  if (now) uplink.start();
  const receipt = (change: Partial<Receipt>): Receipt => ({
    v: 1,
    recipient: 'province',
    epoch: outbox.epoch,
    lane: 'e',
    ack: 0,
    have: [],
    missing: [],
    rejected: [],
    credit: 8,
    at: new Date().toISOString(),
    ...change,
  });
  return { uplink, recipient, statuses, receipt };
}

const outboxOf = (...counts: Array<[string, number]>) => {
  const outbox = new MemoryOutbox();
  for (const [type, count] of counts)
    outbox.append(...Array.from({ length: count }, () => ({ type, edge: 'raise' as const })));
  return outbox;
};
const ranges = (frames: readonly Frame[], lane: Lane) =>
  frames.filter((f) => f.lane === lane).map(({ from, to }) => `${from}-${to}`);

describe('receipts', () => {
  it('of another recipient or epoch, and noise, are ignored and counted', async () => {
    const { uplink, recipient, receipt } = start(outboxOf(['DEV.ONLINE', 3]));
    await waitFor('the frame', () => recipient.frames.length === 1);
    recipient.answer(receipt({ ack: 3, recipient: 'county' }));
    recipient.answer(receipt({ ack: 3, epoch: 'other' }));
    recipient.answer('{"ack":');
    recipient.answer({ ...receipt({ ack: 3 }), ack: -1 });
    expect(uplink.status()).toMatchObject({
      lanes: { e: { ack: 0, head: 3, inFlight: 1 } },
      counters: { receipts: 0, receiptsIgnored: 4 },
    });
    recipient.answer(receipt({ ack: 3 }));
    expect(uplink.status()).toMatchObject({
      lanes: { e: { ack: 3, inFlight: 0, oldestS: 0 } },
      counters: { receipts: 1 },
    });
  });

  it('that reject tell once for each row, and the row can be sent again', async () => {
    const told: unknown[] = [];
    const outbox = outboxOf(['EMG.PANIC', 1]);
    const { uplink, recipient, receipt } = start(outbox, { onRejected: (...what) => told.push(what) });
    await waitFor('the frame', () => recipient.frames.length === 1);
    const rejecting = receipt({
      lane: 'a',
      ack: 1,
      rejected: [{ seq: 1, code: 'conflict', detail: 'taken' }],
    });
    recipient.answer(rejecting);
    recipient.answer(rejecting);
    expect(told).toEqual([['a', 1, 'conflict', 'taken']]);
    expect(uplink.status()).toMatchObject({ lanes: { a: { ack: 1 } }, counters: { rejected: 1 } });
    uplink.resend('a', 1);
    await waitFor('the row again', () => recipient.frames.length === 2);
    expect(ranges(recipient.frames, 'a')).toEqual(['1-1', '1-1']);
  });

  it('move the cursor on disk, the newest one last, and are all there after a stop', async () => {
    const outbox = outboxOf(['DEV.ONLINE', 100]);
    const { uplink, recipient, receipt } = start(outbox, {
      lanes: { e: { maxEvents: 1, lingerMs: 0, startWindow: 8 } },
    });
    await waitFor('frames', () => recipient.frames.length === 8);
    for (let ack = 1; ack <= 8; ack++) recipient.answer(receipt({ ack }));
    await waitFor('the next frames', () => recipient.frames.length >= 12);
    recipient.answer(receipt({ ack: 8, have: [[11, 12]] }));
    await uplink.stop();
    expect(outbox.cursor('province', 'e')).toEqual({ ack: 8, have: [[11, 12]] });
    expect(outbox.moves.length).toBeLessThan(9);
  });
});

describe('a journal that lost its newest rows', () => {
  it('bug: went on under the old epoch; now a contradiction is told and a new epoch starts from the first row', async () => {
    const told: unknown[] = [];
    const outbox = outboxOf(['DEV.ONLINE', 5]);
    const { uplink, recipient, receipt } = start(outbox, {
      onContradiction: (contradiction) => {
        told.push(contradiction);
        outbox.renew();
      },
    });
    const old = outbox.epoch;
    await waitFor('the frame', () => recipient.frames.length === 1);
    recipient.answer(receipt({ ack: 9 }));
    expect(told).toEqual([{ lane: 'e', head: 5, known: 9 }]);
    await waitFor('the rows again', () => recipient.frames.length === 2);
    expect(recipient.frames.map(({ epoch, from, to }) => [epoch, from, to])).toEqual([
      [old, 1, 5],
      [outbox.epoch, 1, 5],
    ]);
    expect(recipient.states.at(-1)).toMatchObject({ k: 'hello', epoch: outbox.epoch, predecessor: old });
    // what the old one said counts no more
    recipient.answer(receipt({ ack: 5, epoch: old }));
    expect(uplink.status().lanes.e.ack).toBe(0);
    recipient.answer(receipt({ ack: 5 }));
    expect(uplink.status().lanes.e.ack).toBe(5);
    await waitFor('the cursor of the new epoch', () => outbox.cursor('province', 'e').ack === 5);
    expect(recipient.attempts).toHaveLength(1);
  });

  it('a row that the recipient has in another form is a contradiction; one it refuses for its bytes is none', async () => {
    const told: unknown[] = [];
    const outbox = outboxOf(['DEV.ONLINE', 5]);
    const { recipient, receipt } = start(outbox, { onContradiction: (found) => told.push(found) });
    await waitFor('the frame', () => recipient.frames.length === 1);
    recipient.answer(receipt({ ack: 5, rejected: [{ seq: 2, code: 'bad-hash', detail: '' }] }));
    expect(told).toEqual([]);
    recipient.answer(receipt({ ack: 5, rejected: [{ seq: 3, code: 'conflict', detail: '' }] }));
    expect(told).toEqual([{ lane: 'e', head: 5, known: 3 }]);
  });

  it('a connection that was being made says hello under the new epoch before the first frame', async () => {
    const outbox = outboxOf(['DEV.ONLINE', 5]);
    const { recipient } = start(outbox);
    outbox.renew();
    await waitFor('the frame', () => recipient.frames.length === 1);
    expect(recipient.frames[0]?.epoch).toBe(outbox.epoch);
    expect(recipient.states.findLast(({ k }) => k === 'hello')).toMatchObject({ epoch: outbox.epoch });
  });
});

describe('connections', () => {
  it('begin with a hello, then frames, and have a will of their own', async () => {
    const outbox = outboxOf(['DEV.ONLINE', 1]);
    const { recipient, uplink, receipt } = start(outbox);
    await waitFor('the frame', () => recipient.frames.length === 1);
    expect(recipient.states).toMatchObject([
      { k: 'hello', boot: 'boot', epoch: outbox.epoch, software: 's/1', schema: 1, gateway: 'gw-01' },
    ]);
    expect(recipient.wills).toEqual([{ k: 'gone', boot: 'boot' }]);
    recipient.answer(receipt({ ack: 1 }));
    recipient.lose();
    await waitFor('the second hello', () => recipient.states.length === 2);
    // Else the late will of the first connection would say gone for the second.
    expect(recipient.states[1]).toMatchObject({ boot: 'boot.2' });
    expect(recipient.wills[1]).toEqual({ k: 'gone', boot: 'boot.2' });
    await waitFor('up', () => uplink.status().state === 'up');
  });

  it('tell by heartbeat where both lanes end and what waits', async () => {
    const outbox = outboxOf(['DEV.ONLINE', 3], ['FIR.FAULT', 1]);
    const { recipient } = start(outbox, { timing: { heartbeatMs: 60, statusMs: 10 } });
    const beat = await waitFor('a heartbeat', () => recipient.states.find(({ k }) => k === 'hb'));
    const [a, e] = [outbox.head('a'), outbox.head('e')];
    expect(beat).toMatchObject({
      boot: 'boot',
      epoch: outbox.epoch,
      lanes: { a: { seq: a.seq, head: a.hash }, e: { seq: e.seq, head: e.hash } },
      outbox: { a: { n: a.seq }, e: { n: e.seq } },
      holdHours: 12,
      clock: 'holdover',
      calendar: '2026',
    });
  });

  it('end with a goodbye and leave nothing running', async () => {
    const { uplink, recipient } = start(outboxOf());
    await waitFor('up', () => uplink.status().state === 'up');
    await uplink.stop({ untilAt: '2027-01-01T00:00:00.000Z' });
    expect(recipient.states.at(-1)).toEqual({
      k: 'bye',
      boot: 'boot',
      planned: true,
      untilAt: '2027-01-01T00:00:00.000Z',
    });
    expect(recipient.closed).toBe(1);
    expect(uplink.status()).toMatchObject({ state: 'down', reason: 'stopped' });
  });

  it('can be stopped while one is being made', async () => {
    const { uplink, recipient } = start(outboxOf());
    recipient.hang = true;
    await waitFor('an attempt', () => recipient.attempts.length > 0);
    await uplink.stop();
    expect(uplink.status().state).toBe('down');
  });

  it('that cannot be made say why, and are tried again', async () => {
    const outbox = outboxOf();
    const recipient = new FakeRecipient();
    recipient.refuse = new LinkError('tls', 'TLS failed: check ca_file');
    const { uplink, statuses } = start(outbox, { transport: recipient });
    await waitFor('two attempts', () => recipient.attempts.length >= 2);
    expect(statuses.at(-1)).toMatchObject({
      state: 'down',
      reason: 'cannot connect to mqtt://province: TLS failed: check ca_file',
    });
    recipient.refuse = undefined;
    await waitFor('up', () => uplink.status().state === 'up');
    expect(uplink.status().counters.connectFailures).toBeGreaterThanOrEqual(2);
  });

  it('are tried early for a severity 1, but not again and again', async () => {
    const outbox = outboxOf();
    const recipient = new FakeRecipient();
    recipient.refuse = new Error('away');
    const { uplink } = start(outbox, {
      transport: recipient,
      reconnect: { startMs: 0, firstMs: 60_000, maxMs: 60_000, urgentMs: 30 },
      random: () => 0.9,
    });
    await waitFor('the first attempt', () => uplink.status().counters.connectFailures === 1);
    outbox.append({ type: 'EMG.PANIC', edge: 'pulse' });
    await waitFor('the early attempt', () => recipient.attempts.length === 2, 2_000);
    await waitFor('its failure', () => uplink.status().counters.connectFailures === 2);
    outbox.append({ type: 'EMG.PANIC', edge: 'pulse' });
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(recipient.attempts).toHaveLength(2);
  });
});

describe('connections, while a severity 1 has no receipt', () => {
  const hurried = () => {
    const outbox = outboxOf();
    const recipient = new FakeRecipient();
    recipient.refuse = new Error('away');
    let now = Date.now();
    const started = start(outbox, {
      transport: recipient,
      reconnect: { startMs: 0, firstMs: 60_000, maxMs: 60_000, urgentMs: 10, urgentMaxMs: 30 },
      random: () => 0.9,
      clock: () => now,
    });
    return { ...started, outbox, recipient, pass: (ms: number) => (now += ms) };
  };

  it('are tried again soon until the broker is back, not after minutes', async () => {
    const { outbox, recipient, uplink, receipt } = hurried();
    await waitFor('the first attempt', () => uplink.status().counters.connectFailures === 1);
    outbox.append({ type: 'EMG.PANIC', edge: 'pulse' });
    await waitFor('many attempts', () => recipient.attempts.length >= 6, 5_000);
    recipient.refuse = undefined;
    await waitFor('the panic', () => ranges(recipient.frames, 'a').includes('1-1'), 5_000);
    recipient.answer(receipt({ lane: 'a', ack: 1 }));
    expect(uplink.status().lanes.a.ack).toBe(1);
    // Receipted, it hurries nobody any more.
    recipient.refuse = new Error('away');
    recipient.lose();
    const { length } = recipient.attempts;
    await waitFor('down', () => uplink.status().state === 'down');
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(recipient.attempts).toHaveLength(length);
  });

  it('are quick no longer when it is older than 5 minutes', async () => {
    const { outbox, recipient, uplink, pass } = hurried();
    await waitFor('the first attempt', () => uplink.status().counters.connectFailures === 1);
    outbox.append({ type: 'EMG.PANIC', edge: 'pulse' });
    await waitFor('attempts', () => recipient.attempts.length >= 3, 5_000);
    pass(300_001);
    const { length } = recipient.attempts;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(recipient.attempts.length).toBeLessThanOrEqual(length + 1);
  });
});

describe('status', () => {
  it('is down while nothing is receipted, and up again with a receipt', async () => {
    const { uplink, recipient, statuses, receipt } = start(outboxOf(['DEV.ONLINE', 2]), {
      timing: { statusMs: 10, stalledMs: 60, livenessMs: 60_000 },
    });
    await waitFor('up', () => uplink.status().state === 'up');
    await waitFor('down', () => uplink.status().state === 'down');
    expect(uplink.status()).toMatchObject({
      protocol: 'memory',
      reason: expect.stringMatching(/no receipt for .* is the receiver running/),
    });
    recipient.answer(receipt({ ack: 2 }));
    await waitFor('up again', () => uplink.status().state === 'up');
    expect(statuses.map(({ state }) => state)).toContain('down');
    expect(uplink.status().reason).toBeUndefined();
  });

  it('knows how old the oldest row without a receipt is, connected or not', async () => {
    const outbox = new MemoryOutbox();
    outbox.append({ at: Date.now() - 90_000 }, { at: Date.now() - 10_000 });
    const recipient = new FakeRecipient();
    recipient.refuse = new Error('away');
    const { uplink, receipt } = start(outbox, { transport: recipient });
    await waitFor('the age', () => uplink.status().lanes.e.oldestS >= 90);
    recipient.refuse = undefined;
    await waitFor('the frame', () => recipient.frames.length > 0);
    recipient.answer(receipt({ ack: 1 }));
    await waitFor('the younger age', () => uplink.status().lanes.e.oldestS < 60);
    expect(uplink.status().lanes.e.oldestS).toBeGreaterThanOrEqual(10);
  });
});

describe('severity 1', () => {
  it('left behind by an earlier run goes ahead of what else it left', async () => {
    const outbox = outboxOf(['FIR.FAULT', 100], ['EMG.PANIC', 1], ['FIR.FAULT', 50]);
    const { recipient } = start(outbox);
    await waitFor('the panic', () => ranges(recipient.frames, 'a').includes('101-101'));
    expect(
      Math.max(
        ...recipient.frames.filter(({ lane, from }) => lane === 'a' && from < 101).map(({ to }) => to),
      ),
    ).toBeLessThan(60);
  });
});

describe('rows', () => {
  it('stored between the making of an uplink and its start are sent', async () => {
    const outbox = outboxOf();
    const recipient = new FakeRecipient();
    const { uplink } = start(outbox, { transport: recipient, lanes: { e: { lingerMs: 0 } } }, false);
    outbox.append({}, {});
    uplink.start();
    await waitFor('both', () => recipient.frames.some(({ to }) => to === 2));
  });

  it('that fit in no frame are told once, however often their place is sent', async () => {
    const told: unknown[] = [];
    const outbox = new MemoryOutbox();
    const noise = Buffer.from(Array.from({ length: 300_000 }, () => Math.random() * 256)).toString('base64');
    outbox.append({ data: { noise } });
    const { recipient } = start(outbox, {
      lanes: { e: { lingerMs: 0, firstResendMs: 30, maxResendMs: 30 } },
      onRejected: (...what) => told.push(what.slice(0, 3)),
    });
    await waitFor('resends', () => recipient.frames.length >= 3);
    expect(told).toEqual([['e', 1, 'too-large']]);
  });
});

describe('a stop', () => {
  it('does not wait for a disk that fails', async () => {
    const outbox = outboxOf(['DEV.ONLINE', 2]);
    outbox.advance = () => new Promise(() => {});
    const { uplink, recipient, receipt } = start(outbox);
    await waitFor('the frame', () => recipient.frames.length === 1);
    recipient.answer(receipt({ ack: 2 }));
    await uplink.stop();
    expect(uplink.status().state).toBe('down');
  });
});

describe('a journal that cannot be read', () => {
  it('stops nothing for good', async () => {
    const outbox = outboxOf(['DEV.ONLINE', 5]);
    outbox.readError = new Error('disk I/O error');
    const { uplink, recipient } = start(outbox);
    await waitFor('up', () => uplink.status().state === 'up');
    outbox.readError = undefined;
    await waitFor('the frame', () => recipient.frames.length === 1);
    expect(ranges(recipient.frames, 'e')).toEqual(['1-5']);
  });
});
