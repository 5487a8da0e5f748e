import { nearest } from '../contract/nearest.ts';
import { normaliseValue } from './compare.ts';
import type { Complaint } from './complaint.ts';
import { emitOf } from './expand-map.ts';
import type { ProfileDefinition } from './profile-schema.ts';

/** Tables that are not there, rows that say nothing, codes that are there twice. */
export function lintTables({ map, tables }: ProfileDefinition): Complaint[] {
  const complaints: Complaint[] = [];
  for (const [i, { when, emit }] of map.entries()) {
    if (when.table === undefined) continue;
    const rows = Object.hasOwn(tables, when.table) ? tables[when.table] : undefined;
    if (rows === undefined) {
      const near = nearest(when.table, Object.keys(tables));
      const hint = near === undefined ? 'add it to "tables"' : `did you mean "${near}"?`;
      complaints.push({
        path: ['map', i, 'when', 'table'],
        message: `there is no table "${when.table}"; ${hint}`,
      });
      continue;
    }
    if (when.in !== undefined || when.any !== undefined)
      complaints.push({
        path: ['map', i, 'when'],
        message: 'the table says which values; remove "in" and "any"',
      });
    for (const [code, row] of Object.entries(rows)) {
      if (row.ignore !== undefined || emitOf(row, emit) !== undefined) continue;
      const lacks = (row.type ?? emit?.type) === undefined ? 'type: FIR.SMOKE' : 'edge: pulse';
      complaints.push({
        path: ['tables', when.table, code],
        message: `says too little; add "${lacks}" here or to "emit" of map[${i}]`,
      });
    }
  }
  for (const [name, rows] of Object.entries(tables)) {
    const seen = new Map<unknown, string>();
    for (const code of Object.keys(rows)) {
      const first = seen.get(normaliseValue(code));
      if (first !== undefined)
        complaints.push({
          path: ['tables', name, code],
          message: `is the same code as "${first}"; remove one`,
        });
      seen.set(normaliseValue(code), code);
    }
  }
  return complaints;
}
