import { shallowRef } from 'vue';
import type { DrillReport } from '../../../contract/drill.ts';
import { call, succeeded } from '../api.ts';
import { Asker } from '../asker.ts';
import type { Site } from '../campus.ts';

/** What a person chooses to start a drill or a walk test. */
export interface Wanted {
  readonly kind: 'drill' | 'walktest';
  readonly body: Readonly<Record<string, unknown>>;
}

/** Drills and walk tests for this screen. Which run is told by the live feed; their points are asked for. */
export class Practice {
  readonly asker: Asker;
  readonly reports = shallowRef<readonly DrillReport[]>([]);
  readonly places = shallowRef<Site['places']>([]);
  readonly #station: string;

  constructor(station: string, onSessionEnded: () => void) {
    this.asker = new Asker(onSessionEnded);
    this.#station = station;
  }

  async load(): Promise<void> {
    const [drills, walks] = await Promise.all(
      ['drills', 'walk-tests'].map((path) =>
        this.asker.ask(() => call<{ drills: DrillReport[] }>('GET', path)),
      ),
    );
    if (drills?.body === undefined || walks?.body === undefined) return;
    const all = [...drills.body.drills, ...walks.body.drills];
    // those that run first, then the last that were begun
    const rank = ({ ended }: DrillReport): number => (ended === undefined ? 0 : 1);
    this.reports.value = all.sort((a, b) => rank(a) - rank(b) || Date.parse(b.at) - Date.parse(a.at));
  }

  async loadPlaces(): Promise<void> {
    const answer = await this.asker.ask(() => call<Site>('GET', 'site'));
    if (answer?.body !== undefined) this.places.value = answer.body.places;
  }

  /** The drill that has begun; undefined: it has not. */
  async start({ kind, body }: Wanted): Promise<DrillReport | undefined> {
    const answer = await this.asker.ask(() =>
      call<DrillReport>('POST', pathOf(kind), { station: this.#station, ...body }),
    );
    return answer?.body;
  }

  async end(kind: Wanted['kind'], id: string): Promise<void> {
    const answer = await this.asker.ask(() =>
      call('POST', `${pathOf(kind)}/${id}/end`, { station: this.#station }),
    );
    if (answer !== undefined && succeeded(answer)) await this.load();
  }
}

/** Address of the API for a kind. */
export function pathOf(kind: Wanted['kind']): string {
  return kind === 'drill' ? 'drills' : 'walk-tests';
}

/** `12:05` of so many seconds. */
export function countdown(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
