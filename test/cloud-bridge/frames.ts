import { verifyFrame } from '../../cloud-bridge/frame-chain.ts';
import type { ReceivedFrame } from '../../cloud-bridge/receiver/store.ts';
import { CHAIN_START, chainNext, digestOf } from '../../contract/chain.ts';
import type { Lane } from '../../contract/event.ts';
import type { Frame, Skip } from '../../contract/frame.ts';
import { uplinkPath } from '../../contract/uplink-topic.ts';
import type { MemoryOutbox } from '../support/memory-outbox.ts';

/** A frame over rows `from..to` of an outbox, as a correct sender makes it. */
export function frameOf(
  outbox: MemoryOutbox,
  lane: Lane,
  from: number,
  to: number,
  change: Partial<Frame> = {},
): Frame {
  const rows = outbox.rows(lane);
  const hash = (seq: number) => rows[seq - 1]?.hash ?? CHAIN_START;
  return {
    v: 1,
    recipient: 'province',
    ...outbox.origin,
    epoch: outbox.epoch,
    lane,
    from,
    to,
    prev: hash(from - 1),
    hash: hash(to),
    sentAt: new Date(0).toISOString(),
    events: rows.slice(from - 1, to).map(({ body }) => ({ b: body })),
    skips: [],
    ...change,
  };
}

/** The same, with `skipped` rows named instead of sent. */
export function frameWithSkip(
  outbox: MemoryOutbox,
  lane: Lane,
  from: number,
  to: number,
  skip: Omit<Skip, 'hash'>,
): Frame {
  const rows = outbox.rows(lane);
  const sent = rows.slice(from - 1, to).filter(({ seq }) => seq < skip.from || seq > skip.to);
  const hash = rows[skip.to - 1]!.hash;
  return frameOf(outbox, lane, from, to, {
    events: sent.map(({ body }) => ({ b: body })),
    skips: [{ ...skip, hash }],
  });
}

/** What a receiver hands its store for a frame that is right. */
export function received(frame: Frame): ReceivedFrame {
  const verified = verifyFrame(frame);
  if ('reason' in verified) throw new Error(verified.detail);
  const { school, gateway, region, epoch, lane, from, to, prev, hash } = frame;
  const path = uplinkPath(region, school, gateway);
  const arrival = { path, wire: Buffer.from(JSON.stringify(frame)), enrolled: false };
  return {
    ...arrival,
    school,
    gateway,
    region,
    epoch,
    lane,
    from,
    to,
    prev,
    hash,
    proven: true,
    ...verified,
  };
}

/** The chain over bodies from a known start. */
export function chainOver(bodies: readonly string[], from = 1, prev = CHAIN_START): string {
  let hash: Buffer = Buffer.from(prev, 'hex');
  for (const [i, body] of bodies.entries()) hash = chainNext(hash, from + i, digestOf(body));
  return hash.toString('hex');
}
