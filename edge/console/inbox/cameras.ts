import { computed, ref, shallowRef } from 'vue';
import { type Answer, call, isProblem, Unreachable } from '../api.ts';
import type { Trouble } from './inbox.ts';

interface Named {
  readonly token: string;
  readonly name: string;
}

/** What a device told once it took credentials. */
export interface CameraFacts {
  readonly manufacturer: string;
  readonly model: string;
  readonly firmware: string;
  readonly serial: string;
  readonly macs: readonly string[];
  readonly pullPoint?: boolean;
  readonly streams: readonly (Named & {
    readonly encoding: string;
    readonly width: number;
    readonly height: number;
    readonly fps: number;
    readonly url: string;
  })[];
  readonly inputs: readonly string[];
  readonly relays: readonly (Named & { readonly mode?: string })[];
  readonly doors: readonly Named[];
  readonly accessPoints: readonly Named[];
  readonly presets: readonly Named[];
}

/** A device of the search (GET /api/v1/openapi.json, discovery). */
export interface FoundCamera {
  readonly id: string;
  readonly url: string;
  readonly kind: 'camera' | 'access';
  readonly name: string;
  readonly hardware: string;
  readonly location: string;
  readonly mac: string;
  readonly registered?: { readonly device: string; readonly is: 'here' | 'moved' | 'other' };
  readonly trial?: {
    readonly verdict: string;
    readonly text: string;
    readonly detail: string;
    readonly signIn?: 'digest-only' | 'token-only' | 'either';
    readonly clockAheadMs?: number;
    readonly certificate?: { readonly sha256: string; readonly subject: string; readonly validTo: string };
  };
  readonly facts?: CameraFacts;
}

export interface SearchState {
  readonly state: 'idle' | 'running' | 'done';
  readonly counters: {
    readonly answers: number;
    readonly junk: number;
    readonly leftOut: number;
    readonly others: number;
    readonly asked: number;
    readonly toAsk: number;
    readonly deaf: number;
  };
  readonly devices: readonly FoundCamera[];
}

/** A device that was just registered, and its event channel. */
export interface AdoptedCamera {
  readonly id: string;
  readonly name: string;
  readonly channel?: { readonly state: string; readonly reason?: string };
}

/** Tried together: each of them waits for its device. */
const TRIALS_AT_ONCE = 4;

/** The search of cameras: what the panel asks of the gateway and shows of it. Passwords stay in this page. */
export class Cameras {
  readonly search = shallowRef<SearchState>();
  readonly range = ref('');
  /** For all of them: on a campus they are mostly the same. */
  readonly user = ref('');
  readonly password = ref('');
  /** Certificates that a person trusts, by device. */
  readonly trusted = ref<Record<string, string>>({});
  readonly selected = ref<string>();
  readonly trying = ref<ReadonlySet<string>>(new Set());
  readonly adopted = shallowRef<AdoptedCamera>();
  readonly trouble = shallowRef<Trouble>();
  readonly busy = ref(false);
  readonly left = computed(() => (this.search.value?.devices ?? []).filter(isNew));
  readonly chosen = computed(() => this.search.value?.devices.find(({ id }) => id === this.selected.value));
  readonly #onSessionEnded: () => void;

  constructor(onSessionEnded: () => void) {
    this.#onSessionEnded = onSessionEnded;
  }

  /** Own networks, and the ranges that were written. */
  async start(): Promise<void> {
    const cidr = this.range.value.split(/[\s,，;；]+/).filter((range) => range !== '');
    this.select(undefined);
    const answer = await this.#do<SearchState>('POST', 'discovery', { cidr });
    if (answer?.body !== undefined) this.search.value = answer.body;
  }

  /** Quiet: what fails is asked again. */
  async refresh(): Promise<void> {
    const answer = await this.#ask<SearchState>('GET', 'discovery');
    if (answer?.body !== undefined && answer.problem === undefined) this.search.value = answer.body;
    const { value: adopted } = this.adopted;
    if (adopted === undefined) return;
    const device = await this.#ask<{ status?: { channel?: AdoptedCamera['channel'] } }>(
      'GET',
      `devices/${encodeURIComponent(adopted.id)}`,
    );
    const channel = device?.body?.status?.channel;
    if (channel !== undefined && this.adopted.value?.id === adopted.id)
      this.adopted.value = { ...adopted, channel };
  }

  select(id: string | undefined): void {
    this.selected.value = id;
    this.adopted.value = undefined;
    this.trouble.value = undefined;
  }

  /** One attempt at this device. */
  async try(id: string): Promise<void> {
    if (this.trying.value.has(id)) return;
    this.trouble.value = undefined;
    this.trying.value = new Set([...this.trying.value, id]);
    try {
      const answer = await this.#ask<FoundCamera>('POST', `discovery/${id}/try`, this.#credentials(id));
      if (answer?.problem !== undefined || answer === undefined) {
        if (this.selected.value === id) this.trouble.value = answer?.problem ?? 'unreachable';
      } else if (answer.body !== undefined) this.#replace(answer.body);
    } finally {
      this.trying.value = new Set([...this.trying.value].filter((one) => one !== id));
    }
  }

  /** One attempt at each that is not registered and has not taken these credentials yet. */
  async tryAll(): Promise<void> {
    const waiting = this.left.value.filter(({ trial }) => trial?.verdict !== 'accepted').map(({ id }) => id);
    const next = async (): Promise<void> => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) await this.try(id);
    };
    await Promise.all(Array.from({ length: TRIALS_AT_ONCE }, next));
  }

  trust(id: string, sha256: string): void {
    this.trusted.value = { ...this.trusted.value, [id]: sha256 };
  }

  /** True once it is registered. */
  async adopt(id: string, request: Record<string, unknown>): Promise<boolean> {
    const body = { ...request, ...this.#credentials(id) };
    const answer = await this.#do<{ device: AdoptedCamera }>('POST', `discovery/${id}/adopt`, body);
    if (answer?.body === undefined || answer.problem !== undefined) return false;
    this.adopted.value = answer.body.device;
    await this.refresh();
    return true;
  }

  /** Takes over the address at which a registered device was found. */
  async move(id: string): Promise<void> {
    await this.#do('POST', `discovery/${id}/move`, {});
    await this.refresh();
  }

  #credentials(id: string): Record<string, string> {
    const user = this.user.value.trim();
    const trust = this.trusted.value[id];
    return {
      ...(user === '' ? {} : { user, password: this.password.value }),
      ...(trust === undefined ? {} : { trust }),
    };
  }

  #replace(camera: FoundCamera): void {
    const { value: search } = this.search;
    if (search === undefined) return;
    const devices = search.devices.map((one) => (one.id === camera.id ? camera : one));
    this.search.value = { ...search, devices };
  }

  /** Something that a person wants: its failure is shown. */
  async #do<Body>(method: string, path: string, body: unknown): Promise<Answer<Body> | undefined> {
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

/** Nobody has registered it. */
export function isNew({ registered }: FoundCamera): boolean {
  return registered === undefined || registered.is === 'other';
}

/** Address and port. */
export function hostOf({ url }: FoundCamera): string {
  return new URL(url).host;
}

/** How it is called on the screen. */
export function titleOf(camera: FoundCamera): string {
  const { name, facts, hardware } = camera;
  const model = facts === undefined ? hardware : `${facts.manufacturer} ${facts.model}`.trim();
  return [name, model].filter((part) => part !== '').join(' · ') || hostOf(camera);
}

/** Of a clock that is off by so much the times of events are wrong; undefined: it is right, or not known. */
export function clockOff(camera: FoundCamera): { seconds: number; ahead: boolean } | undefined {
  const ahead = camera.trial?.clockAheadMs ?? 0;
  const seconds = Math.round(Math.abs(ahead) / 1_000);
  return seconds < 5 ? undefined : { seconds, ahead: ahead > 0 };
}
