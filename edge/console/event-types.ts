import type { Alarm } from '../../contract/alarm.ts';
import type { EventType } from '../../contract/event-type.ts';
import types from '../../contract/event-types.json';
import categories from '../../contract/police-categories.json';
import type { PoliceCategory, PoliceSuggestion } from '../../contract/police-category.ts';

/** The closed list. */
export const eventTypes = types as readonly EventType[];

const byCode: ReadonlyMap<string, EventType> = new Map(eventTypes.map((type) => [type.code, type]));

export const policeCategories: readonly PoliceCategory[] = categories;

/** The type of a code; undefined for one that a newer gateway knows and this console does not. */
export function eventType(code: string): EventType | undefined {
  return byCode.get(code);
}

/** The police category to preselect at disposition. `confirm`: a person has to confirm it (the star in the list). */
export function policeSuggestion({ type }: Pick<Alarm, 'type'>): PoliceSuggestion | undefined {
  const text = eventType(type)?.codes.ga669_7;
  if (text === undefined) return undefined;
  const confirm = text.endsWith('*');
  const code = confirm ? text.slice(0, -1) : text;
  return policeCategories.some((category) => category.code === code) ? { code, confirm } : undefined;
}
