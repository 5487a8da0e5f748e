import type { CompiledForm } from './compile.ts';

/** What samples reached, for the linter. */
export interface Trace {
  /** Entries written out that applied, by their index. */
  readonly entries: Set<number>;
  readonly forms: Set<CompiledForm>;
}

export function newTrace(): Trace {
  return { entries: new Set(), forms: new Set() };
}
