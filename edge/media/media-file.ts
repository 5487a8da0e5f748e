import { join } from 'node:path';
import { z } from 'zod';
import { mediaSchema } from '../../contract/event.ts';
import type { KeepDays } from './keep-days.ts';

/** What stands beside a picture or film, in a file of its own: `<id>.json`. */
export const mediaFactsSchema = z.object({
  v: z.literal(1),
  ...mediaSchema.shape,
  bytes: z.number().int().nonnegative(),
  /** Id of the device, and where it hung. */
  camera: z.string(),
  place: z.string().optional(),
  /** The alarms that it belongs to. */
  alarms: z.array(z.string()).min(1),
  /** Retention class as of then, for the case that the alarms are known no more. */
  keepDays: z.union([z.literal(30), z.literal(90), z.literal(180)]),
});
export type MediaFacts = Omit<z.infer<typeof mediaFactsSchema>, 'keepDays'> & { keepDays: KeepDays };

const endings = { snapshot: 'jpg', clip: 'mp4' } as const;
const idPattern = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The folder of a medium below the store, `YYYY/MM/DD` in UTC: its id (UUIDv7) bears the time. Undefined: no id of ours. */
export function folderOf(id: string): string | undefined {
  const [, high, low] = idPattern.exec(id) ?? [];
  if (high === undefined || low === undefined) return undefined;
  const at = new Date(Number.parseInt(high + low, 16));
  if (Number.isNaN(at.getTime())) return undefined;
  return at.toISOString().slice(0, 10).replaceAll('-', '/');
}

/** Name of its file. */
export function fileName({ id, kind }: Pick<MediaFacts, 'id' | 'kind'>): string {
  return `${id}.${endings[kind]}`;
}

/** Path of its facts, below the store. */
export function factsPath(id: string): string | undefined {
  const folder = folderOf(id);
  return folder === undefined ? undefined : join(folder, `${id}.json`);
}
