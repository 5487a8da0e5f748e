import type { ZoneMode } from '../../contract/zone.ts';
import type { ProtectionRow } from '../journal/history-rows.ts';
import { clipped, type Span } from './spans.ts';

/** A zone as it is now: what counts where no row says anything of it. */
export interface ZoneNow {
  id: string;
  name: string;
  mode: ZoneMode;
  /** ISO 8601. */
  since: string;
  /** `gateway`: nobody has ever armed or disarmed it. */
  by: string;
  bypasses: ReadonlyArray<{ slot: string; at: string }>;
}

/** A slot or device that was not watched. */
export interface Unwatched {
  slot?: string | undefined;
  device?: string | undefined;
  /** Of a by-pass: the zone it was by-passed in. */
  zone?: string | undefined;
  spans: Span[];
}

interface OpenSpan extends Omit<Unwatched, 'spans'> {
  from: number;
  /** It ends then at the latest. */
  until?: number;
}

/** Before every row. */
const ALWAYS = Number.NEGATIVE_INFINITY;

/**
 * Folds what was said of zones, by-passes and isolations into the times without protection. Rows of the whole journal, in
 * order: what began long before the period is known, and what is under way goes on until now.
 */
export class Protection {
  readonly #period: Span;
  /** Is this device registered? One that is gone takes nothing back any more. */
  readonly #isKnown: (device: string) => boolean;
  readonly #disarmed = new Map<string, number | undefined>();
  readonly #bypassed = new Map<string, OpenSpan>();
  readonly #isolated = new Map<string, OpenSpan>();
  readonly #seen = new Set<string>();
  readonly names = new Map<string, string>();
  /** Disarmed by a person, by zone. */
  readonly disarmed = new Map<string, Span[]>();
  /** By zone and slot. */
  readonly bypassed = new Map<string, Unwatched>();
  /** By slot, else device. */
  readonly isolated = new Map<string, Unwatched>();
  /** The gateway did not run. */
  readonly blind: Span[] = [];

  constructor(period: Span, isKnown: (device: string) => boolean) {
    this.#period = period;
    this.#isKnown = isKnown;
  }

  add(row: ProtectionRow): void {
    switch (row.type) {
      case 'ARM.UNSET':
      case 'ARM.SET':
      case 'ARM.STAY':
        this.#arm(row);
        break;
      case 'ARM.BYPASS':
        this.#bypass(row);
        break;
      case 'FIR.SHIELD':
        this.#isolate(row);
        break;
      case 'SYS.BOOT':
        this.#boot(row);
    }
  }

  /** After the last row. `zones`: as they are now, those that are registered. */
  end(zones: readonly ZoneNow[], now: number): void {
    for (const zone of zones) this.#anchor(zone);
    for (const [zone, from] of this.#disarmed) if (from !== undefined) this.#putDisarmed(zone, from, now);
    for (const open of this.#bypassed.values()) this.#putBypassed(open, now);
    for (const open of this.#isolated.values())
      if (open.device === undefined || this.#isKnown(open.device)) this.#putIsolated(open, now);
  }

  #arm({ type, at, data }: ProtectionRow): void {
    const zone = textOf(data.zone);
    if (zone === undefined) return;
    this.#seen.add(zone);
    const name = textOf(data.name);
    if (name !== undefined) this.names.set(zone, name);
    const since = this.#disarmed.get(zone);
    if (type === 'ARM.UNSET') this.#disarmed.set(zone, since ?? at);
    else if (since !== undefined) {
      this.#putDisarmed(zone, since, at);
      this.#disarmed.set(zone, undefined);
    }
  }

  #bypass({ at, edge, origin, data }: ProtectionRow): void {
    const zone = textOf(data.zone);
    const { slot } = origin;
    if (zone === undefined || slot === undefined) return;
    const key = `${zone} ${slot}`;
    const open = this.#bypassed.get(key);
    if (edge === 'raise') {
      this.#seen.add(key);
      if (open === undefined) this.#bypassed.set(key, { slot, zone, from: at });
      return;
    }
    this.#bypassed.delete(key);
    // the row of its beginning is gone: it had lasted since before the first row
    if (open !== undefined || !this.#seen.has(key))
      this.#putBypassed(open ?? { slot, zone, from: ALWAYS }, at);
    this.#seen.add(key);
  }

  /** By a person here (`isolates`: which type), or at the panel itself. */
  #isolate({ at, edge, origin, input, data }: ProtectionRow): void {
    const { slot, device } = origin;
    const type = textOf(data.isolates);
    const point = slot ?? device;
    if (point === undefined) return;
    const alarm = textOf(data.alarm);
    const key = type === undefined ? `${device}#${input ?? ''}` : `${point} ${type}`;
    const open = this.#isolated.get(key);
    if (edge === 'raise') {
      const until = Date.parse(textOf(data.until) ?? '');
      // isolated anew before its time: the later end counts
      if (open !== undefined) this.#putIsolated(open, at);
      this.#isolated.set(key, { slot, device, from: at, ...(Number.isNaN(until) ? {} : { until }) });
      return;
    }
    this.#isolated.delete(key);
    if (open !== undefined) this.#putIsolated(open, at);
    else if (alarm !== undefined && !this.#seen.has(key))
      this.#putIsolated({ slot, device, from: ALWAYS }, at);
    this.#seen.add(key);
  }

  #boot({ data }: ProtectionRow): void {
    const { from, to } = (data.blind ?? {}) as { from?: unknown; to?: unknown };
    const span = { from: Date.parse(textOf(from) ?? ''), to: Date.parse(textOf(to) ?? '') };
    const part = Number.isNaN(span.from + span.to) ? undefined : clipped(span, this.#period);
    if (part !== undefined) this.blind.push(part);
  }

  /** Nothing was said of it since the first row: it is as it was. */
  #anchor({ id, name, mode, since, by, bypasses }: ZoneNow): void {
    this.names.set(id, name);
    if (!this.#seen.has(id) && mode === 'disarmed' && by !== 'gateway')
      this.#disarmed.set(id, Date.parse(since));
    for (const { slot, at } of bypasses) {
      const key = `${id} ${slot}`;
      if (!this.#seen.has(key)) this.#bypassed.set(key, { slot, zone: id, from: Date.parse(at) });
    }
  }

  #putDisarmed(zone: string, from: number, to: number): void {
    const span = clipped({ from, to }, this.#period);
    if (span === undefined) return;
    const spans = this.disarmed.get(zone);
    if (spans === undefined) this.disarmed.set(zone, [span]);
    else spans.push(span);
  }

  #putBypassed(open: OpenSpan, to: number): void {
    this.#put(this.bypassed, `${open.zone} ${open.slot}`, open, to);
  }

  #putIsolated(open: OpenSpan, to: number): void {
    this.#put(this.isolated, open.slot ?? open.device ?? '', open, to);
  }

  #put(into: Map<string, Unwatched>, key: string, { from, until, ...what }: OpenSpan, to: number): void {
    const span = clipped({ from, to: until === undefined ? to : Math.min(to, until) }, this.#period);
    if (span === undefined) return;
    const known = into.get(key);
    if (known === undefined) into.set(key, { ...what, spans: [span] });
    else known.spans.push(span);
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
