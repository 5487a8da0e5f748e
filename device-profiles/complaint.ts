/** Something wrong at a place of a profile. */
export interface Complaint {
  path: (string | number)[];
  /** What is wrong, then perhaps after a semicolon what to do. */
  message: string;
}

/** Without repetitions: what stands once may be read for many rows. */
export function unique(complaints: readonly Complaint[]): Complaint[] {
  const seen = new Set<string>();
  return complaints.filter(({ path, message }) => {
    const text = `${JSON.stringify(path)} ${message}`;
    return !seen.has(text) && seen.add(text);
  });
}
