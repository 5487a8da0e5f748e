/** From, inclusive, to to, exclusive; milliseconds since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The part of a span within another; undefined: there is none. */
export function clipped({ from, to }: Span, within: Span): Span | undefined {
  const span = { from: Math.max(from, within.from), to: Math.min(to, within.to) };
  return span.to > span.from ? span : undefined;
}

/** The time that is in at least one of the spans, as spans that do not touch, in order. */
export function merged(spans: Iterable<Span>): Span[] {
  const result: { from: number; to: number }[] = [];
  for (const { from, to } of [...spans].sort((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else result.push({ from, to });
  }
  return result;
}

/** Length of the time that is in at least one of the spans, in minutes. */
export function minutesOf(spans: Iterable<Span>): number {
  return merged(spans).reduce((sum, { from, to }) => sum + (to - from), 0) / 60_000;
}
