/** How it was found that nothing old is left. `new-session`: there was no queue. */
export type CaughtUpBy = 'new-session' | 'barrier' | 'quiet';

/**
 * Finds the moment from which on messages of a kept session are live: what came before waited in the broker's queue.
 *
 * The barrier, a message to ourselves, comes behind everything that waited. Where the broker does not let it through,
 * a quiet ping shows the same: with nothing unacknowledged and no message between PINGREQ and PINGRESP the queue was
 * empty. Never by time alone: an old alarm must not open doors because a queue was long.
 */
export class CatchUp {
  readonly #done: (by: CaughtUpBy) => void;
  #isLive = false;
  #arrived = 0;

  /** `done` is called once. */
  constructor(done: (by: CaughtUpBy) => void) {
    this.#done = done;
  }

  get isLive(): boolean {
    return this.#isLive;
  }

  /** The broker has no session of ours. */
  newSession(): void {
    this.#finish('new-session');
  }

  barrier(): void {
    this.#finish('barrier');
  }

  /** A message came. */
  arrived(): void {
    this.#arrived++;
  }

  /** For one PINGREQ that is sent while nothing is unacknowledged: what to call at its PINGRESP. */
  quietPing(): () => void {
    const before = this.#arrived;
    return () => {
      if (this.#arrived === before) this.#finish('quiet');
    };
  }

  #finish(by: CaughtUpBy): void {
    if (this.#isLive) return;
    this.#isLive = true;
    this.#done(by);
  }
}
