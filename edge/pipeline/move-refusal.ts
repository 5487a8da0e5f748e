import type { ProblemCode } from '../../contract/problem.ts';

/** A sentence for a person, in both languages of the console. */
interface Text {
  zh: string;
  en: string;
}

/** Thrown inside of a `move` that changes nothing: why, and what to do. */
export class MoveRefusal extends Error {
  readonly refused: ProblemCode;
  readonly detail: Text;
  /** Ids that the request had to name and did not. */
  readonly missing: readonly string[] | undefined;

  constructor(refused: ProblemCode, detail: Text, missing?: readonly string[]) {
    super(detail.en);
    this.refused = refused;
    this.detail = detail;
    this.missing = missing;
  }
}
