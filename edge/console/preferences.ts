/** What this computer remembers between sign-ins. Works without storage too (private windows, full disks). */
const PREFIX = 'campus-gateway.';

export type Preference = 'language' | 'station' | 'user';

export function recall(name: Preference): string | undefined {
  try {
    return localStorage.getItem(PREFIX + name) ?? undefined;
  } catch {
    return undefined;
  }
}

export function remember(name: Preference, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // it is only a convenience
  }
}
