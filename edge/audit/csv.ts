import type { AuditEntry } from '../../contract/audit.ts';
import { csv } from '../ops/csv.ts';

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

/** Lines as a table for a spreadsheet. */
export function auditCsv(entries: ReadonlyArray<AuditEntry & { n: number }>): string {
  const rows = entries.map((entry) =>
    columns.map((column) => {
      if (column === 'second') return entry.second?.user;
      const value = entry[column];
      return typeof value === 'object' ? JSON.stringify(value) : value;
    }),
  );
  return csv([columns, ...rows]);
}
