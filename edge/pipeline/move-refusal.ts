import type { ProblemCode } from '../../contract/problem.ts';
import type { Text } from '../../contract/text.ts';
import type { ZoneView } from '../../contract/zone.ts';

/** What the answer shows beside the sentence. */
export interface RefusalExtra {
  /** Ids that the request had to name and did not. */
  missing?: readonly string[];
  /** The zone as it is now. */
  zone?: ZoneView;
}

/** Thrown inside of a `move` that changes nothing: why, and what to do. */
export class MoveRefusal extends Error {
  readonly refused: ProblemCode;
  readonly detail: Text;
  readonly missing: RefusalExtra['missing'];
  readonly zone: RefusalExtra['zone'];

  constructor(refused: ProblemCode, detail: Text, extra: RefusalExtra = {}) {
    super(detail.en);
    this.refused = refused;
    this.detail = detail;
    this.missing = extra.missing;
    this.zone = extra.zone;
  }

  get extra(): RefusalExtra {
    const { missing, zone } = this;
    return { ...(missing === undefined ? {} : { missing }), ...(zone === undefined ? {} : { zone }) };
  }
}
