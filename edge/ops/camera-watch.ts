import type { Logger } from 'pino';
import type { EventDraft } from '../../contract/event.ts';
import type { Health, HealthState } from '../adapters/onvif/health.ts';
import type { AlarmBook } from '../alarms/book.ts';
import { ownDraft } from '../pipeline/own-event.ts';

/** What each state of an event channel raises. A device without pull points answers and will never tell anything. */
const faults: Readonly<Record<Exclude<HealthState, 'ok'>, string>> = {
  silent: 'DEV.SILENT',
  unsupported: 'DEV.SILENT',
  offline: 'DEV.OFFLINE',
  refused: 'DEV.AUTH',
};

const types: ReadonlySet<string> = new Set(Object.values(faults));

export interface CameraWatchOptions {
  book: Pick<AlarmBook, 'open'>;
  /** Is this device reached over ONVIF? */
  isWatched: (device: string) => boolean;
  emit: (draft: EventDraft, device: string) => Promise<void>;
  logger: Logger;
}

/** Turns states of event channels into DEV.SILENT, DEV.OFFLINE and DEV.AUTH: at most one of a device at a time. */
export class CameraWatch {
  readonly #o: CameraWatchOptions;
  /** By device. */
  readonly #raised = new Map<string, Set<string>>();

  constructor(options: CameraWatchOptions) {
    this.#o = options;
  }

  /** Takes over what the last run raised and this one must clear. */
  start(): void {
    for (const { type, condition, device } of this.#o.book.open()) {
      if (!types.has(type) || condition === 'returned' || device === undefined) continue;
      if (this.#o.isWatched(device)) this.#of(device).add(type);
    }
  }

  /** Devices were removed: the pipeline lets go of what they raised. */
  prune(): void {
    for (const device of this.#raised.keys()) if (!this.#o.isWatched(device)) this.#raised.delete(device);
  }

  /** Call it with every change of a state. */
  take(device: string, { state, reason, at }: Health): void {
    const raised = this.#of(device);
    const type = state === 'ok' ? undefined : faults[state];
    // first what is wrong now, so that the list of the guard is never empty in between
    if (type !== undefined && !raised.has(type)) {
      raised.add(type);
      this.#emit(ownDraft(type, 'raise', at, { by: 'event channel', state, reason }), device);
    }
    for (const other of [...raised]) {
      if (other === type) continue;
      raised.delete(other);
      this.#emit(ownDraft(other, 'clear', at, { by: 'event channel', state }), device);
    }
  }

  #of(device: string): Set<string> {
    const known = this.#raised.get(device);
    if (known !== undefined) return known;
    const raised = new Set<string>();
    this.#raised.set(device, raised);
    return raised;
  }

  #emit(draft: EventDraft, device: string): void {
    this.#o.emit(draft, device).catch((err) => {
      this.#o.logger.warn({ err, device }, 'an event of the gateway itself was not stored');
    });
  }
}
