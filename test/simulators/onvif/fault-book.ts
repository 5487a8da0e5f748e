import type { FaultKind, FaultOptions } from './types.ts';

/** Which ways to misbehave are active, and how often each still is. */
export class FaultBook {
  readonly #active = new Map<FaultKind, { options: object; left: number }>();

  begin<K extends FaultKind>(kind: K, options: FaultOptions[K]): void {
    const uses = 'uses' in options ? options.uses : undefined;
    this.#active.set(kind, { options, left: uses ?? Number.POSITIVE_INFINITY });
  }

  end(kind?: FaultKind): void {
    if (kind === undefined) this.#active.clear();
    else this.#active.delete(kind);
  }

  kinds(): FaultKind[] {
    return [...this.#active.keys()];
  }

  has(kind: FaultKind): boolean {
    return this.#active.has(kind);
  }

  /** The options of a kind that is active. */
  of<K extends FaultKind>(kind: K): FaultOptions[K] | undefined {
    return this.#active.get(kind)?.options as FaultOptions[K] | undefined;
  }

  /** The options if the kind is active and concerns `operation`; counts as one of its uses. */
  use<K extends FaultKind>(
    kind: K,
    operation: string,
    usual?: readonly string[],
  ): FaultOptions[K] | undefined {
    const entry = this.#active.get(kind);
    if (entry === undefined) return undefined;
    const options = entry.options as FaultOptions[K];
    const operations = ('operations' in options ? options.operations : undefined) ?? usual;
    if (operations !== undefined && !operations.includes(operation)) return undefined;
    entry.left -= 1;
    if (entry.left <= 0) this.#active.delete(kind);
    return options;
  }
}
