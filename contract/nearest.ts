/**
 * The candidate a person most likely meant, ignoring case; undefined where none is near.
 * Near: one edit in words of three letters, two or a third of the length in longer ones, or the one begins with the other.
 */
export function nearest(text: string, candidates: Iterable<string>): string | undefined {
  const wanted = text.trim().toLowerCase();
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const known = candidate.toLowerCase();
    const allowed = tolerance(known.length);
    const begins = beginsWith(wanted, known);
    // Words differ by at least what the one is longer: a text of megabytes costs nothing.
    if (!begins && Math.abs(wanted.length - known.length) > allowed) continue;
    const edits = begins ? 1 : distance(wanted, known);
    if (edits > allowed || edits >= least) continue;
    best = candidate;
    least = edits;
  }
  return best;
}

function tolerance(length: number): number {
  if (length < 4) return length < 3 ? 0 : 1;
  return Math.max(2, length / 3);
}

function beginsWith(a: string, b: string): boolean {
  return Math.min(a.length, b.length) >= 3 && (a.startsWith(b) || b.startsWith(a));
}

/** Levenshtein distance: single characters put in, left out or exchanged. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const exchanged = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(exchanged, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
