import type { Catalogue } from '../../device-profiles/catalogue.ts';
import type { ProfileMatch } from '../../device-profiles/compile.ts';
import type { ReadAddresses } from './inbox.ts';

/** What is asked of the profiles; the same object answers for others once they are reloaded. */
export type Profiles = Pick<Catalogue, 'get' | 'list' | 'match' | 'ignores'>;

/** The name of a device among the unknown: how one profile calls it. */
function addressName(source: string, profile: string, key: string): string {
  return `${source}\0${profile}\0${key}`;
}

/** The profiles that a channel belongs to, the most specific first; without commands and echoes. */
export function specificMatches(
  profiles: Pick<Profiles, 'match'>,
  source: string,
  channel: string,
): ProfileMatch[] {
  return profiles
    .match(source, channel)
    .filter(({ ignore }) => !ignore)
    .sort((a, b) => b.weight - a.weight || (a.profile.id < b.profile.id ? -1 : 1));
}

/**
 * Addresses of the device on a channel: those of the most specific profile, and of others that call it the same. None
 * where only profiles of any topic fit: what they read is the topic itself.
 */
export function readAddresses(profiles: Pick<Profiles, 'match'>): ReadAddresses {
  return (source, channel) => {
    const matches = specificMatches(profiles, source, channel).filter(({ weight }) => weight > 0);
    const key = matches[0]?.deviceKey;
    return matches
      .filter(({ deviceKey }) => deviceKey === key)
      .map(({ profile, deviceKey }) => addressName(source, profile.id, deviceKey));
  };
}
