import type { Alarm, Delivery } from '../../contract/alarm.ts';
import type { Lane } from '../../contract/event.ts';
import type { Cursor, Outbox } from '../../contract/outbox.ts';
import type { AlarmBook } from '../alarms/book.ts';
import type { Raise } from '../alarms/delivery.ts';
import type { CursorMove } from '../journal/batch.ts';

/** Somebody who gets events. */
export interface Recipient {
  recipient: string;
  /** Does this recipient get rows of this type, severity and mode? */
  takes: (row: { type: string; severity: number; mode: string }) => boolean;
}

/** Key of the state that holds which rows were refused: a cursor counts them as had. */
export const REFUSED_KEY = 'refused';
/** Refused rows that are remembered; of more the newest. */
const REFUSED_MAX = 1_000;

/** Keeps each alarm's delivered mark true to what recipients have receipted (CONTRACT section 4). */
export class DeliveryMarks {
  readonly #book: AlarmBook;
  readonly #outbox: Pick<Outbox, 'cursor' | 'epoch'>;
  readonly #recipients: ReadonlyMap<string, Recipient>;
  readonly #clock: () => number;
  /** `recipient lane seq` of rows that a recipient refused. */
  readonly #rejected = new Set<string>();

  constructor(
    book: AlarmBook,
    outbox: Pick<Outbox, 'cursor' | 'epoch'>,
    recipients: readonly Recipient[],
    clock: () => number,
    refused?: string,
  ) {
    this.#book = book;
    this.#outbox = outbox;
    this.#recipients = new Map(recipients.map((one) => [one.recipient, one]));
    this.#clock = clock;
    for (const row of storedRefusals(refused, outbox.epoch)) this.#rejected.add(row);
    for (const one of recipients) this.#mark(one, undefined);
  }

  /** Which rows were refused, for the next start: its `refused`. */
  get refused(): string {
    return JSON.stringify({ epoch: this.#outbox.epoch, rows: [...this.#rejected].slice(-REFUSED_MAX) });
  }

  /** After a commit: the alarms whose mark changed, by its cursor moves or because they were triggered. */
  after(moves: readonly CursorMove[], alarms: readonly Alarm[]): Alarm[] {
    const touched = new Set(moves.map((move) => move.recipient));
    // what was triggered is marked pending with everybody; a filter may say otherwise
    const triggered = this.#book.takeUnasked(alarms);
    return [...this.#recipients.values()].flatMap((one) => {
      if (touched.has(one.recipient)) return this.#mark(one, this.#clock());
      return triggered.length === 0 ? [] : this.#mark(one, this.#clock(), triggered);
    });
  }

  /** A recipient refused a row: the alarms it raised count as not delivered, whatever a receipt said before. */
  rejected(recipient: string, lane: Lane, seq: number): Alarm[] {
    this.#rejected.add(`${recipient} ${lane} ${seq}`);
    const one = this.#recipients.get(recipient);
    if (one === undefined) return [];
    this.#book.recallDelivery(recipient, (raise) => raise.lane === lane && raise.seq === seq);
    return this.#mark(one, this.#clock());
  }

  /** The journal has a new epoch: what receipts said of the old one may have been said of rows that were lost. */
  renewed(): Alarm[] {
    this.#rejected.clear();
    return [...this.#recipients.values()].flatMap((one) => {
      this.#book.recallDelivery(one.recipient, () => true);
      return this.#mark(one, this.#clock());
    });
  }

  #mark({ recipient, takes }: Recipient, at: number | undefined, only?: readonly string[]): Alarm[] {
    const cursors = { a: this.#outbox.cursor(recipient, 'a'), e: this.#outbox.cursor(recipient, 'e') };
    const covers = (raise: Raise): Delivery['state'] | undefined => {
      const { lane, seq } = raise;
      if (!takes(raise)) return undefined;
      if (this.#rejected.has(`${recipient} ${lane} ${seq}`)) return 'failed';
      return has(cursors[lane], seq) ? 'receipted' : 'pending';
    };
    return this.#book.setDelivery(recipient, covers, at, only);
  }
}

function has({ ack, have }: Cursor, seq: number): boolean {
  return seq <= ack || have.some(([from, to]) => seq >= from && seq <= to);
}

/** Numbers mean something only within their epoch. */
function storedRefusals(stored: string | undefined, epoch: string): string[] {
  try {
    const found = JSON.parse(stored ?? 'null') as { epoch?: string; rows?: string[] } | null;
    return found?.epoch === epoch ? (found.rows ?? []) : [];
  } catch {
    return [];
  }
}
