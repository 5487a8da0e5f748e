import type { Logger } from 'pino';
import { formatFault } from '../../config/fault.ts';
import type { EventDraft } from '../../contract/event.ts';
import { eventType } from '../../contract/event-type.ts';
import type { Device, Slot } from '../../contract/site.ts';
import type { Text } from '../../contract/text.ts';
import type { CompiledProfile } from '../../device-profiles/compile.ts';
import { loadProfile } from '../../device-profiles/load-profile.ts';
import type { ProfileClock } from '../../device-profiles/normalise.ts';
import { checkSettings, type Settings } from '../../device-profiles/settings.ts';
import type { Mqtt5Peer } from '../adapters/mqtt/mqtt5-peers.ts';
import { ownDraft } from '../pipeline/own-event.ts';
import { type FieldFault, freeId, planAdoption } from './adopt.ts';
import type { AdoptRequest } from './adopt-request.ts';
import { type Candidates, play, type ReadEvent, rankCandidates, readsOf } from './candidates.ts';
import { settingsOf } from './device-settings.ts';
import { type Offer, offerOf, withProposed } from './discovery.ts';
import { isDiscovery } from './discovery-topic.ts';
import type { Ignored, IgnoredView } from './ignored.ts';
import type { InboxGroup, InboxSample, UnknownDeviceInbox } from './inbox.ts';
import { preview } from './preview.ts';
import { profileFacts } from './profile-facts.ts';
import { type Registry, SiteError } from './registry.ts';
import { issueText } from './site-issue-text.ts';
import type { ProfileRefusal, SiteProfiles } from './site-profiles.ts';
import type { Profiles } from './strangers.ts';

/** Groups whose best guess is remembered until their next message. */
interface Judged extends Candidates {
  count: number;
  profiles: number;
}

/** What the form of an adoption starts with. */
export interface Suggestion {
  id: string;
  bridge?: string;
  user?: string;
}

/** What became of an adoption. */
export interface Adopted {
  device: Device;
  slots: readonly Slot[];
  next: NextMessage;
}

/** What the next message gives, if it is like the last one that was kept. */
export interface NextMessage {
  status: 'mapped' | 'unmapped' | 'undecodable' | 'ignored' | 'unknown';
  reads: readonly ReadEvent[];
  detail?: string;
  /** The last thing that the device said is an alarm: somebody should look. */
  alarming: boolean;
}

export type AdoptOutcome =
  | { adopted: Adopted }
  | { faults: FieldFault[] }
  /** Nothing is wrong with the request; the gateway cannot do it as it is set up. */
  | { refused: Text }
  | 'gone'
  | 'registered';

export interface InboxDeskOptions {
  inbox: UnknownDeviceInbox;
  registry: Registry;
  profiles: SiteProfiles;
  profileClock: ProfileClock;
  /** Milliseconds since 1970. */
  clock: () => number;
  /** Milliseconds, for durations. */
  monotonic: () => number;
  /** Writes what a person changed into the journal. */
  emit: (draft: EventDraft) => Promise<void>;
  /** Devices that knocked with MQTT 5 and were refused: they can say nothing else. */
  mqtt5?: () => readonly Mqtt5Peer[];
  /** A device that is registered now was heard through this adapter as a stranger. */
  heard?: (device: string, adapter: string) => void;
  logger: Logger;
}

/** What people do with the inbox: look, adopt, ignore. Judges on demand, never while a message is taken. */
export class InboxDesk {
  readonly #o: InboxDeskOptions;
  readonly #judged = new WeakMap<InboxGroup, Judged>();
  readonly #offers = new WeakMap<InboxGroup, { offer: Offer; count: number; profiles: number }>();
  #profiles = 0;

  constructor(options: InboxDeskOptions) {
    this.#o = options;
    options.profiles.onChange(() => {
      this.#profiles += 1;
      options.inbox.refresh();
    });
    options.registry.onChange(() => options.inbox.forget((group) => this.#isSettled(group)));
  }

  /** Last heard first. */
  groups(): InboxGroup[] {
    return this.#o.inbox.list();
  }

  get(id: string): InboxGroup | undefined {
    return this.#o.inbox.get(id);
  }

  get evicted(): number {
    return this.#o.inbox.evicted;
  }

  /** Devices that speak MQTT 5 only, who knocked last first. */
  get mqtt5(): readonly Mqtt5Peer[] {
    return [...(this.#o.mqtt5?.() ?? [])].sort((a, b) => b.lastAt - a.lastAt);
  }

  get counts(): UnknownDeviceInbox['counts'] {
    return this.#o.inbox.counts;
  }

  /** What the profiles make of a group. Some milliseconds; remembered until its next message. */
  judge(group: InboxGroup): Candidates {
    const known = this.#judged.get(group);
    if (known?.count === group.count && known.profiles === this.#profiles) return known;
    const { profiles, profileClock: clock, monotonic: now } = this.#o;
    const judged = { ...rankCandidates(group, { profiles, clock, now }), count: group.count };
    this.#judged.set(group, { ...judged, profiles: this.#profiles });
    return judged;
  }

  /** What a device says of itself; undefined for a group of other messages. Remembered as `judge` does. */
  offer(group: InboxGroup): Offer | undefined {
    if (!isDiscovery(group)) return undefined;
    const known = this.#offers.get(group);
    if (known?.count === group.count && known.profiles === this.#profiles) return known.offer;
    const offer = offerOf(group, this.#o.profiles);
    this.#offers.set(group, { offer, count: group.count, profiles: this.#profiles });
    return offer;
  }

  /** A discovery message comes again and again, also when its device is registered: then it is no news. */
  isOver(group: InboxGroup): boolean {
    const offer = this.offer(group);
    if (offer === undefined || offer.kind === 'unsupported') return false;
    const [profile, key] =
      offer.kind === 'covered'
        ? [offer.profile, offer.deviceKey]
        : [offer.device.profile, offer.device.key ?? offer.device.id];
    const over = this.#o.registry.findDevice(profile, key) !== undefined;
    if (over) this.#o.inbox.forget((one) => one === group);
    return over;
  }

  /** The beginning of a payload, masked. */
  preview(group: InboxGroup, sample: InboxSample): Buffer {
    return preview(group, sample, this.#o.profiles);
  }

  suggest(group: InboxGroup): Suggestion {
    const best = this.judge(group).candidates[0];
    const { registry, profiles } = this.#o;
    const id = freeId(best?.deviceKey ?? group.clientId ?? '', best?.profile ?? '', { registry });
    const own = group.user === undefined ? [] : registry.devicesOfUser(group.user);
    const bridge = own.find(({ profile }) => profiles.get(profile)?.bridge === true)?.id;
    const isOwn =
      group.user !== undefined && best !== undefined && registry.isOwnAccount(group.user, best.deviceKey);
    return { id, ...(bridge && { bridge }), ...(isOwn && group.user && { user: group.user }) };
  }

  /** Registers a group's device: from its next message on it makes events. Rejects when nothing could be stored. */
  async adopt(id: string, request: AdoptRequest, by: string): Promise<AdoptOutcome> {
    const group = this.get(id);
    if (group === undefined) return 'gone';
    if (group.device !== undefined) return 'registered';
    const offer = this.offer(group);
    if (offer !== undefined) return this.#adoptOffer(group, offer, request, by);
    const types = this.#typesOf(group, request);
    const outcome = await register(request, { ...this.#o, by, group, types });
    if ('faults' in outcome) return outcome;
    const { device, slots } = outcome;
    this.#o.heard?.(device.id, group.adapter);
    this.#o.inbox.forget((one) => one === group);
    return { adopted: { device, slots, next: this.#next(group, device) } };
  }

  /** Registers a device as it describes itself; its profile is written first, and taken back when that fails. */
  async #adoptOffer(
    group: InboxGroup,
    offer: Offer,
    request: AdoptRequest,
    by: string,
  ): Promise<AdoptOutcome> {
    if (offer.kind !== 'proposal') return { refused: notOffered(offer) };
    const { device: proposed, proposal, writes } = offer;
    if (request.profile !== proposed.profile) {
      const zh = `这条自描述报文对应的模板是“${proposed.profile}”，请填写它。`;
      const en = `the profile of this discovery message is "${proposed.profile}"; write that`;
      return { faults: [{ path: 'profile', message: { zh, en } }] };
    }
    const { profiles } = this.#o;
    const wanted = withProposed(request, proposed);
    const added = writes ? loadProfile(proposal.yaml, proposed.profile, 'site').profile : undefined;
    const all = added === undefined ? profiles : withProfile(profiles, added);
    const context = {
      ...this.#o,
      by,
      group,
      key: proposed.key ?? proposed.id,
      types: typesOf(proposed, all),
    };
    const plan = planAdoption(wanted, { ...context, profiles: all });
    if ('faults' in plan) return plan;
    const refusal = writes ? profiles.add(proposed.profile, proposal.yaml) : undefined;
    if (refusal !== undefined) return { refused: notWritten(refusal, proposed.profile) };
    const outcome = await register(wanted, context).catch((error: unknown) => {
      if (writes) profiles.remove(proposed.profile);
      throw error;
    });
    if ('faults' in outcome) {
      if (writes) profiles.remove(proposed.profile);
      return outcome;
    }
    this.#o.inbox.forget((one) => one === group);
    return { adopted: { ...outcome, next: { status: 'unknown', reads: [], alarming: false } } };
  }

  /** Ignores an unknown device until it is revoked; of a registered one only what is kept now is forgotten. */
  async dismiss(id: string, by: string): Promise<'ignored' | 'forgotten' | 'full' | 'gone'> {
    const group = this.get(id);
    if (group === undefined) return 'gone';
    if (group.device === undefined) {
      const { names, channel, adapter, user } = group;
      const ignored: Ignored = {
        id,
        names,
        channel,
        adapter,
        ...(user === undefined ? {} : { user }),
        by,
        at: this.#o.clock(),
      };
      if (!(await this.#o.registry.ignored.add(ignored))) return 'full';
      this.#record(by, { what: 'unknown device ignored', channel });
    }
    this.#o.inbox.forget((one) => one === group);
    return group.device === undefined ? 'ignored' : 'forgotten';
  }

  ignored(): IgnoredView[] {
    return this.#o.registry.ignored.list();
  }

  /** The device is shown again with its next message. False: it is not ignored. */
  async revoke(id: string, by: string): Promise<boolean> {
    const ignored = this.#o.registry.ignored.get(id);
    if (ignored === undefined) return false;
    await this.#o.registry.ignored.remove(id);
    this.#record(by, { what: 'unknown device shown again', channel: ignored.channel });
    return true;
  }

  /** Its device is registered now, by whatever way, or no longer. */
  #isSettled({ device, names, adapter }: InboxGroup): boolean {
    const { registry } = this.#o;
    if (device !== undefined) return registry.device(device) === undefined;
    // asked for when it is shown
    if (isDiscovery({ names })) return false;
    for (const name of names) {
      const [, profile = '', key = ''] = name.split('\0');
      const found = registry.findDevice(profile, key);
      if (found === undefined) continue;
      this.#o.heard?.(found.id, adapter);
      return true;
    }
    return false;
  }

  /** What the kept messages say at the device's own slot, read as the request wants it. */
  #typesOf(group: InboxGroup, { profile: id, key, inputs, settings }: AdoptRequest): string[] {
    const profile = this.#o.profiles.get(id);
    const deviceKey = key ?? profile?.match(group.channel)?.deviceKey;
    if (profile === undefined || deviceKey === undefined) return [];
    const meant = Object.entries(inputs ?? {}).map(([name, { slot: _, ...input }]) => [name, input]);
    const chosen: Settings = { ...settings, ...(inputs && { inputs: Object.fromEntries(meant) }) };
    // what is wrong with them is said when all of the request is checked
    if (checkSettings(profile.definition, chosen).length > 0) return [];
    const read = play(group, { profile, deviceKey, settings: chosen, clock: this.#o.profileClock });
    return read.flatMap(({ result }) =>
      result.drafts.flatMap(({ type, input }) => (inputs?.[input ?? '']?.slot === undefined ? [type] : [])),
    );
  }

  #next(group: InboxGroup, device: Device): NextMessage {
    const profile = this.#o.profiles.get(device.profile);
    const played =
      profile === undefined
        ? []
        : play(group, {
            profile,
            deviceKey: device.key ?? device.id,
            settings: settingsOf(device),
            clock: this.#o.profileClock,
          });
    const last = played.at(-1)?.result;
    if (last === undefined) return { status: 'unknown', reads: [], alarming: false };
    const active = activeTypes(played.flatMap(({ result }) => result.drafts));
    return {
      status: last.status,
      reads: readsOf(played.flatMap(({ result }) => result.drafts)),
      ...(last.detail === undefined ? {} : { detail: last.detail }),
      alarming: active.some((type) => (eventType(type)?.severity ?? 4) <= 2),
    };
  }

  #record(by: string, data: Record<string, unknown>): void {
    record(this.#o, by, data);
  }
}

/** Registers a device as a person described it; `devices add` and the inbox do it alike. */
export async function register(
  request: AdoptRequest,
  context: Pick<InboxDeskOptions, 'registry' | 'clock' | 'emit' | 'logger'> & {
    profiles: Profiles;
    by: string;
    group?: InboxGroup;
    key?: string;
    types?: readonly string[];
  },
): Promise<{ device: Device; slots: Slot[] } | { faults: FieldFault[] }> {
  const plan = planAdoption(request, context);
  if ('faults' in plan) return plan;
  const { device, slots, site } = plan;
  try {
    await context.registry.add(site, profileFacts(context.profiles));
  } catch (error) {
    if (!(error instanceof SiteError)) throw error;
    // another process was faster
    return {
      faults: error.issues.map((issue) => ({
        path: issue.path.slice(2).map(String).join('.'),
        message: issueText(issue),
      })),
    };
  }
  const { id, profile } = device;
  record(context, context.by, { what: 'device registered', device: id, profile });
  return { device, slots };
}

/** The profiles, and one that is not written yet. */
function withProfile(profiles: Profiles, added: CompiledProfile): Pick<Profiles, 'get' | 'list'> {
  return {
    get: (id) => (id === added.id ? added : profiles.get(id)),
    list: () => [...profiles.list(), added],
  };
}

/** What the inputs of a proposal mean. */
function typesOf({ profile, inputs }: Offered['device'], profiles: Pick<Profiles, 'get'>): string[] {
  const meanings = profiles.get(profile)?.definition.meanings ?? {};
  return Object.values(inputs ?? {}).flatMap(({ means }) =>
    means === undefined ? [] : (meanings[means] ?? []),
  );
}

type Offered = Extract<Offer, { kind: 'proposal' }>;

function notOffered(offer: Exclude<Offer, Offered>): Text {
  if (offer.kind === 'unsupported') {
    return {
      zh: `这条自描述报文不能登记为设备：${offer.why}。`,
      en: `This discovery message cannot be registered: ${offer.why}.`,
    };
  }
  const { profile, deviceKey } = offer;
  return {
    zh: `模板“${profile}”已能读这个设备（设备键“${deviceKey}”）：等它发出下一条报文，在“未识别设备”里登记。`,
    en: `The profile "${profile}" reads this device already (key "${deviceKey}"): register it among the unknown devices, with its next message.`,
  };
}

function notWritten(refusal: ProfileRefusal, profile: string): Text {
  if (refusal === 'no-folder') {
    return {
      zh: '没有存放本校设备模板的文件夹：请在 edge.yaml 里设置 profiles.dir 并建好这个文件夹，重启网关后再登记。',
      en: 'There is no folder for profiles of this site: set profiles.dir in edge.yaml, make that folder, restart, and try again.',
    };
  }
  if (refusal === 'not-writable') {
    return {
      zh: '网关不能写入 profiles.dir 文件夹：请让运行网关的用户可以写入它。',
      en: 'The gateway cannot write into the folder profiles.dir: let its user write there.',
    };
  }
  if (refusal === 'taken') {
    return {
      zh: `模板“${profile}”已经存在：请先改名或删除 profiles.dir 里的旧文件。`,
      en: `There is a profile "${profile}" already: rename or remove its file in profiles.dir.`,
    };
  }
  const [fault] = refusal.faults;
  const why = fault === undefined ? '' : formatFault(fault);
  return {
    zh: `由自描述报文生成的模板有错误，没有写入：${why}`,
    en: `The profile made of the discovery message has a fault and was not written: ${why}`,
  };
}

/** What a person did stands in the log and as SYS.CFG in the journal. */
export function record(
  { emit, clock, logger }: Pick<InboxDeskOptions, 'emit' | 'clock' | 'logger'>,
  by: string,
  data: Record<string, unknown>,
): void {
  logger.info({ by, ...data }, 'registry changed by a person');
  emit(ownDraft('SYS.CFG', 'pulse', clock(), { by, ...data })).catch((err) =>
    logger.warn({ err }, 'a change of the registry is not in the journal'),
  );
}

/** Types that were raised and not cleared. */
function activeTypes(drafts: readonly EventDraft[]): string[] {
  const active = new Map<string, string>();
  for (const { type, edge, input, mode } of drafts) {
    if (edge === 'raise' && mode === 'live') active.set(`${type} ${input ?? ''}`, type);
    if (edge === 'clear') active.delete(`${type} ${input ?? ''}`);
  }
  return [...active.values()];
}
