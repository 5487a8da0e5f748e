import type { RawMessage } from '../../contract/raw-message.ts';
import type { ConnectionChange, Outcome, Refusal, Sink } from '../../edge/adapters/adapter.ts';

/** The pipeline as an adapter sees it: records everything, commits at once or when the test says so. */
export class RecordingSink implements Sink {
  readonly messages: RawMessage[] = [];
  readonly changes: ConnectionChange[] = [];
  readonly refusals: Refusal[] = [];
  /** Messages wait for `commit()`, as while storage fails. */
  holding = false;
  #waiting: Array<{ resolve: (outcome: Outcome) => void; reject: (error: Error) => void }> = [];

  message(raw: RawMessage): Promise<Outcome> {
    this.messages.push(raw);
    if (!this.holding) return Promise.resolve({ status: 'mapped' });
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  connection(change: ConnectionChange): void {
    this.changes.push(change);
  }

  refused(refusal: Refusal): void {
    this.refusals.push(refusal);
  }

  commit(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve({ status: 'mapped' });
  }

  /** What waits is not committed: the gateway stops first. */
  stopped(): void {
    for (const { reject } of this.#waiting.splice(0)) reject(new Error('the gateway is stopping'));
  }

  payloads(): string[] {
    return this.messages.map(({ payload }) => payload.toString());
  }

  reasons(): string[] {
    return this.refusals.map(({ reason }) => reason);
  }
}
