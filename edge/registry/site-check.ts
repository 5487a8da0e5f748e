import { nearest } from '../../contract/nearest.ts';
import {
  type Credential,
  credentialSchema,
  type Device,
  deviceSchema,
  type Place,
  placeSchema,
  type Site,
  type Slot,
  siteSchema,
  slotSchema,
  type User,
  userSchema,
} from '../../contract/site.ts';
import { campusLeftBehind, checkCampus } from './campus-check.ts';
import { idOf, issue, rawEntries, type SiteIssue, type Table } from './site-issue.ts';
import { refer } from './site-refer.ts';
import { checkCredential, keyProblem } from './topic-rights.ts';

/** What the import must know of the device profiles. */
export interface ProfileFacts {
  ids: ReadonlySet<string>;
  /** Transport family that the profile reads; left out: not checked. */
  sourceOf?(profile: string): string | undefined;
  /** Takes pictures or sound. */
  isCamera?(profile: string): boolean;
  /** What is wrong with a device's settings and inputs; `path` such as `inputs.1.means` or `settings.press`. */
  check(profile: string, device: Pick<Device, 'settings' | 'inputs'>): { path: string; message: string }[];
}

/** What the checks compare a site with. */
export interface SiteContext {
  /** What stays in the registry beside the file; entries of the file replace those of the same id. */
  existing: Site;
  profiles?: ProfileFacts;
}

interface Entry<T> {
  at: PropertyKey[];
  value: T;
}

/** Entries of the file that are well formed, and every id that the file and the registry know. */
interface View {
  places: Entry<Place>[];
  slots: Entry<Slot>[];
  devices: Entry<Device>[];
  credentials: Entry<Credential>[];
  users: Entry<User>[];
  links: Entry<Site['links'][number]>[];
  ids: Record<Table, Set<string>>;
  place: Map<string, Place>;
  bridge: Map<string, string | undefined>;
  /** Accounts that become the user of no device. */
  commissioning: Set<string>;
}

/**
 * Everything the schema cannot say: unique ids, references, the place tree, inputs and their meanings, one device
 * per address, passwords. Takes the raw file, so that an entry that is wrong in itself hides no other fault.
 */
export function checkSite(raw: unknown, context: SiteContext): SiteIssue[] {
  const view = viewOf(raw, context.existing);
  return [
    ...duplicates(raw),
    ...view.places.flatMap((entry) => checkPlace(entry, view)),
    ...view.slots.flatMap((entry) => checkSlot(entry, view)),
    ...view.devices.flatMap((entry) => checkDevice(entry, view, context.existing, context.profiles)),
    ...addressesTwice(view, context.existing),
    ...camerasInPrivate(view, context),
    ...view.credentials.flatMap((entry) => [
      ...checkCredential(entry.at, entry.value),
      ...checkPassword(entry.at, entry.value, context.existing.credentials),
    ]),
    ...view.users.flatMap((entry) => checkPassword(entry.at, entry.value, context.existing.users)),
    ...view.links.flatMap((entry) => checkLink(entry, view)),
    ...checkCampus(raw, context.existing, view.ids),
    ...leftBehind(unlisted(context.existing, raw), view),
    ...campusLeftBehind(unlisted(context.existing, raw), view.ids),
  ];
}

/** What stays as it is: an entry that the import lists is judged as it will be. */
function unlisted(existing: Site, raw: unknown): Site {
  const rest = Object.entries(existing).map(([name, entries]) => {
    const table = name as Table;
    const listed = new Set(rawEntries(raw, table).map((entry) => idOf(table, Object(entry))));
    return [table, entries.filter((entry) => !listed.has(idOf(table, entry)))];
  });
  return Object.fromEntries(rest) as Site;
}

/** What stays in the registry may lose what it refers to when an import replaces a whole table. */
function leftBehind(existing: Site, view: View): SiteIssue[] {
  const lost = (by: string, table: Table, id: string | undefined): SiteIssue[] => {
    if (id === undefined || view.ids[table].has(id)) return [];
    return [
      issue([table], `"${id}" would be removed, but ${by} needs it`, 'list it, or change what needs it'),
    ];
  };
  return [
    ...existing.places.flatMap((place) => lost(`place "${place.id}"`, 'places', place.parent)),
    ...existing.slots.flatMap((slot) => [
      ...lost(`slot "${slot.id}"`, 'places', slot.place),
      ...lost(`slot "${slot.id}"`, 'units', slot.unit),
      ...(slot.neighbours ?? []).flatMap((id) => lost(`slot "${slot.id}"`, 'slots', id)),
    ]),
    ...existing.devices.flatMap((device) => [
      ...[device, ...Object.values(device.inputs ?? {})].flatMap(({ slot }) =>
        lost(`device "${device.id}"`, 'slots', slot),
      ),
      ...lost(`device "${device.id}"`, 'devices', device.bridge),
      ...lost(`device "${device.id}"`, 'credentials', device.user),
    ]),
    ...existing.links.flatMap((link) => [
      ...lost(`the link of slot "${link.slot}"`, 'slots', link.slot),
      ...link.cameras.flatMap((camera) => lost(`the link of slot "${link.slot}"`, 'devices', camera)),
    ]),
  ];
}

function viewOf(raw: unknown, existing: Site): View {
  const entries = <T>(table: Table, schema: { safeParse(value: unknown): { data?: T } }): Entry<T>[] =>
    rawEntries(raw, table).flatMap((item, index) => {
      const { data } = schema.safeParse(item);
      return data === undefined ? [] : [{ at: [table, index], value: data }];
    });
  const ids = (table: Table): Set<string> => {
    const all = [
      ...existing[table],
      ...rawEntries(raw, table).filter((item) => typeof item === 'object' && item !== null),
    ];
    return new Set(all.map((item) => idOf(table, item as object)).filter((id) => id !== undefined));
  };
  const places = entries('places', placeSchema);
  const devices = entries('devices', deviceSchema);
  const credentials = entries('credentials', credentialSchema);
  return {
    places,
    slots: entries('slots', slotSchema),
    devices,
    credentials,
    users: entries('users', userSchema),
    links: entries('links', siteSchema.shape.links.unwrap().element),
    ids: {
      places: ids('places'),
      units: ids('units'),
      slots: ids('slots'),
      devices: ids('devices'),
      credentials: ids('credentials'),
      users: ids('users'),
      links: ids('links'),
      zones: ids('zones'),
      phones: ids('phones'),
      hours: ids('hours'),
      plans: ids('plans'),
      calendar: ids('calendar'),
    },
    place: new Map(
      [...existing.places, ...places.map((entry) => entry.value)].map((place) => [place.id, place]),
    ),
    bridge: new Map(
      [...existing.devices, ...devices.map((entry) => entry.value)].map((d) => [d.id, d.bridge]),
    ),
    commissioning: commissioningUsers([...existing.credentials, ...credentials.map(({ value }) => value)]),
  };
}

/** An account of the file goes before that of the registry. */
function commissioningUsers(credentials: readonly Credential[]): Set<string> {
  const marks = new Map(credentials.map(({ user, commissioning }) => [user, commissioning === true]));
  return new Set([...marks].flatMap(([user, isMarked]) => (isMarked ? [user] : [])));
}

function duplicates(raw: unknown): SiteIssue[] {
  return (Object.keys(siteSchema.shape) as Table[]).flatMap((table) => {
    const first = new Map<string, number>();
    return rawEntries(raw, table).flatMap((item, index) => {
      const id = typeof item === 'object' && item !== null ? idOf(table, item) : undefined;
      if (id === undefined) return [];
      const key = Object.entries(item as object).find(([, value]) => value === id)?.[0] ?? 'id';
      const earlier = first.get(id);
      if (earlier === undefined) first.set(id, index);
      return earlier === undefined
        ? []
        : [issue([table, index, key], `"${id}" is taken by ${table}[${earlier}]`, 'give each its own')];
    });
  });
}

/** What a place may stand in. */
const parents: Record<Place['kind'], readonly Place['kind'][]> = {
  campus: [],
  building: ['campus'],
  floor: ['building'],
  room: ['floor', 'building'],
  point: ['room', 'floor', 'building', 'campus'],
};

function checkPlace({ at, value: place }: Entry<Place>, view: View): SiteIssue[] {
  const allowed = parents[place.kind];
  const { parent } = place;
  if (parent === undefined) {
    return allowed.length === 0
      ? []
      : [issue([...at, 'parent'], 'is missing', `name the ${allowed.join(' or ')} it is in`)];
  }
  if (allowed.length === 0) return [issue([...at, 'parent'], 'a campus is in no other place', 'remove it')];
  const missing = refer([...at, 'parent'], 'place', parent, view.ids.places);
  if (missing.length > 0) return missing;
  const kind = view.place.get(parent)?.kind;
  // An ill-formed parent is reported where it stands.
  if (kind === undefined || allowed.includes(kind)) return [];
  // Kinds descend strictly, so a tree whose kinds are right has no cycle.
  return [
    issue(
      [...at, 'parent'],
      `"${parent}" is a ${kind}; a ${place.kind} stands in a ${allowed.join(' or ')}`,
      'name such a place',
    ),
  ];
}

function checkSlot({ at, value: slot }: Entry<Slot>, view: View): SiteIssue[] {
  return [
    ...refer([...at, 'place'], 'place', slot.place, view.ids.places),
    ...refer([...at, 'unit'], 'unit', slot.unit, view.ids.units),
    ...(slot.neighbours ?? []).flatMap((id, index) =>
      refer([...at, 'neighbours', index], 'slot', id, view.ids.slots),
    ),
  ];
}

function checkDevice(
  { at, value: device }: Entry<Device>,
  view: View,
  existing: Site,
  profiles: ProfileFacts | undefined,
): SiteIssue[] {
  const inputs = Object.entries(device.inputs ?? {});
  const badKey = device.key === undefined ? undefined : keyProblem(device.key);
  return [
    ...(badKey === undefined ? [] : [issue([...at, 'key'], badKey.message, badKey.hint)]),
    ...refer([...at, 'slot'], 'slot', device.slot, view.ids.slots),
    ...inputs.flatMap(([name, input]) =>
      refer([...at, 'inputs', name, 'slot'], 'slot', input.slot, view.ids.slots),
    ),
    ...refer([...at, 'user'], 'credential', device.user, view.ids.credentials),
    ...checkUser([...at, 'user'], device.user, view),
    ...checkBridge([...at, 'bridge'], device, view),
    ...checkOnvif([...at, 'onvif'], device, existing),
    ...(profiles === undefined ? [] : checkProfile(at, device, profiles)),
  ];
}

function checkUser(at: PropertyKey[], user: string | undefined, view: View): SiteIssue[] {
  if (user === undefined || !view.commissioning.has(user)) return [];
  const hint = 'leave user out: the device gets its own account when one is issued';
  return [issue(at, `"${user}" is an account for commissioning, which devices share`, hint)];
}

function checkOnvif(at: PropertyKey[], { id, onvif }: Device, existing: Site): SiteIssue[] {
  if (onvif === undefined) return [];
  const { user, password, password_file: file, tls } = onvif;
  const issues: SiteIssue[] = [];
  const hasPassword = password !== undefined || file !== undefined;
  if (password !== undefined && file !== undefined)
    issues.push(issue([...at, 'password_file'], 'is given beside password', 'keep one of the two'));
  if (user === undefined && hasPassword)
    issues.push(
      issue([...at, file === undefined ? 'password' : 'password_file'], 'is given without user', 'add user'),
    );
  const isKnown = existing.devices.some((device) => device.id === id && device.onvif?.user !== undefined);
  if (user !== undefined && !hasPassword && !isKnown)
    issues.push(issue([...at, 'user'], `"${user}" is new here and has no password`, 'add password_file'));
  if (tls !== undefined && tls.ca_file !== undefined && tls.ca !== undefined)
    issues.push(issue([...at, 'tls', 'ca'], 'is given beside ca_file', 'keep one of the two'));
  return issues;
}

function checkBridge(at: PropertyKey[], device: Device, view: View): SiteIssue[] {
  const missing = refer(at, 'device', device.bridge, view.ids.devices);
  if (missing.length > 0) return missing;
  const passed = new Set<string>();
  for (let next = device.bridge; next !== undefined; next = view.bridge.get(next)) {
    if (next === device.id)
      return [issue(at, `"${device.id}" would be reached through itself`, 'name the real bridge')];
    if (passed.has(next)) return [];
    passed.add(next);
  }
  return [];
}

function checkProfile(at: PropertyKey[], device: Device, profiles: ProfileFacts): SiteIssue[] {
  const id = device.profile;
  if (profiles.ids.has(id)) {
    const source = profiles.sourceOf?.(id) ?? '';
    if (device.onvif !== undefined && source !== 'onvif')
      return [
        issue([...at, 'profile'], `"${id}" does not read ONVIF`, 'choose one that does, e.g. onvif.camera'),
      ];
    if (device.onvif === undefined && source === 'onvif')
      return [issue([...at, 'onvif'], `is missing; "${id}" reads ONVIF`, 'add the address as onvif.url')];
  }
  if (!profiles.ids.has(id)) {
    const near = nearest(id, profiles.ids);
    const hint = near === undefined ? 'see "campus-gateway profiles list"' : `did you mean "${near}"?`;
    return [issue([...at, 'profile'], `there is no profile "${id}"`, hint)];
  }
  return profiles.check(id, device).map(({ path, message }) => {
    const [what = '', ...hints] = message.split('; ');
    return issue([...at, ...path.split('.')], what, hints.length === 0 ? undefined : hints.join('; '));
  });
}

function addressesTwice(view: View, existing: Site): SiteIssue[] {
  const listed = new Set(view.devices.map(({ value }) => value.id));
  const owners = new Map(
    existing.devices
      .filter((device) => !listed.has(device.id))
      .map((device) => [addressOf(device), device.id]),
  );
  return view.devices.flatMap(({ at, value: device }) => {
    const address = addressOf(device);
    const owner = owners.get(address);
    // The same id twice is reported as such.
    if (owner === undefined || owner === device.id) {
      owners.set(address, device.id);
      return [];
    }
    const what = `"${device.key ?? device.id}" is the address of device "${owner}" with the same profile`;
    return [issue([...at, device.key === undefined ? 'id' : 'key'], what, 'give one of them another key')];
  });
}

function addressOf({ id, key, profile }: Device): string {
  return `${profile}\0${key ?? id}`;
}

/** A camera looks into no private place, nor does a channel of a recorder; what is wired to its inputs may be there. */
function camerasInPrivate(view: View, { existing, profiles }: SiteContext): SiteIssue[] {
  if (profiles?.isCamera === undefined) return [];
  const slots = new Map(
    [...existing.slots, ...view.slots.map(({ value }) => value)].map((slot) => [slot.id, slot]),
  );
  const listed = new Set(view.devices.map(({ value }) => value.id));
  const entries: { at?: PropertyKey[]; device: Device }[] = [
    ...view.devices.map(({ at, value: device }) => ({ at, device })),
    ...existing.devices.filter(({ id }) => !listed.has(id)).map((device) => ({ device })),
  ];
  return entries.flatMap(({ at, device }) => {
    if (profiles.isCamera?.(device.profile) !== true) return [];
    const looks: [PropertyKey[], string | undefined][] = [
      [['slot'], device.slot],
      ...Object.entries(device.inputs ?? {}).flatMap(([name, { slot, means }]): typeof looks =>
        means === undefined ? [[['inputs', name, 'slot'], slot]] : [],
      ),
    ];
    return looks.flatMap(([key, slot]) => {
      const place = privatePlace(slots.get(slot ?? '')?.place, view.place);
      if (place === undefined) return [];
      const what = `camera "${device.id}" would look into "${place}", which is private`;
      return [
        issue(at === undefined ? ['places'] : [...at, ...key], what, 'give it a slot at another place'),
      ];
    });
  });
}

/** The place itself, or one it lies in, that is private. */
function privatePlace(place: string | undefined, places: View['place']): string | undefined {
  // kinds descend; the bound keeps a faulty file from hanging the check
  for (let at = place, hops = 0; at !== undefined && hops < 10; at = places.get(at)?.parent, hops++) {
    if (places.get(at)?.private === true) return at;
  }
  return undefined;
}

function checkPassword(
  at: PropertyKey[],
  entry: Credential | User,
  existing: readonly { user: string }[],
): SiteIssue[] {
  if (entry.password !== undefined && entry.password_file !== undefined) {
    return [issue([...at, 'password_file'], 'is given beside password', 'keep one of the two')];
  }
  const none = entry.password === undefined && entry.password_file === undefined;
  if (!none || existing.some(({ user }) => user === entry.user)) return [];
  return [issue([...at, 'user'], `"${entry.user}" is new and has no password`, 'add password_file')];
}

function checkLink({ at, value: link }: Entry<Site['links'][number]>, view: View): SiteIssue[] {
  return [
    ...refer([...at, 'slot'], 'slot', link.slot, view.ids.slots),
    ...link.cameras.flatMap((camera, index) =>
      refer([...at, 'cameras', index], 'device', camera, view.ids.devices),
    ),
  ];
}
