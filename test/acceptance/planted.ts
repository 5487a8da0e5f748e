import { randomInt } from 'node:crypto';

/** As its UTF-8 bytes look in latin1. */
const SURNAME = Buffer.from('欧阳').toString('latin1');
const NAME_BYTES = 15;

/** Values of one kind each that are in no message by chance, and where each was put. */
export class Plants {
  readonly #where = new Map<string, string>();

  get size(): number {
    return this.#where.size;
  }

  /** Ten digits. */
  card(where: string): string {
    return this.#plant(where, () => `7${digits(9)}`);
  }

  /** Nine digits: four would be in every file. */
  pin(where: string): string {
    return this.#plant(where, () => `4${digits(8)}`);
  }

  name(where: string): string {
    const character = () => String.fromCodePoint(0x7d00 + randomInt(0x200));
    return this.#plant(where, () => `欧阳${character()}${character()}${character()}`);
  }

  /** What is at a path and of what kind follows from its name and from what stands there. */
  at(path: string, present: unknown): unknown {
    if (typeof present === 'number') return Number(this.card(path));
    if (Array.isArray(present)) return [this.card(path), { user: this.name(path), code: this.pin(path) }];
    if (typeof present === 'object' && present !== null)
      return { one: this.card(path), list: [this.name(path)], deeper: { still: this.pin(path) } };
    if (/pin|pass|code/i.test(path)) return this.pin(path);
    return /name|user|person|holder|label/i.test(path) ? this.name(path) : this.card(path);
  }

  /** What of it is in these bytes, as text, and in base64 that stands in the text; each with where it was planted. */
  foundIn(bytes: Buffer): string[] {
    const text = bytes.toString('latin1');
    const found = new Set([text, ...base64Of(text)].flatMap((one) => this.#valuesIn(one)));
    return [...found].map((value) => `${value} (${this.#where.get(value)})`);
  }

  /** Looks at each run of digits and each beginning of a name: there are thousands of values, and megabytes of log. */
  #valuesIn(text: string): string[] {
    const found: string[] = [];
    for (const { 0: run } of text.matchAll(/\d{9,}/g)) {
      for (let at = 0; at + 9 <= run.length; at++) found.push(run.slice(at, at + 10), run.slice(at, at + 9));
    }
    for (let at = text.indexOf(SURNAME); at !== -1; at = text.indexOf(SURNAME, at + 1))
      found.push(Buffer.from(text.slice(at, at + NAME_BYTES), 'latin1').toString('utf8'));
    return found.filter((value) => this.#where.has(value));
  }

  #plant(where: string, make: () => string): string {
    let value = make();
    while (this.#where.has(value)) value = make();
    this.#where.set(value, where);
    return value;
  }
}

function digits(count: number): string {
  return Array.from({ length: count }, () => randomInt(10)).join('');
}

function base64Of(text: string): string[] {
  return [...text.matchAll(/[A-Za-z0-9+/]{24,}={0,2}/g)].map(([found]) =>
    Buffer.from(found, 'base64').toString('latin1'),
  );
}

/** The body with a plant at a masked path, put there where it is missing. Plain objects on the way only. */
export function plantAt(body: object, path: string, plants: Plants): object {
  const root = structuredClone(body) as Record<string, unknown>;
  const keys = path.split('.');
  let at = root;
  for (const key of keys.slice(0, -1)) {
    const next = at[key];
    if (typeof next !== 'object' || next === null || Array.isArray(next)) at[key] = {};
    at = at[key] as Record<string, unknown>;
  }
  const last = keys.at(-1) as string;
  at[last] = plants.at(path, at[last]);
  return root;
}
