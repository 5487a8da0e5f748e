import type { EventDraft } from '../../../contract/event.ts';
import type { Reading } from '../../../contract/reading.ts';
import type { DeviceInput } from '../../../contract/site.ts';

// What the addresses of the inbox answer (GET /api/v1/openapi.json).

/** An event that a profile would make. */
export interface Read {
  readonly type: string;
  readonly edge: EventDraft['edge'];
  readonly mode: EventDraft['mode'];
  readonly freshness: EventDraft['freshness'];
  readonly input?: string;
  readonly readings?: readonly Reading[];
}

export interface Guess {
  readonly profile: string;
  readonly title: string;
  readonly deviceKey: string;
  readonly score: number;
}

export interface Entry {
  readonly id: string;
  readonly adapter: string;
  readonly channel: string;
  readonly channels: readonly string[];
  readonly reason: string;
  /** Set: a registered device that cannot be read. */
  readonly device?: string;
  readonly user?: string;
  readonly clientId?: string;
  readonly detail?: string;
  readonly count: number;
  readonly firstAt: string;
  readonly lastAt: string;
  readonly best?: Guess;
  /** Types of the events that the best guess reads. */
  readonly says: readonly string[];
  readonly offer?: Offer;
}

/** What can be made of a discovery message. */
export type Offer =
  | {
      readonly kind: 'proposal';
      readonly profile: string;
      readonly name: string;
      readonly deviceKey: string;
      /** Its profile is written into the folder of the site. */
      readonly writes: boolean;
    }
  | { readonly kind: 'covered'; readonly profile: string; readonly name: string; readonly deviceKey: string }
  | { readonly kind: 'unsupported'; readonly why: string };

export interface EntryPage {
  readonly entries: readonly Entry[];
  readonly next?: string;
  readonly unknown: number;
  readonly unreadable: number;
  readonly described: number;
  readonly ignored: number;
  readonly evicted: number;
  /** Refused: they speak MQTT 5 only. */
  readonly mqtt5: readonly Mqtt5Peer[];
}

export interface Mqtt5Peer {
  readonly address: string;
  readonly clientId: string;
  readonly attempts: number;
  readonly lastAt: string;
}

export interface Candidate extends Guess {
  readonly reads: readonly Read[];
  readonly generic: boolean;
  readonly why: string;
}

export interface Sample {
  readonly at: string;
  readonly channel: string;
  readonly bytes: number;
  readonly text?: string;
  readonly base64?: string;
}

export interface EntryDetail extends Entry {
  readonly samples: readonly Sample[];
  readonly candidates: readonly Candidate[];
  readonly partial: boolean;
  readonly proposal?: {
    readonly inputs: Readonly<Record<string, DeviceInput>>;
    readonly meanings: Readonly<Record<string, string>>;
    readonly notes: readonly string[];
    readonly yaml?: string;
  };
  readonly suggestion: { readonly id: string; readonly bridge?: string; readonly user?: string };
}

export interface IgnoredEntry {
  readonly id: string;
  readonly channel: string;
  readonly adapter: string;
  readonly user?: string;
  readonly by: string;
  readonly at: string;
  readonly count: number;
}

/** A setting of a profile: the part of JSON Schema that a form needs. */
export interface Setting {
  readonly type: 'string' | 'number' | 'integer' | 'boolean' | 'object';
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly (string | number | boolean | null)[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly format?: 'meaning';
}

export interface ProfileHead {
  readonly id: string;
  readonly title: string;
  readonly bridge: boolean;
}

export interface ProfileView extends ProfileHead {
  readonly about?: string;
  readonly topics: readonly string[];
  readonly settings: Readonly<Record<string, Setting>>;
  readonly meanings: Readonly<Record<string, string>>;
}

export interface Adopted {
  readonly device: {
    readonly id: string;
    readonly name: string;
    readonly bridge?: string;
    readonly user?: string;
  };
  readonly next: {
    readonly status: string;
    readonly reads: readonly Read[];
    readonly detail?: string;
    readonly alarming: boolean;
  };
}

export interface Issued {
  readonly user: string;
  readonly password: string;
  readonly created: boolean;
  readonly devices: readonly string[];
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

export interface DeviceRow {
  readonly id: string;
  readonly name: string;
  readonly profile: string;
  readonly slot?: string;
  readonly bridge?: string;
  readonly status?: { readonly state: 'online' | 'offline' | 'unknown'; readonly lastAt?: string };
}
