import { FRAME_VERSION, RECEIPT_MAX_RANGES, type Receipt } from '../../contract/frame.ts';
import type { Hole, LaneKey, LaneState, StoredRejection } from './store.ts';

/** Only holes older than this are named as missing: younger ones are frames on their way. */
export const MISSING_AFTER_MS = 5_000;
/** A lost receipt must not lose the news of a rejection: it is repeated in the lane's receipts this long. */
const REPEAT_REJECTIONS_MS = 60_000;
const REPEAT_REJECTIONS_MAX = 64;

/** Receipts of one receiver, with the rejections of the last minute. */
export class Receipts {
  readonly #recipient: string;
  readonly #recent = new Map<string, Array<StoredRejection & { at: number }>>();

  constructor(recipient: string) {
    this.#recipient = recipient;
  }

  /** What to send for a lane after a commit. `name` identifies the lane; `now`: milliseconds since 1970. */
  compose(
    key: Pick<LaneKey, 'epoch' | 'lane'>,
    name: string,
    state: LaneState,
    rejected: readonly StoredRejection[],
    credit: number,
    now: number,
  ): Receipt {
    return {
      v: FRAME_VERSION,
      recipient: this.#recipient,
      epoch: key.epoch,
      lane: key.lane,
      ack: state.ack,
      have: state.have.slice(0, RECEIPT_MAX_RANGES),
      missing: missingAt(state.holes, now),
      rejected: this.#remember(name, rejected, now),
      credit,
      at: new Date(now).toISOString(),
    };
  }

  #remember(name: string, rejected: readonly StoredRejection[], now: number): StoredRejection[] {
    const known = this.#recent.get(name)?.filter(({ at }) => now - at < REPEAT_REJECTIONS_MS) ?? [];
    const news = new Set(rejected.map(({ seq }) => seq));
    const repeated = known.filter(({ seq }) => !news.has(seq)).slice(-REPEAT_REJECTIONS_MAX);
    const all = [...repeated, ...rejected.map((rejection) => ({ ...rejection, at: now }))];
    if (all.length === 0) this.#recent.delete(name);
    else this.#recent.set(name, all);
    return all.map(({ seq, code, detail }) => ({ seq, code, detail }));
  }
}

/** Holes that may be asked for. */
export function missingAt(holes: readonly Hole[], now: number): Receipt['missing'] {
  return holes
    .filter(({ since }) => now - since > MISSING_AFTER_MS)
    .slice(0, RECEIPT_MAX_RANGES)
    .map(({ from, to }) => [from, to]);
}
