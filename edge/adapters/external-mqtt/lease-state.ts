/** `undecided`: not known yet whether another gateway works. */
export type Role = 'undecided' | 'active' | 'standby';

/** What a gateway says about the lease. `claim`: which run of the gateway claims it, and when by its own monotonic clock. */
export type LeaseWord = { gateway: string; released?: true; claim?: { run: string; sentAt: number } };

/**
 * Who of several gateways works for a broker. Only a valid lease of another one makes a gateway stand by: without
 * evidence it works, since two that work double alarms, and none would hide them. All see the words of the lease in the
 * broker's order, and the first claim counts. Pure: times are monotonic milliseconds.
 */
export class LeaseState {
  readonly #self: string;
  #holder: { gateway: string; until: number } | undefined;
  /** Another one that claims although this one holds the lease. */
  #rival: { gateway: string; until: number } | undefined;

  constructor(self: string) {
    this.#self = self;
  }

  /** A word came; `validMs` is what is left of its life. */
  heard({ gateway, released }: LeaseWord, validMs: number, now: number): void {
    const holder = this.#valid(now);
    if (released === true) {
      if (holder?.gateway === gateway) this.#holder = undefined;
    } else if (holder === undefined || holder.gateway === gateway || this.#yieldsTo(gateway, now)) {
      this.#holder = { gateway, until: now + validMs };
      if (gateway !== this.#self) this.#rival = undefined;
    } else if (holder.gateway === this.#self) {
      this.#rival = { gateway, until: now + validMs };
    }
  }

  /**
   * One claim of another beside our own lease lost a race, and its gateway will see so. If it claims again, it has seen a
   * lease of its own: both work, for good, unless one of the two, by its name, lets the other.
   */
  #yieldsTo(gateway: string, now: number): boolean {
    const rival = this.#rival;
    return rival?.gateway === gateway && now < rival.until && gateway < this.#self;
  }

  role(now: number): 'active' | 'standby' {
    const holder = this.#valid(now);
    return holder === undefined || holder.gateway === this.#self ? 'active' : 'standby';
  }

  /** This gateway itself held the lease all the time, so far as is known. */
  isOwn(now: number): boolean {
    return this.#valid(now)?.gateway === this.#self;
  }

  /** The other gateway that works; undefined when there is none. */
  other(now: number): string | undefined {
    const holder = this.#valid(now);
    return holder?.gateway === this.#self ? undefined : holder?.gateway;
  }

  #valid(now: number) {
    return this.#holder !== undefined && now < this.#holder.until ? this.#holder : undefined;
  }
}

/** Reads a word of the lease; undefined for anything else. */
export function readLeaseWord(payload: Buffer): LeaseWord | undefined {
  try {
    const word: unknown = JSON.parse(payload.toString());
    if (typeof word !== 'object' || word === null || !('gateway' in word)) return undefined;
    const { gateway } = word;
    if (typeof gateway !== 'string') return undefined;
    if ('released' in word && word.released === true) return { gateway, released: true };
    return 'claim' in word && isClaim(word.claim) ? { gateway, claim: word.claim } : { gateway };
  } catch {
    return undefined;
  }
}

function isClaim(claim: unknown): claim is NonNullable<LeaseWord['claim']> {
  if (typeof claim !== 'object' || claim === null) return false;
  const { run, sentAt } = claim as Record<string, unknown>;
  return typeof run === 'string' && typeof sentAt === 'number';
}
