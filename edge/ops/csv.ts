type Cell = string | number | undefined;

/**
 * Rows as CSV (RFC 4180) for a spreadsheet: with a byte order mark, without which it misreads Chinese, and with no text that
 * it would run as a formula. The first row is the head.
 */
export function csv(rows: ReadonlyArray<readonly Cell[]>): string {
  return `\uFEFF${rows.map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
}

/** What begins like a formula would be one; full-width signs count where the spreadsheet speaks Chinese. */
function cell(value: Cell): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const safe = /^[=+\-@\t\r\n＝＋－＠]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
