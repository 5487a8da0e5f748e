import { ref, shallowRef } from 'vue';
import type { Problem } from '../../../contract/problem.ts';
import type { Place, Slot } from '../../../contract/site.ts';
import { type Answer, call, isProblem, Unreachable } from '../api.ts';
import type {
  Adopted,
  DeviceRow,
  EntryDetail,
  EntryPage,
  IgnoredEntry,
  Issued,
  ProfileHead,
  ProfileView,
} from './answers.ts';

/** What the page shows on its left. */
export type Tab = 'unknown' | 'unreadable' | 'described' | 'ignored' | 'cameras' | 'devices';

/** A refusal, or no answer at all. */
export type Trouble = Problem | 'unreachable';

/** Where things can be put. */
export interface SiteLists {
  readonly places: readonly Pick<Place, 'id' | 'name' | 'kind' | 'parent'>[];
  readonly slots: readonly Pick<Slot, 'id' | 'name' | 'place'>[];
  readonly devices: readonly DeviceRow[];
}

/** Devices that come and those that are there: what the page asks of the gateway and shows of it. */
export class Inbox {
  readonly tab = ref<Tab>('unknown');
  readonly search = ref('');
  readonly page = shallowRef<EntryPage>();
  readonly ignored = shallowRef<readonly IgnoredEntry[]>([]);
  readonly devices = shallowRef<readonly DeviceRow[]>([]);
  readonly site = shallowRef<SiteLists>({ places: [], slots: [], devices: [] });
  readonly profiles = shallowRef<readonly ProfileHead[]>([]);
  readonly selected = ref<string>();
  readonly detail = shallowRef<EntryDetail>();
  /** The selected one is not there any more. */
  readonly gone = ref(false);
  readonly adopted = shallowRef<Adopted>();
  readonly issued = shallowRef<Issued>();
  readonly trouble = shallowRef<Trouble>();
  readonly busy = ref(false);
  readonly #onSessionEnded: () => void;
  readonly #installs: boolean;

  /** `installs`: who looks may also see what is not registered. */
  constructor(onSessionEnded: () => void, installs = true) {
    this.#onSessionEnded = onSessionEnded;
    this.#installs = installs;
    if (!installs) this.tab.value = 'devices';
  }

  /** Once, and after something was registered. */
  async loadSite(): Promise<void> {
    const [site, profiles] = await Promise.all([
      this.#ask<SiteLists>('GET', 'site'),
      this.#installs ? this.#ask<{ profiles: readonly ProfileHead[] }>('GET', 'profiles') : undefined,
    ]);
    if (site?.body !== undefined) this.site.value = site.body;
    if (profiles?.body !== undefined) this.profiles.value = profiles.body.profiles;
  }

  /** What the tab shows, and the selected device. Quiet: what fails is asked again. */
  async refresh(): Promise<void> {
    const tab = this.tab.value;
    if (tab === 'ignored') {
      const answer = await this.#ask<{ entries: readonly IgnoredEntry[] }>('GET', 'inbox/ignored');
      if (answer?.body !== undefined) this.ignored.value = answer.body.entries;
    }
    if (tab === 'devices') {
      const answer = await this.#ask<{ devices: readonly DeviceRow[] }>('GET', 'devices');
      if (answer?.body !== undefined) this.devices.value = answer.body.devices;
    }
    if (!this.#installs) return;
    const query = new URLSearchParams({
      show: tab === 'unreadable' || tab === 'described' ? tab : 'unknown',
      limit: '200',
    });
    if (this.search.value.trim() !== '') query.set('search', this.search.value.trim());
    const answer = await this.#ask<EntryPage>('GET', `inbox?${query}`);
    if (answer?.body !== undefined) this.page.value = answer.body;
    if (this.selected.value !== undefined) await this.#loadDetail(this.selected.value);
  }

  async show(tab: Tab): Promise<void> {
    this.tab.value = tab;
    this.select(undefined);
    await this.refresh();
  }

  select(id: string | undefined): void {
    this.selected.value = id;
    this.detail.value = undefined;
    this.adopted.value = undefined;
    this.trouble.value = undefined;
    this.gone.value = false;
    if (id !== undefined) void this.#loadDetail(id);
  }

  async profile(id: string): Promise<ProfileView | undefined> {
    return (await this.#ask<ProfileView>('GET', `profiles/${encodeURIComponent(id)}`))?.body;
  }

  /** True once it is registered. */
  async adopt(id: string, request: Record<string, unknown>): Promise<boolean> {
    const answer = await this.#do<Adopted>('POST', `inbox/${id}/adopt`, request);
    if (answer?.body === undefined) return false;
    this.adopted.value = answer.body;
    this.selected.value = undefined;
    this.detail.value = undefined;
    await Promise.all([this.loadSite(), this.refresh()]);
    return true;
  }

  async dismiss(id: string): Promise<void> {
    const answer = await this.#do('POST', `inbox/${id}/dismiss`, {});
    if (answer === undefined || answer.problem !== undefined) return;
    this.select(undefined);
    await this.refresh();
  }

  async revoke(id: string): Promise<void> {
    await this.#do('DELETE', `inbox/ignored/${id}`);
    await this.refresh();
  }

  async issue(device: string): Promise<void> {
    const answer = await this.#do<Issued>('POST', `devices/${encodeURIComponent(device)}/credentials`, {});
    if (answer?.body !== undefined) this.issued.value = answer.body;
  }

  async #loadDetail(id: string): Promise<void> {
    const answer = await this.#ask<EntryDetail>('GET', `inbox/${id}`);
    if (this.selected.value !== id || answer === undefined) return;
    if (answer.body !== undefined) this.detail.value = answer.body;
    this.gone.value = answer.status === 404;
  }

  /** Something that a person wants: its failure is shown. */
  async #do<Body>(method: string, path: string, body?: unknown): Promise<Answer<Body> | undefined> {
    if (this.busy.value) return undefined;
    this.busy.value = true;
    this.trouble.value = undefined;
    try {
      const answer = await this.#ask<Body>(method, path, body);
      this.trouble.value = answer === undefined ? 'unreachable' : answer.problem;
      return answer;
    } finally {
      this.busy.value = false;
    }
  }

  async #ask<Body>(method: string, path: string, body?: unknown): Promise<Answer<Body> | undefined> {
    try {
      const answer = await call<Body>(method, path, body);
      if (isProblem(answer, 'expired-session')) this.#onSessionEnded();
      return answer;
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      return undefined;
    }
  }
}
