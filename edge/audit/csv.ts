import type { AuditEntry } from '../../contract/audit.ts';

const columns = [
  'n',
  'at',
  'user',
  'role',
  'address',
  'station',
  'act',
  'on',
  'result',
  'why',
  'second',
  'event',
  'detail',
] as const;

/** Lines as CSV (RFC 4180) with a byte order mark, without which a spreadsheet misreads Chinese. */
export function auditCsv(entries: ReadonlyArray<AuditEntry & { n: number }>): string {
  const rows = entries.map((entry) =>
    columns.map((column) => cell(column === 'second' ? entry.second?.user : entry[column])).join(','),
  );
  return `\uFEFF${[columns.join(','), ...rows].join('\r\n')}\r\n`;
}

/** A text that begins like a formula would be one in a spreadsheet. */
function cell(value: unknown): string {
  if (value === undefined) return '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
