/** How a device writes its time. `auto` tells text, seconds and milliseconds apart. */
export type TimeFormat = 'auto' | 'iso' | 'epoch-s' | 'epoch-ms';

/** A device's time, milliseconds since 1970, and whether it came without a zone. */
export interface DeviceTime {
  at: number;
  zoneless: boolean;
}

/** Devices whose clock was never set say 1970, 2000 or the day of their firmware; no campus device is older. */
const EARLIEST = Date.UTC(2020, 0, 1);
const LATEST = Date.UTC(2100, 0, 1);

/** ISO 8601 without its marks, as Huawei's platform writes it: `20151212T121212Z`. */
const basic = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(Z?)$/;
const written =
  /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?(?: [A-Z]{3,5})?$/i;

/**
 * Reads a device's time. A text without a zone is read in `zone` (IANA name), and so is one whose zone is only an
 * abbreviation: `CST` is China's, and America's, and Cuba's. Undefined for what is no time at all,
 * for `0000-00-00` and for a clock that was never set (before 2020).
 */
export function readDeviceTime(value: unknown, format: TimeFormat, zone: string): DeviceTime | undefined {
  const time = typeof value === 'string' ? readText(value, format, zone) : readNumber(value, format);
  return time !== undefined && time.at >= EARLIEST && time.at < LATEST ? time : undefined;
}

function readNumber(value: unknown, format: TimeFormat): DeviceTime | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value) || format === 'iso') return undefined;
  // seconds reach 1e11 in the year 5138, milliseconds in 1973
  const seconds = format === 'epoch-s' || (format === 'auto' && value < 1e11);
  return { at: Math.round(seconds ? value * 1000 : value), zoneless: false };
}

function readText(value: string, format: TimeFormat, zone: string): DeviceTime | undefined {
  const text = value.trim();
  if (format !== 'iso' && /^\d{9,14}(?:\.\d+)?$/.test(text)) return readNumber(Number(text), format);
  const found = written.exec(text.replace(basic, '$1-$2-$3T$4:$5:$6$7'));
  if (found === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction, offset] = found;
  const parts = [year, month, day, hour, minute, second ?? '0'].map(Number);
  const local = utc(parts, fraction);
  if (local === undefined) return undefined;
  if (offset === undefined) return { at: local - zoneOffset(zone, local), zoneless: true };
  return { at: local - writtenOffset(offset), zoneless: false };
}

/** Undefined for a day or an hour that does not exist. */
function utc(parts: number[], fraction: string | undefined): number | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
  const at = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(at);
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && date.getUTCHours() === hour;
  if (!exists || minute > 59 || second > 60) return undefined;
  return at + (fraction === undefined ? 0 : Math.floor(Number(`0.${fraction}`) * 1000));
}

function writtenOffset(text: string): number {
  if (/^(?:z|utc|gmt)$/i.test(text)) return 0;
  const digits = text.slice(1).replace(':', '');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2, 4) || 0);
  return (text.startsWith('-') ? -minutes : minutes) * 60_000;
}

const formatters = new Map<string, Intl.DateTimeFormat>();
let last = { zone: '', hour: Number.NaN, offset: 0 };

/** Milliseconds that local time is ahead of UTC in a zone, at a local time. */
function zoneOffset(zone: string, local: number): number {
  // an offset changes on a quarter of an hour at most; devices of one campus ask for the same one again and again
  const hour = Math.floor(local / 900_000);
  if (last.zone === zone && last.hour === hour) return last.offset;
  const guess = offsetAt(zone, local);
  const offset = offsetAt(zone, local - guess);
  last = { zone, hour, offset };
  return offset;
}

function offsetAt(zone: string, at: number): number {
  let formatter = formatters.get(zone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formatters.set(zone, formatter);
  }
  const part: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
  for (const { type, value } of formatter.formatToParts(at)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
}
