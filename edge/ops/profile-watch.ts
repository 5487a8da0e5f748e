import type { Logger } from 'pino';
import type { Alarm } from '../../contract/alarm.ts';
import type { EventDraft } from '../../contract/event.ts';
import type { Device } from '../../contract/site.ts';
import { deviceOfSource } from '../alarms/sources.ts';
import { ownDraft } from '../pipeline/own-event.ts';

/** What holds such a fault: the input of a device that no device has, so that only this watch clears it. */
const PROFILE_INPUT = '$profile';

export interface ProfileWatchOptions {
  book: { open(): readonly Pick<Alarm, 'type' | 'condition' | 'sources'>[] };
  registry: { devices(): readonly Pick<Device, 'id' | 'profile'>[] };
  /** Is there a profile of this id that can be used? */
  hasProfile: (id: string) => boolean;
  emit: (draft: EventDraft, device: string) => Promise<void>;
  /** Milliseconds since 1970. */
  clock: () => number;
  logger: Logger;
}

/**
 * A registered device whose profile is missing or has a fault is deaf to us: its alarms would go to the inbox, where nobody
 * looks at night. It has a DEV.FAULT until its profile is there.
 */
export class ProfileWatch {
  readonly #o: ProfileWatchOptions;
  #raised: ReadonlySet<string> | undefined;

  constructor(options: ProfileWatchOptions) {
    this.#o = options;
  }

  /** Call it once the book is there, and whenever devices or profiles have changed. */
  check(): void {
    const { registry, hasProfile, logger } = this.#o;
    const before = this.#raised ?? this.#raisedBefore();
    const devices = registry.devices();
    const deaf = new Map(devices.filter(({ profile }) => !hasProfile(profile)).map((d) => [d.id, d.profile]));
    for (const [device, profile] of deaf) {
      if (before.has(device)) continue;
      logger.error(
        { device, profile },
        'the profile of a registered device cannot be used: it is not understood',
      );
      this.#emit('raise', device, { by: 'profile', profile });
    }
    // of a device that is registered no more the pipeline lets go
    for (const { id, profile } of devices) {
      if (before.has(id) && !deaf.has(id)) this.#emit('clear', id, { by: 'profile', profile });
    }
    this.#raised = new Set(deaf.keys());
  }

  #raisedBefore(): Set<string> {
    const faults = this.#o.book.open().filter(({ type, condition }) => {
      return type === 'DEV.FAULT' && condition !== 'returned';
    });
    const sources = faults.flatMap((alarm) => alarm.sources ?? []).map(deviceOfSource);
    return new Set(sources.flatMap(({ device, input }) => (input === PROFILE_INPUT ? device : [])));
  }

  #emit(edge: 'raise' | 'clear', device: string, data: Record<string, unknown>): void {
    const draft = { ...ownDraft('DEV.FAULT', edge, this.#o.clock(), data), input: PROFILE_INPUT };
    this.#o.emit(draft, device).catch((err) => {
      this.#o.logger.warn({ err, device }, 'an event of the gateway itself was not stored');
    });
  }
}
