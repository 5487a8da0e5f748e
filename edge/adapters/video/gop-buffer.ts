import type { Segment } from './source.ts';

/** From one keyframe to the next: 10 s at 6 Mbit/s. Beyond, a new viewer waits for the next keyframe. */
const MAX_BYTES = 8_000_000;

/** What a viewer who comes now is given first: everything since the last keyframe. */
export class GopBuffer {
  readonly #segments: Segment[] = [];
  #bytes = 0;

  /** Begins with a keyframe; empty where there is none to begin with. */
  get segments(): readonly Segment[] {
    return this.#segments;
  }

  add(segment: Segment): void {
    if (segment.keyframe) this.clear();
    else if (this.#segments.length === 0) return;
    this.#segments.push(segment);
    this.#bytes += segment.data.length;
    if (this.#bytes > MAX_BYTES) this.clear();
  }

  clear(): void {
    this.#segments.length = 0;
    this.#bytes = 0;
  }
}
