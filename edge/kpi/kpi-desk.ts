import type { Alarm } from '../../contract/alarm.ts';
import type { KpiReport } from '../../contract/kpi.ts';
import type { Site } from '../../contract/site.ts';
import type { AlarmTimes } from '../alarms/alarm-times.ts';
import { instant } from '../alarms/change.ts';
import type { AfterRow, AlarmRange } from '../journal/history-rows.ts';
import type { JournalReader } from '../journal/reader.ts';
import { zoneOfSlots } from '../registry/zone-members.ts';
import { type AlarmLife, idAt, type LifeContext, LifeFold, restOf } from './alarm-life.ts';
import type { KpiDirectory } from './names.ts';
import { DAY_MS } from './period.ts';
import { Protection, type ZoneNow } from './protection.ts';
import { reportOf } from './report.ts';
import type { Span } from './spans.ts';
import { Tally } from './tally.ts';

/** Reports that wait for the one under way; who comes after them is sent away. */
const MAX_WAITING = 4;
/** Lives that are asked for by their ids at once. */
const IDS_AT_ONCE = 200;
/** An id may be a little older than the row of its opening: ids never go back where a clock does. */
const ID_MARGIN_MS = 60_000;

export interface KpiDeskOptions {
  journal: Pick<JournalReader, 'transitions' | 'openSince' | 'protection' | 'beginning' | 'alarm'>;
  registry: KpiDirectory & { site(): Pick<Site, 'zones' | 'slots' | 'places'> };
  /** As they are now. */
  zones: () => readonly ZoneNow[];
  times: Pick<AlarmTimes, 'levels' | 'escalation' | 'flood'>;
  /** IANA zone of the campus. */
  zone: string;
  clock: () => number;
}

/** Too many reports are being made. */
export class KpiBusy extends Error {}

/** Who may see which alarm; `key` is equal for those who see the same. */
export interface Viewer {
  key: string;
  sees(alarm: Pick<Alarm, 'silent' | 'place'>): boolean;
}

/**
 * Makes KPI reports from the journal: over its reading connection, in short looks with the loop free between them, one report
 * at a time. Two who ask for the same get the same.
 */
export class KpiDesk {
  readonly #o: KpiDeskOptions;
  readonly #asked = new Map<string, Promise<KpiReport>>();
  #tail: Promise<unknown> = Promise.resolve();

  constructor(options: KpiDeskOptions) {
    this.#o = options;
  }

  get zone(): string {
    return this.#o.zone;
  }

  now(): number {
    return this.#o.clock();
  }

  /** Rejects with `KpiBusy`, or with what the disk says. */
  report(asked: Span, viewer: Viewer): Promise<KpiReport> {
    const key = `${asked.from} ${asked.to} ${viewer.key}`;
    const known = this.#asked.get(key);
    if (known !== undefined) return known;
    if (this.#asked.size > MAX_WAITING) return Promise.reject(new KpiBusy());
    const made = this.#tail.then(() => this.#make(asked, viewer)).finally(() => this.#asked.delete(key));
    this.#asked.set(key, made);
    this.#tail = made.catch(() => undefined);
    return made;
  }

  async #make(asked: Span, viewer: Viewer): Promise<KpiReport> {
    const { journal, registry, times, zone, clock } = this.#o;
    const now = clock();
    const end = Math.max(asked.from, Math.min(asked.to, now));
    const known = {
      alarms: await journal.beginning('a', now + DAY_MS),
      zones: await journal.beginning('e', now + DAY_MS),
    };
    const begin = (recorded: number): number => Math.min(end, Math.max(asked.from, recorded));
    const period = { from: begin(known.alarms), to: end };
    const watched = { from: begin(Math.max(known.alarms, known.zones)), to: end };

    const leadMs = times.flood.windowMs;
    const tally = new Tally(period, leadMs);
    const context = { period, now, acknowledgeMs: times.escalation[0] };
    const take = (life: AlarmLife): void => {
      if (viewer.sees(life.last)) tally.add(life);
    };
    const first = idAt(period.from - leadMs - ID_MARGIN_MS);
    await this.#lives({ first, last: idAt(end + ID_MARGIN_MS) }, context, take);
    await this.#olderLives(await journal.openSince(first, period.from), context, take);

    const protection = new Protection(watched, (device) => registry.device(device) !== undefined);
    for (let after = 0; ; ) {
      const rows = await journal.protection(after);
      for (const row of rows) protection.add(row);
      const last = rows.at(-1);
      if (last === undefined) break;
      after = last.position;
    }
    protection.end(this.#o.zones(), now);

    const site = registry.site();
    const members = zoneOfSlots(site);
    return reportOf({
      tally,
      protection,
      asked,
      period,
      covered: {
        ...(period.from > asked.from ? { alarms: instant(period.from) } : {}),
        ...(watched.from > asked.from ? { zones: instant(watched.from) } : {}),
      },
      madeAt: now,
      times,
      zone,
      directory: registry,
      zones: site.zones,
      zoneOfSlot: (slot) => members.get(slot)?.id,
    });
  }

  /** Alarms that were opened before; of one whose rows are gone counts what is left of it. */
  async #olderLives(
    ids: readonly string[],
    context: LifeContext,
    take: (life: AlarmLife) => void,
  ): Promise<void> {
    for (let from = 0; from < ids.length; from += IDS_AT_ONCE) {
      const some = ids.slice(from, from + IDS_AT_ONCE);
      const missing = new Set(some);
      await this.#lives({ ids: some }, context, (life) => {
        missing.delete(life.id);
        take(life);
      });
      for (const id of missing) {
        const alarm = await this.#o.journal.alarm(id);
        if (alarm !== undefined) take(new LifeFold(restOf(alarm), context).end());
      }
    }
  }

  async #lives(range: AlarmRange, context: LifeContext, take: (life: AlarmLife) => void): Promise<void> {
    let fold: LifeFold | undefined;
    let alarm = '';
    let after: AfterRow | undefined;
    do {
      const page = await this.#o.journal.transitions(range, after);
      for (const row of page.rows) {
        if (fold === undefined || row.alarm !== alarm) {
          if (fold !== undefined) take(fold.end());
          fold = new LifeFold(row, context);
          alarm = row.alarm;
        }
        fold.add(row);
      }
      after = page.next;
    } while (after !== undefined);
    if (fold !== undefined) take(fold.end());
  }
}
