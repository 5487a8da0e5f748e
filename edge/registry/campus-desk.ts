import type { EventDraft } from '../../contract/event.ts';
import { ownDraft } from '../pipeline/own-event.ts';
import type { CampusSection } from './campus-edit.ts';
import type { PlanImage } from './plan-image.ts';
import type { Registry } from './registry.ts';
import type { ProfileFacts } from './site-check.ts';

export interface CampusDeskOptions {
  registry: Registry;
  profiles: () => ProfileFacts;
  emit: (draft: EventDraft) => Promise<void>;
  clock: () => number;
}

/** Changes of the campus by people: each is recorded as SYS.CFG with who, what, before and after. */
export class CampusDesk {
  readonly #o: CampusDeskOptions;

  constructor(options: CampusDeskOptions) {
    this.#o = options;
  }

  site(): ReturnType<Registry['site']> {
    return this.#o.registry.site();
  }

  async put(section: CampusSection, id: string, entry: object, by: string): Promise<void> {
    const before = await this.#o.registry.putEntry(section, id, entry, this.#o.profiles());
    if (JSON.stringify(before) === JSON.stringify(entry)) return;
    const what = `${section} ${before === undefined ? 'added' : 'changed'}`;
    await this.#record({ by, what, id, ...(before === undefined ? {} : { before }), after: entry });
  }

  async remove(section: CampusSection, id: string, by: string): Promise<object | undefined> {
    const before = await this.#o.registry.removeEntry(section, id);
    if (before !== undefined) await this.#record({ by, what: `${section} removed`, id, before });
    return before;
  }

  image(plan: string): Promise<PlanImage | undefined> {
    return this.#o.registry.planImage(plan);
  }

  async putImage(plan: string, image: PlanImage, by: string): Promise<void> {
    const before = await this.#o.registry.planImage(plan);
    await this.#o.registry.putPlanImage(plan, image);
    const was = before === undefined ? {} : { before: before.hash };
    await this.#record({ by, what: 'plan picture changed', id: plan, ...was, after: image.hash });
  }

  #record(data: Record<string, unknown>): Promise<void> {
    return this.#o.emit(ownDraft('SYS.CFG', 'pulse', this.#o.clock(), data));
  }
}
