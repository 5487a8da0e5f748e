import type { Alarm, Delivery } from '../../contract/alarm.ts';
import type { Lane } from '../../contract/event.ts';
import type { Cursor, Outbox } from '../../contract/outbox.ts';
import type { AlarmBook } from '../alarms/book.ts';
import type { Raise } from '../alarms/delivery.ts';
import type { CursorMove } from '../journal/batch.ts';

/** Somebody who gets events. */
export interface Recipient {
  recipient: string;
  /** Does this recipient get rows of this type and severity? */
  takes: (row: { type: string; severity: number }) => boolean;
}

/** Keeps each alarm's delivered mark true to what recipients have receipted (CONTRACT section 4). */
export class DeliveryMarks {
  readonly #book: AlarmBook;
  readonly #outbox: Pick<Outbox, 'cursor'>;
  readonly #recipients: ReadonlyMap<string, Recipient>;
  readonly #clock: () => number;
  /** `recipient lane seq` of rows that a recipient refused. */
  readonly #rejected = new Set<string>();

  constructor(
    book: AlarmBook,
    outbox: Pick<Outbox, 'cursor'>,
    recipients: readonly Recipient[],
    clock: () => number,
  ) {
    this.#book = book;
    this.#outbox = outbox;
    this.#recipients = new Map(recipients.map((one) => [one.recipient, one]));
    this.#clock = clock;
    for (const one of recipients) this.#mark(one, undefined);
  }

  /** After a commit: the alarms whose mark changed, by its cursor moves or because they are new. */
  after(moves: readonly CursorMove[], alarms: readonly Alarm[]): Alarm[] {
    const touched = new Set(moves.map((move) => move.recipient));
    // a new alarm is marked pending with everybody; a filter may say otherwise
    const opened = alarms.some((alarm) => alarm.version === 1);
    const due = [...this.#recipients.values()].filter((one) => opened || touched.has(one.recipient));
    return due.flatMap((one) => this.#mark(one, this.#clock()));
  }

  /** A recipient refused a row: the alarms it raised count as not delivered. */
  rejected(recipient: string, lane: Lane, seq: number): Alarm[] {
    this.#rejected.add(`${recipient} ${lane} ${seq}`);
    const one = this.#recipients.get(recipient);
    return one === undefined ? [] : this.#mark(one, this.#clock());
  }

  #mark({ recipient, takes }: Recipient, at: number | undefined): Alarm[] {
    const cursors = { a: this.#outbox.cursor(recipient, 'a'), e: this.#outbox.cursor(recipient, 'e') };
    const covers = (raise: Raise): Delivery['state'] | undefined => {
      const { lane, seq } = raise;
      if (!takes(raise)) return undefined;
      if (this.#rejected.has(`${recipient} ${lane} ${seq}`)) return 'failed';
      return has(cursors[lane], seq) ? 'receipted' : 'pending';
    };
    return this.#book.setDelivery(recipient, covers, at);
  }
}

function has({ ack, have }: Cursor, seq: number): boolean {
  return seq <= ack || have.some(([from, to]) => seq >= from && seq <= to);
}
