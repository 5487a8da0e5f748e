import { ref } from 'vue';
import type { CalendarDay } from '../../../contract/calendar.ts';
import type { BlindWindow, ZoneAction, ZoneActionRequest, ZoneView } from '../../../contract/zone.ts';
import { call, isProblem, succeeded } from '../api.ts';
import { Asker } from '../asker.ts';

type Wanted = Omit<ZoneActionRequest, 'version' | 'station'>;

/** Arms, disarms and by-passes for this screen. What zones are is told by the live feed. */
export class Zones {
  readonly asker: Asker;
  /** The zone that was not ready for what was asked of it. */
  readonly refused = ref<{ zone: string; action: 'arm' | 'stay' }>();
  readonly days = ref<readonly CalendarDay[]>([]);
  readonly #station: string;

  constructor(station: string, onSessionEnded: () => void) {
    this.#station = station;
    this.asker = new Asker(onSessionEnded);
  }

  /** True: it is so now. A zone that is not ready asks for the dialog that says why. */
  async act(zone: ZoneView, action: ZoneAction, wanted: Wanted = {}): Promise<boolean> {
    const body = { version: zone.version, station: this.#station, ...wanted };
    const answer = await this.asker.ask(() =>
      call<ZoneView>('POST', `zones/${encodeURIComponent(zone.id)}/${action}`, body),
    );
    if (answer === undefined) return false;
    if (isProblem(answer, 'zone-not-ready') && (action === 'arm' || action === 'stay')) {
      this.refused.value = { zone: zone.id, action };
      this.asker.trouble.value = undefined;
      return false;
    }
    if (succeeded(answer)) this.refused.value = undefined;
    return succeeded(answer);
  }

  /** Its slots that may be by-passed. */
  async slotsOf(zone: string): Promise<readonly string[]> {
    const answer = await this.asker.ask(() =>
      call<{ slots: string[] }>('GET', `zones/${encodeURIComponent(zone)}`),
    );
    return answer?.body?.slots ?? [];
  }

  async sign(window: BlindWindow): Promise<void> {
    await this.asker.ask(() =>
      call('POST', `unprotected/${encodeURIComponent(window.id)}/sign`, { station: this.#station }),
    );
  }

  async loadDays(): Promise<void> {
    const answer = await this.asker.ask(() => call<{ days: CalendarDay[] }>('GET', 'calendar?days=30'));
    if (answer?.body !== undefined) this.days.value = answer.body.days;
  }
}

/** Seconds left of a delay, by the gateway's clock; never more than the whole of it. */
export function secondsLeft({ until, delayS = 0 }: Pick<ZoneView, 'until' | 'delayS'>, now: number): number {
  if (until === undefined) return 0;
  return Math.max(0, Math.min(delayS, Math.ceil((Date.parse(until) - now) / 1_000)));
}
