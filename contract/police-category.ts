import { z } from 'zod';
import data from './police-categories.json' with { type: 'json' };

/** An incident category of the police, six digits (GA/T 669.7-2008 B.3). */
export interface PoliceCategory {
  readonly code: string;
  readonly zh: string;
}

/** The categories offered when an alarm is disposed, in the order of their codes. */
export const policeCategories: readonly PoliceCategory[] = data;

const codes: readonly string[] = policeCategories.map((category) => category.code);

/** A code of `policeCategories`, without a star. `990000` is the one for what is not verified yet. */
export const policeCodeSchema = z.enum(codes, {
  error: (issue) => `"${String(issue.input)}" is no police category; write one of ${codes.join(', ')}`,
});

/** What an event type proposes as its police category. */
export interface PoliceSuggestion {
  readonly code: string;
  /** True: a person has to confirm it at disposition before it is reported. */
  readonly confirm: boolean;
}

/**
 * Reads `codes.ga669_7` of an event type: `990000*` is a suggestion to confirm, `400100` stands by itself.
 * Undefined for no code or one that is not in `policeCategories`.
 */
export function parsePoliceSuggestion(text: string | undefined): PoliceSuggestion | undefined {
  if (text === undefined) return undefined;
  const confirm = text.endsWith('*');
  const code = confirm ? text.slice(0, -1) : text;
  return codes.includes(code) ? { code, confirm } : undefined;
}
