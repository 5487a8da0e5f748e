import { type CalendarEntry, calendarEntrySchema } from '../../contract/calendar.ts';
import {
  hoursSchema,
  phoneSchema,
  placeSchema,
  planSchema,
  type Site,
  slotSchema,
} from '../../contract/site.ts';
import { type Zone, zoneSchema } from '../../contract/zone.ts';
import { issue, rawEntries, type SiteIssue, type Table } from './site-issue.ts';
import { refer } from './site-refer.ts';
import { zoneOfSlots } from './zone-members.ts';

type Ids = Readonly<Record<Table, ReadonlySet<string>>>;

interface Entry<T> {
  at: PropertyKey[];
  value: T;
}

function entries<T>(
  raw: unknown,
  table: Table,
  schema: { safeParse(value: unknown): { data?: T } },
): Entry<T>[] {
  return rawEntries(raw, table).flatMap((item, index) => {
    const { data } = schema.safeParse(item);
    return data === undefined ? [] : [{ at: [table, index], value: data }];
  });
}

/** What is registered, with the entries of the file in the place of those of the same id. */
function merged<T extends { id: string }>(existing: readonly T[], listed: readonly Entry<T>[]): T[] {
  const ids = new Set(listed.map(({ value }) => value.id));
  return [...existing.filter(({ id }) => !ids.has(id)), ...listed.map(({ value }) => value)];
}

/** Zones, telephones, hours, plans and the calendar: what a schema cannot say of them. */
export function checkCampus(raw: unknown, existing: Site, ids: Ids): SiteIssue[] {
  const zones = entries(raw, 'zones', zoneSchema);
  const calendar = entries(raw, 'calendar', calendarEntrySchema);
  const places = entries(raw, 'places', placeSchema);
  const site = {
    zones: merged(existing.zones, zones),
    slots: merged(existing.slots, entries(raw, 'slots', slotSchema)),
    places: merged(existing.places, places),
  };
  return [
    ...zones.flatMap((entry) => checkZone(entry, ids)),
    ...membership(zones, site),
    ...leavers(raw, zones, site, existing),
    ...entries(raw, 'phones', phoneSchema).flatMap(({ at, value: { units = [], places = [] } }) => [
      ...units.flatMap((id, index) => refer([...at, 'units', index], 'unit', id, ids.units)),
      ...places.flatMap((id, index) => refer([...at, 'places', index], 'place', id, ids.places)),
    ]),
    ...entries(raw, 'hours', hoursSchema).flatMap(({ at, value: { place } }) =>
      refer([...at, 'place'], 'place', place, ids.places),
    ),
    ...entries(raw, 'plans', planSchema).flatMap(({ at, value: { place } }) =>
      refer([...at, 'place'], 'place', place, ids.places),
    ),
    ...places.flatMap(({ at, value: { plan } }) =>
      // positions may be noted before there is a picture
      ids.plans.size === 0 ? [] : refer([...at, 'plan', 'id'], 'plan', plan?.id, ids.plans),
    ),
    ...calendar.flatMap(checkSpan),
    ...overlaps(merged(existing.calendar, calendar), calendar),
  ];
}

/** What stays in the registry may lose what it refers to when an import replaces a whole table. */
export function campusLeftBehind(existing: Site, ids: Ids): SiteIssue[] {
  const lost = (by: string, table: Table, names: readonly string[] = []): SiteIssue[] =>
    names
      .filter((id) => !ids[table].has(id))
      .map((id) =>
        issue([table], `"${id}" would be removed, but ${by} needs it`, 'list it, or change what needs it'),
      );
  return [
    ...existing.zones.flatMap((zone) => [
      ...lost(`zone "${zone.id}"`, 'slots', [
        ...new Set([...(zone.slots ?? []), ...(zone.entrySlots ?? []), ...(zone.staySlots ?? [])]),
      ]),
      ...lost(`zone "${zone.id}"`, 'places', zone.places),
    ]),
    ...existing.phones.flatMap((phone) => [
      ...lost(`phone "${phone.id}"`, 'units', phone.units),
      ...lost(`phone "${phone.id}"`, 'places', phone.places),
    ]),
    ...existing.hours.flatMap((hours) => lost(`hours "${hours.id}"`, 'places', [hours.place])),
    ...existing.plans.flatMap((plan) => lost(`plan "${plan.id}"`, 'places', [plan.place])),
  ];
}

function checkZone({ at, value: zone }: Entry<Zone>, ids: Ids): SiteIssue[] {
  const slots = (['slots', 'entrySlots', 'staySlots'] as const).flatMap((key) =>
    (zone[key] ?? []).flatMap((id, index) => refer([...at, key, index], 'slot', id, ids.slots)),
  );
  const places = (zone.places ?? []).flatMap((id, index) =>
    refer([...at, 'places', index], 'place', id, ids.places),
  );
  const empty = (zone.slots ?? []).length + (zone.places ?? []).length === 0;
  return [
    ...slots,
    ...places,
    ...(empty ? [issue([...at, 'slots'], 'is missing', 'name the slots, or the places, of the zone')] : []),
  ];
}

/** A slot is in one zone, and its way in and out is its own. */
function membership(
  listed: readonly Entry<Zone>[],
  site: Pick<Site, 'zones' | 'slots' | 'places'>,
): SiteIssue[] {
  const members = zoneOfSlots(site);
  const slots = new Map(site.slots.map((slot) => [slot.id, slot]));
  return listed.flatMap(({ at, value: zone }) => {
    const others = site.zones.filter(({ id }) => id !== zone.id);
    const twice = (key: 'slots' | 'places'): SiteIssue[] =>
      (zone[key] ?? []).flatMap((id, index) => {
        const other = others.find((one) => one[key]?.includes(id));
        if (other === undefined) return [];
        return [
          issue([...at, key, index], `"${id}" is in zone "${other.id}" already`, 'keep it in one of them'),
        ];
      });
    const always = (zone.slots ?? []).flatMap((id, index) =>
      slots.get(id)?.armed === 'always'
        ? [
            issue(
              [...at, 'slots', index],
              `"${id}" is armed around the clock (armed: always)`,
              'take it out of the zone, or remove "armed" from the slot',
            ),
          ]
        : [],
    );
    const inside = (key: 'entrySlots' | 'staySlots'): SiteIssue[] =>
      (zone[key] ?? []).flatMap((id, index) =>
        slots.has(id) && members.get(id)?.id !== zone.id
          ? [issue([...at, key, index], `"${id}" is not in this zone`, 'add it to the slots of the zone')]
          : [],
      );
    return [
      ...twice('slots'),
      ...twice('places'),
      ...always,
      ...inside('entrySlots'),
      ...inside('staySlots'),
    ];
  });
}

/** A slot that a change takes out of another zone, which has it as a way in: that zone could not be imported any more. */
function leavers(
  raw: unknown,
  listed: readonly Entry<Zone>[],
  site: Pick<Site, 'zones' | 'slots' | 'places'>,
  existing: Site,
): SiteIssue[] {
  const ids = new Set(listed.map(({ value }) => value.id));
  const others = existing.zones.filter(({ id }) => !ids.has(id));
  if (others.length === 0) return [];
  const [before, after] = [zoneOfSlots(existing), zoneOfSlots(site)];
  const table = (['zones', 'slots', 'places'] as const).find((one) => rawEntries(raw, one).length > 0);
  return others.flatMap(({ id, entrySlots = [], staySlots = [] }) =>
    [...new Set([...entrySlots, ...staySlots])]
      .filter((slot) => before.get(slot)?.id === id && after.get(slot)?.id !== id)
      .map((slot) =>
        issue(
          [table ?? 'zones'],
          `"${slot}" would leave zone "${id}", which names it as a way in or as off in stay mode`,
          'take it out of that zone first',
        ),
      ),
  );
}

function checkSpan({ at, value }: Entry<CalendarEntry>): SiteIssue[] {
  if (value.kind === 'makeup' || value.kind === 'band' || value.from <= value.to) return [];
  return [issue([...at, 'to'], `is before ${value.from}`, 'write the last day, e.g. 2027-01-20')];
}

/** A day is in one term or vacation. */
function overlaps(all: readonly CalendarEntry[], listed: readonly Entry<CalendarEntry>[]): SiteIssue[] {
  const spans = all.flatMap((one) => (one.kind === 'term' || one.kind === 'vacation' ? [one] : []));
  return listed.flatMap(({ at, value }) => {
    if (value.kind !== 'term' && value.kind !== 'vacation') return [];
    const other = spans.find((one) => one.id !== value.id && one.from <= value.to && value.from <= one.to);
    if (other === undefined) return [];
    return [
      issue([...at, 'from'], `overlaps "${other.id}" (${other.from} to ${other.to})`, 'change one of them'),
    ];
  });
}
