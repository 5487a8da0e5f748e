import { z } from 'zod';
import type { Device } from '../../contract/site.ts';
import type { Queries } from '../journal/sqlite.ts';

const moveSchema = z.object({
  device: z.string(),
  /** Addresses before, the newest last. */
  was: z.array(z.string()),
  url: z.string(),
});
/** A device that is reached over ONVIF has another address than an import file may say. */
export type Move = z.infer<typeof moveSchema>;

/** Addresses before that are remembered of a device. */
const REMEMBERED = 8;
const PREFIX = 'moved:';

/** The last move of each device that had one. One that cannot be read is left out: the device is where it is. */
export async function readMoves(db: Pick<Queries, 'all'>): Promise<Map<string, Move>> {
  const rows = await db.all<{ value: string }>(
    `SELECT value FROM meta WHERE substr(key, 1, ${PREFIX.length}) = '${PREFIX}' AND json_valid(value)`,
  );
  const read = rows.flatMap(({ value }) => moveSchema.safeParse(JSON.parse(value)).data ?? []);
  return new Map(read.map((move) => [move.device, move]));
}

/** Keeps that a device moved from one address to another. */
export async function keepMove(
  queries: Queries,
  device: string,
  { from, to, before }: { from: string; to: string; before: Move | undefined },
): Promise<void> {
  const was = [...(before?.was ?? []), from].filter((url) => url !== to).slice(-REMEMBERED);
  const move: Move = { device, was, url: to };
  await queries.run(
    'INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)',
    PREFIX + device,
    JSON.stringify(move),
  );
}

/**
 * An entry of an import that still names an address which the device has left: it is where it is now. Any other address of the
 * entry is news, and wins. By what the device is known at another address stays as long as its address does.
 */
export function withPresentAddress(entry: Device, stored: Device, move: Move | undefined): Device {
  const { onvif } = entry;
  const now = stored.onvif;
  if (onvif === undefined || now === undefined) return entry;
  const isOld = move !== undefined && move.url === now.url && move.was.includes(onvif.url);
  if (!isOld && onvif.url !== now.url) return entry;
  const { endpoint = now.endpoint, serial = now.serial } = onvif;
  return {
    ...entry,
    onvif: {
      ...onvif,
      url: now.url,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(serial === undefined ? {} : { serial }),
    },
  };
}
