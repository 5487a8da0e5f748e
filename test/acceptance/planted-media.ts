import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Pictures of alarms that nobody knows any more, as a gateway before this one stored them on 2026-11-01. */
export function plantMedia(dir: string, count: number, bytes: number): void {
  const folder = join(dir, '2026', '11', '01');
  mkdirSync(folder, { recursive: true });
  const from = Date.UTC(2026, 10, 1, 8);
  for (let i = 0; i < count; i++) {
    const at = from + i * 1_000;
    const time = at.toString(16).padStart(12, '0');
    const id = `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${String(i).padStart(12, '0')}`;
    const picture = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), randomBytes(bytes - 3)]);
    const facts = {
      v: 1,
      id,
      kind: 'snapshot',
      sha256: createHash('sha256').update(picture).digest('hex'),
      at: new Date(at).toISOString(),
      bytes,
      camera: 'cam-old',
      alarms: [id],
      keepDays: 90,
    };
    writeFileSync(join(folder, `${id}.jpg`), picture);
    writeFileSync(join(folder, `${id}.json`), JSON.stringify(facts));
  }
}
