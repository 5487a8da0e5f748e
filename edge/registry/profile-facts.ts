import type { Catalogue } from '../../device-profiles/catalogue.ts';
import { checkSettings } from '../../device-profiles/settings.ts';
import { settingsOf } from './device-settings.ts';
import type { ProfileFacts } from './site-check.ts';
import type { TopicsOf } from './topic-rights.ts';

/** What the checks of a site import ask of the profiles. */
export function profileFacts(catalogue: Pick<Catalogue, 'get' | 'list'>): ProfileFacts {
  return {
    ids: new Set(catalogue.list().map(({ id }) => id)),
    sourceOf: (id) => catalogue.get(id)?.definition.source,
    isCamera: (id) => catalogue.get(id)?.definition.camera === true,
    check: (id, device) => {
      const profile = catalogue.get(id);
      return profile === undefined ? [] : checkSettings(profile.definition, settingsOf(device));
    },
  };
}

/** Default rights of a device's account: the topics of its profile. */
export function topicsOf(catalogue: Pick<Catalogue, 'get'>): TopicsOf {
  return (id, key) => catalogue.get(id)?.filters(key) ?? { publish: [], subscribe: [] };
}
