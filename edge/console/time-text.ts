/** A duration cut to its two largest units, as a message key of `duration` with its values. */
export function durationParts(ms: number): { key: 's' | 'ms' | 'hm' | 'dh'; values: Record<string, string> } {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (minutes === 0) return { key: 's', values: { s: String(seconds) } };
  if (hours === 0) return { key: 'ms', values: { m: String(minutes), s: two(seconds % 60) } };
  if (days === 0) return { key: 'hm', values: { h: String(hours), m: two(minutes % 60) } };
  return { key: 'dh', values: { d: String(days), h: String(hours % 24) } };
}

/** `02:13:05` in the zone, with `11-24 ` before it when that is not the day of `now`. */
export function clockText(at: number | string, now: number, zone?: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '--:--:--';
  const time = formatOf('time', zone).format(date);
  const day = dateText(date, zone);
  return day === dateText(new Date(now), zone) ? time : `${day.slice(5)} ${time}`;
}

/** `2025-11-24` in the zone; this computer's where none is given. */
export function dateText(date: Date, zone?: string): string {
  return formatOf('date', zone).format(date);
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(what: 'time' | 'date', zone: string | undefined): Intl.DateTimeFormat {
  const key = `${what} ${zone ?? ''}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = newFormat(what, zone);
    formats.set(key, format);
  }
  return format;
}

function newFormat(what: 'time' | 'date', zone: string | undefined): Intl.DateTimeFormat {
  const fields: Intl.DateTimeFormatOptions =
    what === 'time'
      ? { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }
      : { year: 'numeric', month: '2-digit', day: '2-digit' };
  // Sweden writes dates as ISO 8601 does
  try {
    return new Intl.DateTimeFormat('sv-SE', zone === undefined ? fields : { ...fields, timeZone: zone });
  } catch {
    // a browser that does not know the zone
    return new Intl.DateTimeFormat('sv-SE', fields);
  }
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}
