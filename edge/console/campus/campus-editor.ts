import { ref, shallowRef } from 'vue';
import type { Hours, OrgUnit, Phone, Place, Plan } from '../../../contract/site.ts';
import { apiUrl, call, succeeded } from '../api.ts';
import { Asker } from '../asker.ts';
import { t } from '../i18n/i18n.ts';

/** Parts of the campus that an administrator edits here, as the gateway has them. */
export interface Sections {
  readonly places: readonly Place[];
  readonly units: readonly OrgUnit[];
  readonly phones: readonly Phone[];
  readonly hours: readonly Hours[];
  readonly plans: readonly Plan[];
}

/** What the gateway takes as the picture of a plan; it looks into the file itself again. */
export const PICTURE_TYPES = ['image/png', 'image/jpeg'];
/** The gateway's own limit. */
const PICTURE_MAX = 5 * 1024 * 1024;

/** The campus as an administrator changes it, entry by entry; each change is checked and recorded by the gateway. */
export class CampusEditor {
  readonly asker: Asker;
  readonly sections = shallowRef<Sections>({ places: [], units: [], phones: [], hours: [], plans: [] });
  /** Counts up with each new picture, so that the browser asks for it. */
  readonly pictures = ref(0);

  constructor(onSessionEnded: () => void) {
    this.asker = new Asker(onSessionEnded);
  }

  async load(): Promise<void> {
    const answer = await this.asker.ask(() => call<Sections>('GET', 'campus'));
    if (answer?.body !== undefined) this.sections.value = answer.body;
  }

  /** Adds an entry, or puts it in the place of the one with its id. True: it is so now. */
  async put<Section extends keyof Sections>(
    section: Section,
    entry: Sections[Section][number],
  ): Promise<boolean> {
    return this.#changed(() => call('PUT', pathOf(section, entry.id), entry));
  }

  async remove(section: keyof Sections, id: string): Promise<boolean> {
    return this.#changed(() => call('DELETE', pathOf(section, id)));
  }

  /** Removes a plan, and first the points on it. */
  async removePlan(id: string): Promise<boolean> {
    for (const { plan, ...place } of this.sections.value.places) {
      if (plan?.id === id && !(await this.put('places', place))) return false;
    }
    return this.remove('plans', id);
  }

  /** The picture of a plan, from a file that somebody chose. True: it is stored. */
  async putPicture(plan: string, file: Blob): Promise<boolean> {
    if (!PICTURE_TYPES.includes(file.type) || file.size > PICTURE_MAX) {
      this.asker.trouble.value = { text: t('campus.plan.badPicture') };
      return false;
    }
    const answer = await this.asker.ask(() => call('PUT', `plans/${encodeURIComponent(plan)}/image`, file));
    const stored = answer !== undefined && succeeded(answer);
    if (stored) this.pictures.value += 1;
    return stored;
  }

  async #changed(request: Parameters<Asker['ask']>[0]): Promise<boolean> {
    const answer = await this.asker.ask(request);
    const done = answer !== undefined && succeeded(answer);
    if (done) await this.load();
    return done;
  }
}

/** An id that nobody has yet; people never see it. */
export function newId(section: string): string {
  return `${section}-${Date.now().toString(36)}`;
}

/** Address of the picture of a plan. */
export function pictureUrl(plan: string, version = 0): string {
  const url = apiUrl(`plans/${encodeURIComponent(plan)}/image`);
  if (version > 0) url.searchParams.set('v', String(version));
  return url.href;
}

function pathOf(section: keyof Sections, id: string): string {
  return `campus/${section}/${encodeURIComponent(id)}`;
}
