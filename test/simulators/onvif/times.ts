import type { TimeForm } from './types.ts';

const HOUR_MS = 3_600_000;

/** A time as the camera writes it. */
export function formatTime(ms: number, form: TimeForm): string {
  if (form === 'zero') return '0000-00-00T00:00:00Z';
  if (form === 'utc') return `${new Date(ms).toISOString().slice(0, 19)}Z`;
  const local = new Date(ms + 8 * HOUR_MS).toISOString().slice(0, 19);
  return form === 'offset' ? `${local}+08:00` : local;
}

/** Milliseconds of an xs:duration of days and less (`PT1M30.5S`); undefined if it is none. */
export function parseDuration(text: string): number | undefined {
  const found = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(text);
  if (found === null || text.endsWith('P') || text.endsWith('T')) return undefined;
  const [days, hours, minutes, seconds] = found.slice(1).map((part) => Number(part ?? 0));
  return ((days! * 24 + hours!) * 60 + minutes!) * 60_000 + seconds! * 1000;
}

/** Milliseconds since the epoch, that never step back within a process. */
export function steadyNow(): number {
  return performance.timeOrigin + performance.now();
}
