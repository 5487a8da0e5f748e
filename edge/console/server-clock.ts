/** The gateway's clock as seen from this screen: its last word plus what has passed here since. */
export class ServerClock {
  readonly #monotonic: () => number;
  readonly #wall: () => number;
  #told: { server: number; monotonic: number } | undefined;

  /** `monotonic` in milliseconds from anywhere; `wall` in milliseconds since 1970, used until the gateway speaks. */
  constructor(monotonic: () => number = () => performance.now(), wall: () => number = Date.now) {
    this.#monotonic = monotonic;
    this.#wall = wall;
  }

  /** Takes over the gateway's time (ISO 8601); nonsense is ignored. */
  set(serverTime: string): void {
    const server = Date.parse(serverTime);
    if (!Number.isNaN(server)) this.#told = { server, monotonic: this.#monotonic() };
  }

  /** Milliseconds since 1970, by the gateway's clock. A step of this computer's clock does not move it. */
  now(): number {
    if (this.#told === undefined) return this.#wall();
    return this.#told.server + (this.#monotonic() - this.#told.monotonic);
  }
}
