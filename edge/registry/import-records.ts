import type { Site } from '../../contract/site.ts';
import { campusChanges, type SectionChanges } from './campus-changes.ts';

/** What a file changed of the campus, for SYS.CFG. */
export interface ImportRecord extends Record<string, unknown> {
  /** The import of `edge.yaml`, or another process: nobody is signed in to say who. */
  by: 'site.import' | 'command line';
  what: 'campus imported';
  changes: Record<string, SectionChanges>;
}

/** Keeps what imports changed until the journal takes records: the first one comes before it. */
export class ImportRecords {
  #emit: ((record: ImportRecord) => void) | undefined;
  readonly #waiting: ImportRecord[] = [];

  /** A first import fills an empty registry; that is no change of anything. */
  take(by: ImportRecord['by'], before: Site, after: Site): void {
    if (before.places.length === 0 && before.slots.length === 0) return;
    const changes = campusChanges(before, after);
    if (changes === undefined) return;
    const record: ImportRecord = { by, what: 'campus imported', changes };
    if (this.#emit === undefined) this.#waiting.push(record);
    else this.#emit(record);
  }

  start(emit: (record: ImportRecord) => void): void {
    this.#emit = emit;
    for (const record of this.#waiting.splice(0)) emit(record);
  }
}
