import type { InboxGroup } from './inbox.ts';

/** Most groups kept; a campus has hundreds of devices, a scan of topics makes thousands. */
const INBOX_GROUPS = 1_000;
/** 4 MiB of samples in all. */
const INBOX_BYTES = 4 * 1024 * 1024;
/** Of one owner's groups, those heard once: beyond this share they go before those that were heard again. */
const ONCE_SHARE = 0.25;

export interface SpaceLimits {
  groups?: number;
  bytes?: number;
}

/** Who pays for groups: one user, one client, or the registered devices. */
interface Owner {
  name: string;
  /** Quiet longest first. */
  once: Set<InboxGroup>;
  again: Set<InboxGroup>;
  bytes: number;
}

/**
 * Room for groups. When it is full, an owner with more than its share gives up a group of its own; so one client that
 * scans topics takes nothing from another. Of its groups, the ones heard only once go first, while they are many.
 */
export class InboxSpace {
  readonly #maxGroups: number;
  readonly #maxBytes: number;
  readonly #onDrop: (group: InboxGroup) => void;
  readonly #owners = new Map<string, Owner>();
  readonly #held = new Map<InboxGroup, { owner: Owner; bytes: number }>();
  #bytes = 0;
  evicted = 0;

  constructor({ groups, bytes }: SpaceLimits, onDrop: (group: InboxGroup) => void) {
    this.#maxGroups = groups ?? INBOX_GROUPS;
    this.#maxBytes = bytes ?? INBOX_BYTES;
    this.#onDrop = onDrop;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** A group that this owner pays for from now on; call `touched` when it has its message. */
  begin(group: InboxGroup, owner: string): void {
    let one = this.#owners.get(owner);
    if (one === undefined) {
      one = { name: owner, once: new Set(), again: new Set(), bytes: 0 };
      this.#owners.set(owner, one);
    }
    this.#held.set(group, { owner: one, bytes: 0 });
  }

  /** The group was heard: it is the last one to go. Others may have to. */
  touched(group: InboxGroup): void {
    const held = this.#held.get(group);
    if (held === undefined) return;
    const bytes = group.samples.reduce((sum, { payload }) => sum + payload.length, 0);
    this.#bytes += bytes - held.bytes;
    held.owner.bytes += bytes - held.bytes;
    held.bytes = bytes;
    held.owner.once.delete(group);
    held.owner.again.delete(group);
    (group.count > 1 ? held.owner.again : held.owner.once).add(group);
    while (this.#held.size > this.#maxGroups)
      this.#evict(this.#payer(held.owner, sizeOf, this.#maxGroups), group);
    while (this.#bytes > this.#maxBytes) this.#evict(this.#payer(held.owner, bytesOf, this.#maxBytes), group);
  }

  drop(group: InboxGroup): void {
    const held = this.#held.get(group);
    if (held === undefined) return;
    const { owner } = held;
    this.#held.delete(group);
    owner.once.delete(group);
    owner.again.delete(group);
    owner.bytes -= held.bytes;
    this.#bytes -= held.bytes;
    if (sizeOf(owner) === 0) this.#owners.delete(owner.name);
    this.#onDrop(group);
  }

  #evict(owner: Owner, newest: InboxGroup): void {
    this.drop(victimOf(owner, newest) ?? newest);
    this.evicted += 1;
  }

  /** Whoever made this necessary, if it has more than its share; else the one that has most. */
  #payer(owner: Owner, measure: (owner: Owner) => number, max: number): Owner {
    if (measure(owner) > max / this.#owners.size) return owner;
    let most = owner;
    for (const other of this.#owners.values()) if (measure(other) > measure(most)) most = other;
    return most;
  }
}

function sizeOf({ once, again }: Owner): number {
  return once.size + again.size;
}

function bytesOf({ bytes }: Owner): number {
  return bytes;
}

function victimOf(owner: Owner, newest: InboxGroup): InboxGroup | undefined {
  const { once, again } = owner;
  const order = once.size > sizeOf(owner) * ONCE_SHARE ? [once, again] : [again, once];
  for (const set of order) for (const group of set) if (group !== newest) return group;
  return undefined;
}
