import type { EventDraft } from '../contract/event.ts';

/** What was made of one message so far. */
export class Tally {
  /** In order. */
  readonly drafts: EventDraft[] = [];
  /** Values that an entry took. */
  understood = 0;
  /** Values that no entry knows. */
  unknown = 0;
  /** What a person should know; the first thing said is kept, what is merely unknown comes last. */
  detail: string | undefined;
  #firstUnknown = '';

  countUnknown(name: string): void {
    if (this.unknown++ === 0) this.#firstUnknown = name;
  }

  /** What was not read, and why. */
  leaveOut(count: number, why: string): void {
    this.unknown += count;
    this.detail = why;
  }

  /** Why values are unknown, unless something more telling was said. */
  explain(profile: string): void {
    if (this.unknown > 0)
      this.detail ??= `a value of "${this.#firstUnknown}" is not known to profile ${profile}`;
  }
}
