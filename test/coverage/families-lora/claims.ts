/** One value that a device may send, and what must be told of it, judged from the vendor's page and not from a profile. */
export interface Claim {
  family: string;
  model: string;
  profile: string;
  topic: string;
  payload: string | Buffer;
  settings?: Record<string, unknown>;
  /** `FIR.SMOKE raise`, with `#input` after the type where there is one, `~test` after the edge of a test; none for what says nothing. */
  wanted?: string;
}
