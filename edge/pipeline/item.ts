import type { EventDraft } from '../../contract/event.ts';
import { eventType } from '../../contract/event-type.ts';
import type { RawMessage } from '../../contract/raw-message.ts';
import type { DeviceState } from '../../device-profiles/normalise.ts';
import type { Outcome } from '../adapters/adapter.ts';
import type { RetainedMessage } from '../journal/batch.ts';
import type { Batch } from './batch-builder.ts';
import type { LiveDevice } from './devices.ts';
import type { Queued } from './fair-queue.ts';

/** One device's share of a message: its events and the state after it. */
export interface Share {
  live: LiveDevice;
  drafts: EventDraft[];
  /** Set when the message changed the device's state. */
  state: DeviceState | undefined;
  /** Set when the device was heard through another adapter than before. */
  adapter: string | undefined;
}

/** What waits for a batch: a normalised message, or something the gateway or a person wants done. */
export interface Item extends Queued {
  /** Everything it causes travels in lane `a`: it is on disk as soon as that lane is. */
  readonly alarmsOnly: boolean;
  /** Adds its rows; runs once, when the batch is sealed. */
  seal(batch: Batch): void;
  /** Everything it caused is on disk. */
  stored(): void;
  /** The gateway stopped before it could be stored. */
  abandoned(reason: Error): void;
}

const nothing: readonly Share[] = [];

/** Does this event travel in lane `a`? */
export function isUrgent(draft: EventDraft): boolean {
  return eventType(draft.type)?.lane === 'a';
}

/** A normalised message on its way to the journal. */
export class MessageItem implements Item {
  readonly urgent: boolean;
  readonly alarmsOnly: boolean;
  readonly weight: number;
  #shares: readonly Share[];
  #raw: RawMessage | undefined;
  readonly #retained: RetainedMessage | undefined;
  readonly #outcome: Outcome;
  readonly #resolve: (outcome: Outcome) => void;
  readonly #reject: (error: Error) => void;

  constructor(message: {
    shares: Share[];
    raw: RawMessage;
    retained: RetainedMessage | undefined;
    outcome: Outcome;
    resolve: (outcome: Outcome) => void;
    reject: (error: Error) => void;
  }) {
    let rows = 0;
    let urgent = 0;
    for (const { drafts } of message.shares) {
      rows += drafts.length;
      for (const draft of drafts) if (isUrgent(draft)) urgent++;
    }
    this.urgent = urgent > 0;
    this.alarmsOnly = urgent > 0 && urgent === rows && message.retained === undefined;
    this.weight = rows;
    this.#shares = message.shares;
    this.#raw = message.raw;
    this.#retained = message.retained;
    this.#outcome = message.outcome;
    this.#resolve = message.resolve;
    this.#reject = message.reject;
  }

  seal(batch: Batch): void {
    for (const share of this.#shares) {
      share.live.waiting--;
      batch.addDevice(share, this.#raw as RawMessage);
    }
    // what is sealed needs no memory while the commit is under way
    this.#shares = nothing;
    this.#raw = undefined;
    if (this.#retained !== undefined) batch.addRetained(this.#retained);
  }

  stored(): void {
    this.#resolve(this.#outcome);
  }

  abandoned(reason: Error): void {
    this.#reject(reason);
  }
}

/** Anything else that must become true with a commit: an operator's action, the gateway's own events. */
export class TaskItem implements Item {
  readonly urgent: boolean;
  readonly alarmsOnly: boolean;
  readonly weight = 1;
  readonly #run: (batch: Batch) => void;
  readonly #stored: () => void;
  readonly #abandoned: (reason: Error) => void;

  /** `alarmsOnly`: it causes rows of lane `a` and of no other. */
  constructor(
    urgent: boolean,
    run: (batch: Batch) => void,
    stored: () => void,
    abandoned: (reason: Error) => void = () => undefined,
    alarmsOnly: boolean = urgent,
  ) {
    this.urgent = urgent;
    this.alarmsOnly = alarmsOnly;
    this.#run = run;
    this.#stored = stored;
    this.#abandoned = abandoned;
  }

  seal(batch: Batch): void {
    this.#run(batch);
  }

  stored(): void {
    this.#stored();
  }

  abandoned(reason: Error): void {
    this.#abandoned(reason);
  }
}
