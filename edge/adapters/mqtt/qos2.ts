/** A message between its PUBLISH and its PUBREL. */
export interface Unreleased {
  committed: boolean;
  /** aedes was told to deliver it; whoever comes later only gets another PUBREC. */
  delivered: boolean;
  /** Who waits for the commit: the PUBLISH and its repetitions. */
  waiters: Array<(error?: Error) => void>;
}

/**
 * QoS 2 messages of one session that were received and are not released yet [MQTT-4.3.3-2]. Identifiers only:
 * payloads are in the journal.
 *
 * aedes looks for repetitions after asking `authorizePublish`; this is asked before.
 */
export class InboundQos2 {
  readonly #unreleased = new Map<number, Unreleased>();

  get size(): number {
    return this.#unreleased.size;
  }

  get(messageId: number): Unreleased | undefined {
    return this.#unreleased.get(messageId);
  }

  begin(messageId: number): Unreleased {
    const entry: Unreleased = { committed: false, delivered: false, waiters: [] };
    this.#unreleased.set(messageId, entry);
    return entry;
  }

  /** The commit did not happen: a repetition is a new message. */
  abandon(messageId: number): void {
    this.#unreleased.delete(messageId);
  }

  /** PUBREL: the identifier is free again. False if it was not in use, or its commit is still under way. */
  release(messageId: number): boolean {
    if (this.#unreleased.get(messageId)?.committed !== true) return false;
    return this.#unreleased.delete(messageId);
  }
}
