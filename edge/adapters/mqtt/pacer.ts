/** How fast one account may publish, all its connections together. */
export interface Pace {
  /** Messages a second, in the long run. */
  perSecond: number;
  /** Messages at once, after a pause: a bridge that starts tells the state of all its devices. */
  burst: number;
}

/**
 * The token bucket of one account. It lets messages wait instead of dropping them; the connections that wait take turns,
 * and are not read on meanwhile, so the account feels it; others do not.
 */
export class Pacer {
  readonly #pace: Pace;
  /** Connections with messages that wait, in the order of their turns. */
  readonly #turns = new Set<PacedConnection>();
  #tokens: number;
  /** Monotonic milliseconds; undefined before the first message. */
  #filledAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(pace: Pace) {
    this.#pace = pace;
    this.#tokens = pace.burst;
  }

  /** For one more connection of the account. */
  join(): PacedConnection {
    return new PacedConnection(this);
  }

  /** Takes a token for a message that comes now, unless others wait for theirs. `now`: monotonic milliseconds. */
  take(now: number): boolean {
    this.#filledAt ??= now;
    if (this.#turns.size > 0) return false;
    if (this.#tokens < 1) this.#fill(now);
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** This connection has messages that wait. */
  queue(connection: PacedConnection): void {
    this.#turns.add(connection);
    this.#wake();
  }

  /** What waited has gone before its turn: the account owes it, or hanging up would be the way around the limit. */
  leave(connection: PacedConnection, messages: number): void {
    this.#turns.delete(connection);
    this.#fill(performance.now());
    this.#tokens -= messages;
    if (this.#turns.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wake(): void {
    this.#timer ??= setTimeout(() => this.#turn(), Math.ceil(1_000 / this.#pace.perSecond));
  }

  /** One message of each in turn, as far as the tokens go. */
  #turn(): void {
    this.#timer = undefined;
    this.#fill(performance.now());
    const due: (() => void)[] = [];
    while (this.#tokens >= 1) {
      const [next] = this.#turns;
      const go = next?.shift();
      if (next === undefined || go === undefined) break;
      this.#tokens--;
      due.push(go);
      this.#turns.delete(next);
      if (next.waiting > 0) this.#turns.add(next);
    }
    if (this.#turns.size > 0) this.#wake();
    for (const go of due) go();
  }

  #fill(now: number): void {
    const { perSecond, burst } = this.#pace;
    const elapsed = now - (this.#filledAt ?? now);
    this.#tokens = Math.min(burst, this.#tokens + (elapsed * perSecond) / 1_000);
    this.#filledAt = now;
  }
}

/** The messages of one connection that wait for the account's tokens, in order. */
export class PacedConnection {
  readonly #pacer: Pacer;
  #waiting: (() => void)[] = [];
  #head = 0;

  constructor(pacer: Pacer) {
    this.#pacer = pacer;
  }

  /** Messages that wait. */
  get waiting(): number {
    return this.#waiting.length - this.#head;
  }

  /** Whether a message may go now. Else hand it to `wait`. `now`: monotonic milliseconds. */
  passes(now: number): boolean {
    return this.waiting === 0 && this.#pacer.take(now);
  }

  /** `go` is called once, when its turn comes. */
  wait(go: () => void): void {
    this.#waiting.push(go);
    this.#pacer.queue(this);
  }

  /** The next message, for its pacer. */
  shift(): (() => void) | undefined {
    const go = this.#waiting[this.#head];
    if (go !== undefined) this.#head++;
    if (this.#head === this.#waiting.length) this.#drop();
    return go;
  }

  /** Lets go of all that wait, at once: the connection has ended, and what it sent before must not be lost. */
  flush(): void {
    const left = this.#waiting.slice(this.#head);
    this.#drop();
    if (left.length > 0) this.#pacer.leave(this, left.length);
    for (const go of left) go();
  }

  #drop(): void {
    this.#waiting = [];
    this.#head = 0;
  }
}

/** The pacers of all accounts. They stay when the last connection goes, so that nobody gets a new burst by reconnecting. */
export class Pacers {
  readonly #pace: Pace;
  readonly #pacers = new Map<string, Pacer>();

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  /** For one more connection of this user. */
  join(user: string): PacedConnection {
    let pacer = this.#pacers.get(user);
    if (pacer === undefined) {
      pacer = new Pacer(this.#pace);
      this.#pacers.set(user, pacer);
    }
    return pacer.join();
  }
}
