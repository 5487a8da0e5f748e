import { waitFor } from '../simulators/wait.ts';
import type { Account } from './campus.ts';
import type { Shot } from './load-generator.ts';
import { Publisher } from './paced-publisher.ts';

const PUBLISHERS = 20;
/** Unacknowledged messages at a time, all publishers together. */
const IN_FLIGHT = 2_000;

/**
 * What a campus says on an ordinary day, without alarms: doors and other inputs of I/O modules with their own time,
 * every third message a Zigbee contact with its battery. Each message is one event of lane `e`.
 */
export class CampusMix {
  readonly #modules: number;
  readonly #on = new Map<string, boolean>();
  #n = 0;
  #random = 0x2545_f491;

  constructor(modules: number) {
    this.#modules = modules;
  }

  next(): Shot {
    const n = this.#n++;
    const on = (name: string): boolean => {
      const next = !(this.#on.get(name) ?? false);
      this.#on.set(name, next);
      return next;
    };
    if (n % 3 === 0) {
      const device = `zb-${1 + this.#below(Math.ceil(this.#modules / 10))}`;
      const battery = 40 + this.#below(60);
      const contact = on(device);
      return {
        topic: `zigbee2mqtt/${device}`,
        payload: JSON.stringify({
          contact,
          battery,
          linkquality: this.#below(255),
          voltage: 2_500 + 10 * battery,
        }),
      };
    }
    const device = `io-${1 + this.#below(this.#modules)}`;
    const input = 3 + this.#below(6);
    const state = on(`${device} ${input}`) ? 'alarm' : 'normal';
    return {
      topic: `io/${device}/state`,
      payload: JSON.stringify({ ch: { [input]: state }, seq: n, t: new Date().toISOString() }),
    };
  }

  /** xorshift: the same mix in every run. */
  #below(limit: number): number {
    this.#random ^= this.#random << 13;
    this.#random ^= this.#random >>> 17;
    this.#random ^= this.#random << 5;
    return (this.#random >>> 0) % limit;
  }
}

/** Publishes so many messages and waits until all are acknowledged. */
export async function publishMix(
  port: number,
  mix: CampusMix,
  messages: number,
  as?: Account,
): Promise<void> {
  const publishers = await Promise.all(
    Array.from({ length: PUBLISHERS }, (_, i) => Publisher.open(port, `mix-${i}`, as?.user, as?.password)),
  );
  const acked = () => publishers.reduce((sum, publisher) => sum + publisher.acked, 0);
  for (let sent = 0; sent < messages; ) {
    await waitFor('acknowledgements', () => acked() > sent - IN_FLIGHT / 2, 30_000, 1);
    for (let i = 0; i < IN_FLIGHT / 2 && sent < messages; i++, sent++) {
      const shot = mix.next();
      // what one device says stays on one connection, in order
      (publishers[Number(shot.topic.replace(/\D/g, '')) % PUBLISHERS] as Publisher).publish(shot);
    }
  }
  await waitFor('the last acknowledgements', () => acked() === messages, 30_000, 5);
  for (const publisher of publishers) publisher.close();
}
