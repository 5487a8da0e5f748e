/** Short numbers that a device gave to its names (Sparkplug B births), remembered in its state. */
export interface Aliases {
  /** The name of a number; undefined if no birth named it. */
  alias(number: string): string | undefined;
  /** Remembers names; those of the same numbers are replaced. */
  nameAliases(names: ReadonlyMap<string, string>): void;
}
