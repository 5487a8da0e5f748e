import { type Logger, pino } from 'pino';

/** Keys that must never be read in a log, wherever they stand. */
const secrets = ['password', 'pin', 'code', 'token', 'secret', 'card', 'authorization', 'cookie'];

/** The process's logger: JSON lines on standard output, secrets removed. `level` as pino names them. */
export function createLogger(level: string): Logger {
  return pino({
    level,
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: secrets.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '***' },
  });
}
