import type { Settings } from '../../../device-profiles/settings.ts';
import { Bench, builtinProfile } from '../../device-profiles/helpers.ts';

/** One message on the wire; a payload that is no text goes as JSON. */
export interface Wire {
  topic: string;
  payload: unknown;
}

/** What one message of a family must become, by its documentation and not by the profile. */
export interface Claim {
  family: string;
  profile: string;
  /** For the list of misses. */
  what: string;
  settings?: Settings;
  wire: Wire;
  /** `FIR.SMOKE raise`, `FIR.SMOKE#0 raise`, `FIR.SMOKE raise test`; empty for nothing at all. */
  becomes: readonly string[];
  /** The value is none that the documentation lists: it must be counted. */
  strange?: boolean;
}

/** What a profile made of the first message of a device; undefined if that is what was claimed. */
export function missOf(claim: Claim): string | undefined {
  const bench = new Bench(builtinProfile(claim.profile), claim.wire.topic, claim.settings);
  const { drafts, unknown = 0, status } = bench.send(claim.wire.payload);
  const told = drafts.map(
    ({ type, input, edge, mode }) =>
      `${type}${input === undefined ? '' : `#${input}`} ${edge}${mode === 'live' ? '' : ` ${mode}`}`,
  );
  const right = told.sort().join() === [...claim.becomes].sort().join();
  const counted = claim.strange !== true || (unknown > 0 && status === 'unmapped');
  return right && counted
    ? undefined
    : `${claim.family}: ${claim.what} became [${told.join(', ')}] (${status})`;
}

/** One row of a table: an identifier, a value, and what it says; `strange` for a value of no documentation. */
export type Row = readonly [identifier: string, value: unknown, says: string | 'nothing' | 'strange'];

/** Claims of a table in each of the forms of a family. */
export function claimsOf(
  family: string,
  profile: string,
  rows: readonly Row[],
  forms: Readonly<Record<string, (identifier: string, value: unknown) => Wire>>,
  settings?: Settings,
): Claim[] {
  return Object.entries(forms).flatMap(([form, wireOf]) =>
    rows.map(([identifier, value, says]) => ({
      family,
      profile,
      what: `${form} ${identifier}=${JSON.stringify(value)}`,
      ...(settings === undefined ? {} : { settings }),
      wire: wireOf(identifier, value),
      becomes: says === 'nothing' || says === 'strange' ? [] : says.split(' + '),
      ...(says === 'strange' ? { strange: true } : {}),
    })),
  );
}

/** Each event of a claim with this input: where a form names one. */
export function withInput(claims: readonly Claim[], input: string): Claim[] {
  return claims.map((claim) => ({
    ...claim,
    becomes: claim.becomes.map((event) => event.replace(/^\S+/, (type) => `${type}#${input}`)),
  }));
}
