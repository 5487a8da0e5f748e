import type { Logger } from 'pino';

type Undo = () => Promise<unknown> | unknown;

/** What was started, to be stopped in reverse. */
export class StopList {
  readonly #undos: Undo[] = [];
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  push(undo: Undo): void {
    this.#undos.push(undo);
  }

  /** Whatever fails to stop is logged and keeps nothing else from it, least of all the journal from being closed. */
  async stop(): Promise<void> {
    for (const undo of this.#undos.splice(0).reverse()) {
      try {
        await undo();
      } catch (error) {
        this.#logger.error({ err: error }, 'a part of the gateway did not stop cleanly');
      }
    }
  }
}
