import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Outcome } from '../adapters/adapter.ts';

/** A number that is read when somebody asks for it. */
export interface Reading {
  name: string;
  help: string;
  value: () => number;
}

/** The process's counters, in Prometheus text at `/metrics`. Names begin with `campus_`. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #refused: Counter<'reason'>;
  /** Counted without a call into the library: it is the hot path. */
  readonly #outcomes: Record<Outcome['status'], number> = {
    mapped: 0,
    ignored: 0,
    unmapped: 0,
    undecodable: 0,
    'unknown-device': 0,
    duplicate: 0,
    dropped: 0,
  };

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
    this.#refused = new Counter({
      name: 'campus_refused_total',
      help: 'Messages and connections refused before they reached the pipeline, by reason.',
      labelNames: ['reason'],
      registers: [this.#registry],
    });
    const outcomes = this.#outcomes;
    new Counter({
      name: 'campus_messages_total',
      help: 'Messages taken by the pipeline, by what became of them.',
      labelNames: ['status'],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const [status, count] of Object.entries(outcomes)) this.inc({ status }, count);
      },
    });
  }

  /** One message and what became of it. */
  message(status: Outcome['status']): void {
    this.#outcomes[status]++;
  }

  /** Messages dropped for want of room since the start. */
  dropped(): number {
    return this.#outcomes.dropped;
  }

  refused(reason: string): void {
    this.#refused.inc({ reason });
  }

  /** Adds gauges that are read at each scrape. */
  watch(readings: readonly Reading[]): void {
    for (const { name, help, value } of readings) {
      new Gauge({
        name,
        help,
        registers: [this.#registry],
        collect() {
          this.set(value());
        },
      });
    }
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
