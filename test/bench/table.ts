import type { Row } from './figures.ts';

const headings = ['figure', 'of', 'gateway', 'beside', 'ratio', 'target'];

/** The rows as a table for a terminal. */
export function table(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.figure,
    row.of,
    row.gateway,
    row.beside,
    row.ratio === undefined ? '' : String(row.ratio),
    verdict(row),
  ]);
  const widths = headings.map((heading, i) =>
    Math.max(heading.length, ...cells.map((line) => (line[i] as string).length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] as number))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width));
  return [headings, rule, ...cells].map(line).join('\n');
}

function verdict({ ratio, target }: Row): string {
  if (target === undefined || ratio === undefined) return '';
  const [bound, met] =
    'atLeast' in target
      ? [`>= ${target.atLeast}`, ratio >= target.atLeast]
      : [`<= ${target.atMost}`, ratio <= target.atMost];
  return `${bound} ${met ? 'met' : 'MISSED'}`;
}
