import type { Range } from '../../contract/frame.ts';
import { absorb, addRange, holesBetween } from '../ranges.ts';
import type { Hole, LaneKey, LaneState, LaneView } from './store.ts';

/** A lane with everything that its bookkeeping needs. */
export interface LaneRecord extends LaneView {
  /** End of the frame stored last: what the next one should continue. */
  tail: { seq: number; hash: string };
  headHash: string;
}

/** Ranges a lane may be in pieces; frames that would make more are not taken until holes are filled. */
const LANE_MAX_RANGES = 1024;

export function newLane({ school, gateway, epoch, lane }: LaneKey): LaneRecord {
  return {
    school,
    gateway,
    epoch,
    lane,
    ack: 0,
    have: [],
    holes: [],
    tail: { seq: 0, hash: '' },
    head: 0,
    headHash: '',
    stored: 0,
    duplicates: 0,
    skipped: 0,
    rejected: 0,
    conflicts: 0,
    chainBreaks: 0,
    updatedAt: 0,
  };
}

/** One text for a key; its parts cannot contain a slash. */
export function laneName({ school, gateway, epoch, lane }: LaneKey): string {
  return `${school}/${gateway}/${lane}/${epoch}`;
}

/** What a lane has, as ranges from 1. */
export function hadRanges({ ack, have }: LaneState): Range[] {
  return ack > 0 ? [[1, ack], ...have] : have;
}

/** The state after `from..to` arrived; undefined where that would leave too many pieces. Holes keep their age. */
export function withRange(state: LaneState, from: number, to: number, now: number): LaneState | undefined {
  const { ack, have } = absorb(state.ack, addRange(state.have, from, to));
  if (have.length > LANE_MAX_RANGES) return undefined;
  let known = 0;
  const holes = holesBetween(ack, have).map(([low, high]): Hole => {
    // Every hole is new or a part of one that was there; both lists are in order.
    while ((state.holes[known]?.to ?? Number.POSITIVE_INFINITY) < low) known += 1;
    const before = state.holes[known];
    return { from: low, to: high, since: before !== undefined && before.from <= low ? before.since : now };
  });
  return { ack, have, holes };
}
