import { eventType } from '../../contract/event-type.ts';
import { nearest } from '../../contract/nearest.ts';
import type { Device, Site, Slot } from '../../contract/site.ts';
import type { Text } from '../../contract/text.ts';
import type { CompiledProfile } from '../../device-profiles/compile.ts';
import { settingsOfTypes } from '../../device-profiles/may-say.ts';
import type { AdoptRequest, NewSlot } from './adopt-request.ts';
import type { InboxGroup } from './inbox.ts';
import { profileFacts } from './profile-facts.ts';
import type { Registry } from './registry.ts';
import { emptySite } from './site-file.ts';
import type { SiteIssue } from './site-issue.ts';
import { issueText } from './site-issue-text.ts';
import type { Profiles } from './strangers.ts';

/** One thing wrong in a request; `path` such as `inputs.1.means`. */
export interface FieldFault {
  path: string;
  message: Text;
}

/** What an adoption would register, or everything that is wrong with it. */
export type Adoption = { device: Device; slots: Slot[]; site: Site } | { faults: FieldFault[] };

export interface AdoptContext {
  registry: Pick<
    Registry,
    'devices' | 'device' | 'slots' | 'links' | 'faultsOf' | 'devicesOfUser' | 'isOwnAccount'
  >;
  profiles: Pick<Profiles, 'get' | 'list'>;
  /** Absent: the device was never heard (command line). */
  group?: InboxGroup;
  /** What the profile calls the device; absent: what it reads from the topics of the group. */
  key?: string;
  /** Types that the device was heard to say: what concerns life makes its slot one. */
  types?: readonly string[];
}

/** Turns what a person wants into a device and its slots, and checks all of it. Writes nothing. */
export function planAdoption(request: AdoptRequest, context: AdoptContext): Adoption {
  const profile = context.profiles.get(request.profile);
  const found = profile === undefined ? [noProfile(request.profile, context)] : [];
  const read = profile === undefined ? undefined : readKey(profile, request, context);
  if (read !== undefined && 'fault' in read) found.push(read.fault);
  const key = read !== undefined && 'key' in read ? read.key : (request.key ?? request.id ?? '');
  const id = request.id ?? freeId(key, request.profile, context);
  const plan = new Plan(request, context, profile, id);
  // of a device over ONVIF the adapter knows who speaks
  const device = plan.device(request.onvif === undefined ? key : id);
  const site: Site = { ...emptySite, slots: plan.slots, devices: [device], links: plan.links() };
  const issues = context.registry.faultsOf(site, profileFacts(context.profiles)).filter(
    // said above, with what to choose
    ({ path }) => !(profile === undefined && path[2] === 'profile'),
  );
  const faults = [...found, ...plan.faults, ...issues.map((issue) => plan.faultOf(issue))];
  return faults.length > 0 ? { faults: unique(faults) } : { device, slots: plan.slots, site };
}

/** The key that the profile reads from what was heard; a key that was given must be that. */
function readKey(
  profile: CompiledProfile,
  { key }: AdoptRequest,
  { group, key: own }: AdoptContext,
): { key: string } | { fault: FieldFault } | undefined {
  if (own !== undefined) return { key: own };
  if (group === undefined) return key === undefined ? undefined : { key };
  const keys = new Set(
    [...group.channels].flatMap((channel) => {
      const match = profile.match(channel);
      return match === undefined || match.ignore ? [] : [match.deviceKey];
    }),
  );
  const wanted = key ?? profile.match(group.channel)?.deviceKey ?? [...keys][0];
  if (wanted !== undefined && keys.has(wanted)) return { key: wanted };
  const { channel } = group;
  if (keys.size === 0) {
    const zh = `模板“${profile.id}”不读取主题“${channel}”，这个设备的报文到不了它。请选择其他模板。`;
    const en = `profile "${profile.id}" does not read the topic "${channel}"; choose another profile`;
    return { fault: { path: 'profile', message: { zh, en } } };
  }
  const list = [...keys].map((one) => `“${one}”`).join('、');
  const zh = `模板从主题“${channel}”读出的设备键是${list}，请填写它，或留空。`;
  const en = `the profile reads ${[...keys].map((one) => `"${one}"`).join(', ')} from the topic "${channel}"; write that, or leave it out`;
  return { fault: { path: 'key', message: { zh, en } } };
}

function noProfile(id: string, { profiles }: AdoptContext): FieldFault {
  const near = nearest(
    id,
    profiles.list().map((profile) => profile.id),
  );
  const zh = near === undefined ? '请从模板列表中选择。' : `是不是“${near}”？`;
  const en = near === undefined ? 'choose one of the list of profiles' : `did you mean "${near}"?`;
  return {
    path: 'profile',
    message: { zh: `没有模板“${id}”。${zh}`, en: `there is no profile "${id}"; ${en}` },
  };
}

/** The work on one request: slots are made on the way. */
class Plan {
  readonly slots: Slot[] = [];
  readonly faults: FieldFault[] = [];
  readonly #request: AdoptRequest;
  readonly #context: AdoptContext;
  readonly #profile: CompiledProfile | undefined;
  readonly #id: string;
  /** Where each new slot stands in the request. */
  readonly #paths: string[] = [];

  constructor(
    request: AdoptRequest,
    context: AdoptContext,
    profile: CompiledProfile | undefined,
    id: string,
  ) {
    this.#request = request;
    this.#context = context;
    this.#profile = profile;
    this.#id = id;
  }

  device(key: string): Device {
    const { name, profile, settings, onvif } = this.#request;
    const bridge = this.#bridge();
    const user = this.#user(bridge, key);
    const slot = this.#ownSlot();
    const inputs = this.#inputs();
    return {
      id: this.#id,
      name,
      profile,
      key,
      ...(slot === undefined ? {} : { slot }),
      ...(inputs === undefined ? {} : { inputs }),
      ...(settings === undefined ? {} : { settings }),
      ...(bridge === undefined ? {} : { bridge }),
      ...(user === undefined ? {} : { user }),
      ...(onvif === undefined ? {} : { onvif }),
    };
  }

  /** What the camera sees, after those that are nearer because somebody named them first. */
  links(): Site['links'] {
    const { sees = [] } = this.#request;
    const links = new Map(this.#context.registry.links().map(({ slot, cameras }) => [slot, cameras]));
    return [...new Set(sees)].map((slot) => ({ slot, cameras: [...(links.get(slot) ?? []), this.#id] }));
  }

  /** An issue of the site as a fault of the request. */
  faultOf(issue: SiteIssue): FieldFault {
    const [table, index, ...rest] = issue.path.map(String);
    const within = rest.join('.');
    if (table === 'links') return { path: `sees.${index}`, message: issueText(issue) };
    const base = table === 'slots' ? this.#paths[Number(index)] : undefined;
    const path =
      base === undefined ? within : base === 'slot' && within === 'place' ? 'place' : `${base}.${within}`;
    return { path, message: issueText(issue) };
  }

  #ownSlot(): string | undefined {
    const { slot, place, inputs } = this.#request;
    if (typeof slot === 'string') return slot;
    const hasInputs = Object.values(inputs ?? {}).some((input) => input.slot !== undefined);
    const at = slot?.place ?? place;
    if (at === undefined) {
      // a module whose inputs are all placed needs no place of its own
      if (!hasInputs) {
        const zh = '请选择安装地点，或一个已有的点位。';
        const en = 'is missing; choose the place where it is installed, or a slot that exists';
        this.faults.push({ path: 'place', message: { zh, en } });
      }
      return undefined;
    }
    const types = [...(this.#context.types ?? []), ...this.#chosenTypes()];
    const lifeSafety = types.some(concernsLife);
    return this.#newSlot('slot', slot ?? {}, { id: this.#id, place: at, lifeSafety });
  }

  /** What the request lets the device say at its own slot: meanings of inputs without another, and of settings. */
  #chosenTypes(): string[] {
    const { inputs = {}, settings = {} } = this.#request;
    const profile = this.#profile;
    if (profile === undefined) return [];
    const named = settingsOfTypes(profile.definition);
    const words = Object.entries(settings).flatMap(([name, value]): unknown[] => {
      if (!named.has(name)) return [];
      return typeof value === 'object' && value !== null ? Object.values(value) : [value];
    });
    for (const { slot, means } of Object.values(inputs)) if (slot === undefined) words.push(means);
    return words.flatMap((word) => (typeof word === 'string' ? this.#typeOf(word) : []));
  }

  /** A meaning of the profile, or a code. */
  #typeOf(word: string): string {
    const meanings = this.#profile?.definition.meanings ?? {};
    return (Object.hasOwn(meanings, word) ? meanings[word] : undefined) ?? word;
  }

  #inputs(): Device['inputs'] {
    const { inputs, place } = this.#request;
    if (inputs === undefined) return undefined;
    return Object.fromEntries(
      Object.entries(inputs).map(([name, { slot, ...rest }]) => {
        if (slot === undefined || typeof slot === 'string') return [name, { ...rest, ...(slot && { slot }) }];
        const at = slot.place ?? place;
        const path = `inputs.${name}.slot`;
        if (at === undefined) {
          const message = {
            zh: '请选择这一路的安装地点。',
            en: 'is missing; choose where this input is wired to',
          };
          this.faults.push({ path: `${path}.place`, message });
          return [name, rest];
        }
        const lifeSafety = rest.means !== undefined && concernsLife(this.#typeOf(rest.means));
        const id = `${this.#id}-${slug(name)}`.slice(0, 64);
        return [name, { ...rest, slot: this.#newSlot(path, slot, { id, place: at, lifeSafety }) }];
      }),
    );
  }

  #newSlot(
    path: string,
    slot: NewSlot,
    preset: Pick<Slot, 'id' | 'place'> & { lifeSafety: boolean },
  ): string {
    const taken = new Set([...this.#context.registry.slots(), ...this.slots].map(({ id }) => id));
    const id = slot.id ?? numbered(preset.id, (one) => taken.has(one));
    const lifeSafety = slot.lifeSafety ?? preset.lifeSafety;
    this.#paths.push(path);
    this.slots.push({
      id,
      name: slot.name ?? this.#request.name,
      place: preset.place,
      ...(slot.unit === undefined ? {} : { unit: slot.unit }),
      ...(lifeSafety ? { lifeSafety } : {}),
      armed: slot.armed ?? 'never',
    });
    return id;
  }

  /** The bridge whose account the device came over, unless another is named. */
  #bridge(): string | undefined {
    const { bridge } = this.#request;
    const { registry, profiles, group } = this.#context;
    if (bridge !== undefined || group?.user === undefined || this.#profile?.bridge === true) return bridge;
    return registry.devicesOfUser(group.user).find(({ profile }) => profiles.get(profile)?.bridge === true)
      ?.id;
  }

  /** The account it connected as, if it has it for itself. */
  #user(bridge: string | undefined, key: string): string | undefined {
    const { user } = this.#request;
    const { registry, group } = this.#context;
    if (user !== undefined || bridge !== undefined || group?.user === undefined) return user;
    return registry.isOwnAccount(group.user, key) ? group.user : undefined;
  }
}

function concernsLife(type: string): boolean {
  return eventType(type)?.lifeSafety === true;
}

/** An id made of the key, which may be in Chinese; then of the profile. */
export function freeId(key: string, profile: string, { registry }: Pick<AdoptContext, 'registry'>): string {
  const wanted = slug(key) || slug(profile.split('.').at(-1) ?? '') || 'device';
  return numbered(wanted, (id) => registry.device(id) !== undefined);
}

function slug(text: string): string {
  return text
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|-+$/g, '')
    .slice(0, 58);
}

function numbered(id: string, isTaken: (id: string) => boolean): string {
  let free = id;
  for (let n = 2; isTaken(free); n++) free = `${id}-${n}`;
  return free;
}

function unique(faults: readonly FieldFault[]): FieldFault[] {
  return faults.filter(({ path }, i) => faults.findIndex((other) => other.path === path) === i);
}
