import type { EventDraft } from '../../contract/event.ts';
import type { Registry } from '../registry/registry.ts';
import type { Replacement } from '../registry/replacement.ts';
import { ownDraft } from './own-event.ts';

const KEY = 'unit:';

/** Alarms that say a device is not there: the new unit ends them itself, by being there. */
export const endedByPresence: ReadonlySet<string> = new Set([
  'DEV.OFFLINE',
  'DEV.SILENT',
  'SYS.GATEWAY_DOWN',
]);

/** Key of the journal's state that says which unit of a device the gateway has taken up. */
export function unitKey(device: string): string {
  return KEY + device;
}

/** Which units were replaced, also by another process and while the gateway did not run. */
export class ReplacedUnits {
  readonly #registry: Pick<Registry, 'replacements'>;
  readonly #known = new Map<string, string>();

  /** `states`: what the journal keeps. */
  constructor(registry: Pick<Registry, 'replacements'>, states: ReadonlyMap<string, string>) {
    this.#registry = registry;
    for (const [key, value] of states) if (key.startsWith(KEY)) this.#known.set(key.slice(KEY.length), value);
  }

  /** Replacements that were not acted on yet; each is handed out once in a run. */
  take(): Replacement[] {
    const fresh = this.#registry.replacements().filter(({ device, id }) => this.#known.get(device) !== id);
    for (const { device, id } of fresh) this.#known.set(device, id);
    return fresh;
  }
}

/** The record of a replacement. */
export function replacementDraft({ at, by, device, was, unit }: Replacement, now: number): EventDraft {
  const of = (one: Replacement['unit'] | undefined) =>
    one && { profile: one.profile, key: one.key ?? device };
  const data = { by, what: 'unit replaced', device, from: of(was.at(-1)), to: of(unit) };
  return ownDraft('SYS.CFG', 'pulse', now, { ...data, at: new Date(at).toISOString() });
}
