import type { AuditEntry } from '../../contract/audit.ts';

/** Takes an entry; `at` is now. It is stored soon, also while the disk is in trouble. */
export type RecordAudit = (entry: Omit<AuditEntry, 'at'>) => void;
