import type { Device } from '../../contract/site.ts';
import type { Proposal } from '../../device-profiles/discovery/proposal.ts';
import { proposeFromDiscovery } from '../../device-profiles/discovery/propose.ts';
import type { InboxGroup } from './inbox.ts';
import { type Profiles, specificMatches } from './strangers.ts';

/** What a device says of itself, and what can be made of it. Nothing is trusted before a person adopts it. */
export type Offer =
  | {
      kind: 'proposal';
      proposal: Proposal;
      /** The entry to register: of the built-in profile that reads the device, where there is one. */
      device: Proposal['device'];
      /** The proposed profile must be written first. */
      writes: boolean;
    }
  /** A profile that is there reads its topics already: it appears among the unknown devices by itself. */
  | { kind: 'covered'; profile: string; deviceKey: string; name: string }
  | { kind: 'unsupported'; why: string };

/** Reads the last discovery message of a group. A millisecond or two; never throws. */
export function offerOf(group: InboxGroup, profiles: Pick<Profiles, 'match'>): Offer {
  const sample = group.samples.at(-1);
  const found = sample === undefined ? undefined : proposeFromDiscovery(sample.channel, sample.payload);
  if (found === undefined) return { kind: 'unsupported', why: 'its topic is none of a discovery message' };
  if ('unsupported' in found) return { kind: 'unsupported', why: found.unsupported };
  const { instead, profile } = found;
  if (instead !== undefined)
    return { kind: 'proposal', proposal: found, device: instead.device, writes: false };
  for (const { topic } of profile.match) {
    const [known] = specificMatches(profiles, group.source, topic).filter(
      (match) => match.weight > 0 && match.profile.id !== profile.id,
    );
    if (known === undefined) continue;
    return {
      kind: 'covered',
      profile: known.profile.id,
      deviceKey: known.deviceKey,
      name: found.device.name,
    };
  }
  return { kind: 'proposal', proposal: found, device: found.device, writes: true };
}

/** A request's inputs and settings over those that the proposal has. */
export function withProposed<
  Request extends Partial<Pick<Device, 'settings'>> & { inputs?: unknown; key?: unknown },
>(request: Request, { key, inputs, settings }: Proposal['device']): Request {
  return {
    ...request,
    key: request.key ?? key,
    ...(inputs === undefined && request.inputs === undefined
      ? {}
      : { inputs: { ...inputs, ...(request.inputs as object | undefined) } }),
    ...(settings === undefined && request.settings === undefined
      ? {}
      : { settings: { ...settings, ...request.settings } }),
  };
}
