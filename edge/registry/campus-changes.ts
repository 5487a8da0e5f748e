import type { Site } from '../../contract/site.ts';
import { campusSections } from './campus-edit.ts';
import { idOf } from './site-issue.ts';

/** Ids named of one section and kind of change; a large import names the first, and how many there were. */
const NAMED = 50;

/** What has changed in a section. */
export interface SectionChanges {
  added: string[];
  changed: string[];
  removed: string[];
  /** All of them, named or not. */
  count: number;
}

/**
 * What is different between two states of the campus, by section; undefined: nothing. Devices, accounts and people have
 * records of their own. Pure.
 */
export function campusChanges(before: Site, after: Site): Record<string, SectionChanges> | undefined {
  const sections = campusSections.flatMap((section): [string, SectionChanges][] => {
    const texts = (site: Site) => {
      const entries: readonly object[] = site[section];
      return new Map(entries.map((entry) => [idOf(section, entry) ?? '', JSON.stringify(entry)]));
    };
    const [old, now] = [texts(before), texts(after)];
    const added = [...now.keys()].filter((id) => !old.has(id));
    const changed = [...now].flatMap(([id, text]) => (old.has(id) && old.get(id) !== text ? [id] : []));
    const removed = [...old.keys()].filter((id) => !now.has(id));
    const count = added.length + changed.length + removed.length;
    const first = (ids: string[]) => ids.slice(0, NAMED);
    return count === 0
      ? []
      : [[section, { added: first(added), changed: first(changed), removed: first(removed), count }]];
  });
  return sections.length === 0 ? undefined : Object.fromEntries(sections);
}
