import { nearest } from '../../contract/nearest.ts';
import { issue, type SiteIssue } from './site-issue.ts';

/** A fault where an id is given that nobody knows. */
export function refer(
  at: PropertyKey[],
  what: string,
  id: string | undefined,
  known: ReadonlySet<string>,
): SiteIssue[] {
  if (id === undefined || known.has(id)) return [];
  const near = nearest(id, known);
  return [
    issue(
      at,
      `there is no ${what} "${id}"`,
      near === undefined ? `add it to the ${what}s` : `did you mean "${near}"?`,
    ),
  ];
}
