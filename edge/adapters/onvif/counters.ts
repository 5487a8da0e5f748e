import type { FailureKind } from './failure.ts';

/** Monotonic counters of all devices together. Public fields are incremented on the way. */
export class OnvifCounters {
  pulls = 0;
  notifications = 0;
  /** Notifications without a topic, which are refused, and those that are no XML. */
  unreadable = 0;
  /** Notifications of which items or long values were left out. */
  cut = 0;
  creates = 0;
  renews = 0;
  unsubscribes = 0;
  synchronisations = 0;
  probes = 0;
  readonly #failures = new Map<FailureKind, number>();

  failed(kind: FailureKind): void {
    this.#failures.set(kind, (this.#failures.get(kind) ?? 0) + 1);
  }

  /** All of them under their stable names; failures as `failed_<kind>`. */
  snapshot(): Record<string, number> {
    const counters: Record<string, number> = {
      pulls: this.pulls,
      notifications: this.notifications,
      unreadable: this.unreadable,
      cut: this.cut,
      creates: this.creates,
      renews: this.renews,
      unsubscribes: this.unsubscribes,
      synchronisations: this.synchronisations,
      probes: this.probes,
    };
    for (const [kind, count] of this.#failures) counters[`failed_${kind}`] = count;
    return counters;
  }
}
