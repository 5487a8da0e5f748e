import type { Credential } from '../../contract/site.ts';
import type { SiteIssue } from './site-issue.ts';

/** Topics that a device with this profile and address publishes and is written to. */
export type TopicsOf = (
  profile: string,
  key: string,
) => { publish: readonly string[]; subscribe: readonly string[] };

/** Filters of a credential with its own name filled in. */
export function fillIn(filters: readonly string[], user: string): string[] {
  return filters.map((filter) => filter.replaceAll('{user}', user));
}

/** Faults of a credential's name and filters, by their path. */
export function checkCredential(at: PropertyKey[], credential: Credential): SiteIssue[] {
  const issues: SiteIssue[] = [];
  const add = (path: PropertyKey[], message: string, hint: string) =>
    issues.push({ path: [...at, ...path], message, hint });
  // A wildcard in the name would widen every right written with {user}.
  if (/[+#/\p{Cc}]/u.test(credential.user)) {
    add(
      ['user'],
      `"${credential.user}" has a character that topics give a meaning to`,
      'use no "+", "#", "/" or control character',
    );
  }
  for (const right of ['publish', 'subscribe'] as const) {
    for (const [index, filter] of (credential[right] ?? []).entries()) {
      const problem = filterProblem(filter);
      if (problem !== undefined)
        add([right, index], `"${filter}" ${problem}`, 'write a topic or filter, e.g. io/{user}/#');
      else if (right === 'subscribe' && /^[+#/]*$/.test(filter)) {
        add(
          [right, index],
          `"${filter}" would show this account every device`,
          'name a branch, e.g. io/{user}/#',
        );
      }
    }
  }
  return issues;
}

/** What is wrong with a device's key as a part of its topics; it may have several levels. */
export function keyProblem(key: string): { message: string; hint: string } | undefined {
  // Quoted as JSON: a control character must not reach a terminal.
  const shown = JSON.stringify(key);
  if (/[+#\p{Cc}]/u.test(key)) {
    const message = `${shown} has a character that no topic can have`;
    return { message, hint: 'use no "+", "#" or control character' };
  }
  if (key.split('/').some((level) => level === '')) {
    return {
      message: `${shown} has an empty level`,
      hint: 'write no "/" at its start or end, and none beside another',
    };
  }
  return undefined;
}

/** MQTT 3.1.1, 4.7.1: `#` only as the last level, `+` only as a whole level. */
function filterProblem(filter: string): string | undefined {
  const levels = filter.split('/');
  if (filter === '' || Buffer.byteLength(filter) > 65_535 || filter.includes('\0'))
    return 'is no MQTT filter';
  const hash = levels.findIndex((level) => level.includes('#'));
  if (hash !== -1 && (levels[hash] !== '#' || hash !== levels.length - 1))
    return 'has a "#" that is not the whole last level';
  if (levels.some((level) => level.includes('+') && level !== '+'))
    return 'has a "+" that is not a whole level';
  if (filter.startsWith('$')) return 'is a topic of the broker itself';
  return undefined;
}
