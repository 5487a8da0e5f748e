import { expect, test } from 'vitest';
import { createLogger } from '../../../edge/ops/logger.ts';

function logged(write: (logger: ReturnType<typeof createLogger>) => void): Record<string, unknown> {
  let line = '';
  const to = {
    write: (text: string) => {
      line += text;
    },
  };
  write(createLogger('info', to));
  return JSON.parse(line);
}

test('bug: the code of an error was hidden as if it were the set-up code', () => {
  const err = Object.assign(new Error('permission denied'), { code: 'EACCES' });
  expect(logged((logger) => logger.error({ err }, 'no'))).toMatchObject({ err: { code: 'EACCES' } });
  err.code = 'SQLITE_CANTOPEN';
  expect(logged((logger) => logger.error({ err }, 'no'))).toMatchObject({ err: { code: 'SQLITE_CANTOPEN' } });
});

test('set-up codes, codes of persons, passwords and cards are hidden, also in an error', () => {
  const err = Object.assign(new Error('refused'), { password: 'secret-1', request: { card: 'secret-2' } });
  const line = logged((logger) =>
    logger.info({
      code: 'secret-3',
      second: { user: 'leader', code: 'secret-4' },
      body: { second: { code: 'secret-5' } },
      err,
    }),
  );
  expect(JSON.stringify(line)).not.toContain('secret');
  expect(line.code).toBe('***');
  for (const code of ['ABCD-1234-EFGH-5678', 'EACCESS1234', '4711', 4711])
    expect(logged((logger) => logger.info({ err: { code } })).err).toEqual({ code: '***' });
});
