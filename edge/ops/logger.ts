import { constants } from 'node:os';
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';

/** Keys that must never be read in a log, wherever they stand. */
const secrets = ['password', 'pin', 'code', 'token', 'secret', 'card', 'authorization', 'cookie'];

/** The `code` of an error is its kind, not the set-up code or the code of a person: those look like none of these. */
const kinds = new Set(Object.keys(constants.errno));
const isKind = (value: unknown): boolean =>
  typeof value === 'string' && (kinds.has(value) || /^(?:SQLITE|ERR|FST|UND)_[A-Z0-9_]+$/.test(value));

function censor(value: unknown, path: readonly string[]): unknown {
  return path.at(-1) === 'code' && isKind(value) ? value : '***';
}

/** The process's logger: JSON lines, secrets removed. `level` as pino names them; to standard output by default. */
export function createLogger(level: string, to?: DestinationStream): Logger {
  const options: LoggerOptions = {
    level,
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: secrets.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor },
  };
  return to === undefined ? pino(options) : pino(options, to);
}
