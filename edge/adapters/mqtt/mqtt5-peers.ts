/** A device that speaks MQTT 5, which aedes 1.2 does not; such devices do not fall back by themselves. */
export interface Mqtt5Peer {
  address: string;
  clientId: string;
  attempts: number;
  /** Milliseconds since 1970. */
  lastAt: number;
}

const KEPT = 256;

/** Who knocked with MQTT 5, by address; the last {@link KEPT} of them. */
export class Mqtt5Peers {
  readonly #peers = new Map<string, Mqtt5Peer>();

  count(address: string, clientId: string, at: number): void {
    const attempts = (this.#peers.get(address)?.attempts ?? 0) + 1;
    this.#peers.delete(address);
    const [oldest] = this.#peers.keys();
    if (this.#peers.size >= KEPT && oldest !== undefined) this.#peers.delete(oldest);
    this.#peers.set(address, { address, clientId, attempts, lastAt: at });
  }

  list(): Mqtt5Peer[] {
    return [...this.#peers.values()];
  }
}
