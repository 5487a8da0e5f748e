import { z } from 'zod';
import { type Device, deviceSchema } from '../../contract/site.ts';
import type { Queries } from '../journal/sqlite.ts';

/** What makes one unit differ from the next that fills the same slot under the same id. */
const unitSchema = deviceSchema.pick({ profile: true, key: true, settings: true });
export type Unit = z.infer<typeof unitSchema>;

const replacementSchema = z.object({
  /** UUID: by it the gateway knows whether it has let go of the old unit. */
  id: z.string(),
  device: z.string(),
  /** Milliseconds since 1970. */
  at: z.number(),
  by: z.string(),
  /** The units before, the newest last. */
  was: z.array(unitSchema),
  unit: unitSchema,
});
/** A new unit has taken the place of an old one. Kept until the next one: the gateway may not run when it happens. */
export type Replacement = z.infer<typeof replacementSchema>;

/** Units before that are remembered of a device: an import file that is not kept up names one of them. */
export const UNITS_REMEMBERED = 8;
const PREFIX = 'replaced:';

/** The unit in a device's slot. */
export function unitOf({ profile, key, settings }: Device): Unit {
  return { profile, ...(key === undefined ? {} : { key }), ...(settings === undefined ? {} : { settings }) };
}

/** The last replacement of each device that had one. One that cannot be read is left out: it has happened. */
export async function readReplacements(db: Pick<Queries, 'all'>): Promise<Map<string, Replacement>> {
  const rows = await db.all<{ value: string }>(
    `SELECT value FROM meta WHERE substr(key, 1, ${PREFIX.length}) = '${PREFIX}' AND json_valid(value)`,
  );
  const read = rows.flatMap(({ value }) => replacementSchema.safeParse(JSON.parse(value)).data ?? []);
  return new Map(read.map((replacement) => [replacement.device, replacement]));
}

/** Keeps it in the place of the one before. */
export async function keepReplacement(queries: Queries, replacement: Replacement): Promise<void> {
  await queries.run(
    'INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)',
    PREFIX + replacement.device,
    JSON.stringify(replacement),
  );
}

/**
 * An entry of an import that still names a unit that was replaced since: it is the unit that is there now. Any other
 * unit of the entry is news, and wins.
 */
export function withPresentUnit(entry: Device, stored: Device, replacement: Replacement | undefined): Device {
  if (replacement === undefined || !isSame(unitOf(stored), replacement.unit)) return entry;
  const named = { ...unitOf(entry), key: entry.key ?? entry.id };
  const isOld = replacement.was.some((unit) => isSame({ ...unit, key: unit.key ?? entry.id }, named));
  if (!isOld) return entry;
  const { profile: _profile, key: _key, settings: _settings, ...rest } = entry;
  return { ...rest, ...replacement.unit };
}

function isSame(a: Unit, b: Unit): boolean {
  return JSON.stringify(unitSchema.parse(a)) === JSON.stringify(unitSchema.parse(b));
}
