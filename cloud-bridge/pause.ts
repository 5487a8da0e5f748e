/** A wait that a stop ends and news may shorten. One at a time. */
export class Pause {
  #timer: NodeJS.Timeout | undefined;
  #done: (() => void) | undefined;
  #until = 0;

  /** Resolves after `ms`, or at once when `signal` is aborted. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#done = resolve;
      this.#set(ms);
      signal.addEventListener('abort', this.#end);
    });
    signal.removeEventListener('abort', this.#end);
    clearTimeout(this.#timer);
    this.#done = undefined;
  }

  /** Ends a wait that would last longer in `ms` from now; false if there is none. */
  shorten(ms: number): boolean {
    if (this.#done === undefined || performance.now() + ms >= this.#until) return false;
    this.#set(ms);
    return true;
  }

  #set(ms: number): void {
    clearTimeout(this.#timer);
    this.#until = performance.now() + ms;
    this.#timer = setTimeout(this.#end, ms);
  }

  readonly #end = (): void => this.#done?.();
}
