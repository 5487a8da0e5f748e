/** Card numbers, PINs and names that stand in the samples; none may come out of a profile. */
export const written = [
  '8165538', // card, uhppoted and Hikvision
  '8D5A4C1B', // card, Dahua
  '4f3e2d1c', // uid, esp-rfid
  '4f3e2d1d',
  'aabbccdd',
  '0a0b0c0d',
  '01020304',
  '100234', // employee number
  '9901', // user id, Dahua
  '7531', // PIN
  '4711', // finger
  '京A12345', // plate
  '张三',
  '李四',
  '王五',
  '赵六',
] as const;

/** A text that is in no message by chance. */
export const planted = 'PLANTED-9C4F';

/** The payload with a planted value at a path, as text and, where a number stood there, as a number. */
export function plant(body: unknown, path: string): boolean {
  const keys = path.split('.');
  let at = body;
  for (const key of keys.slice(0, -1)) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return false;
    at = (at as Record<string, unknown>)[key];
  }
  const last = keys.at(-1);
  if (typeof at !== 'object' || at === null || Array.isArray(at) || last === undefined) return false;
  (at as Record<string, unknown>)[last] = planted;
  return true;
}
