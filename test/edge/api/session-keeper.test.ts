import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import type {
  KeptSession,
  Person,
  SessionChanges,
  SessionStore,
  SignInRole,
} from '../../../edge/api/ports.ts';
import { remainsOf, SessionKeeper } from '../../../edge/api/session-keeper.ts';
import { defaultSessionLimits, Sessions } from '../../../edge/api/sessions.ts';

const { idleMs, absoluteMs } = defaultSessionLimits;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOON = Date.parse('2026-11-24T12:00:00Z');

/** A disk that can be slow, or fail. */
class MemoryStore implements SessionStore {
  kept = new Map<string, KeptSession>();
  writes: SessionChanges[] = [];
  before: () => Promise<void> = async () => undefined;

  async load(): Promise<readonly KeptSession[]> {
    await this.before();
    return [...this.kept.values()];
  }

  async write(changes: SessionChanges): Promise<void> {
    this.writes.push(changes);
    await this.before();
    for (const hash of changes.ended) this.kept.delete(hash);
    for (const one of changes.opened) this.kept.set(one.hash, one);
    for (const one of changes.seen) if (this.kept.has(one.hash)) this.kept.set(one.hash, one);
  }
}

let store: MemoryStore;
let sessions: Sessions;
let people: Map<string, Person>;
let wall: number;
let monotonic: number;

beforeEach(async () => {
  store = new MemoryStore();
  people = new Map();
  wall = NOON;
  await begin();
});

/** A new run of the gateway; its monotonic clock knows nothing of the last one's. */
async function begin(): Promise<void> {
  monotonic = Math.floor(Math.random() * 100_000);
  const clocks = { wall: () => wall, monotonic: () => monotonic };
  sessions = new Sessions({
    users: { person: (user) => people.get(user) },
    limits: defaultSessionLimits,
    monotonic: () => monotonic,
    keeper: new SessionKeeper({ store, ...clocks, logger: pino({ level: 'silent' }) }),
  });
  await sessions.start();
}

function pass(ms: number): void {
  wall += ms;
  monotonic += ms;
}

/** As a stop does; a kill does nothing. */
const stop = () => sessions.stop();

async function signIn(role: SignInRole, user: string = role): Promise<string> {
  const person = { user, name: user, role };
  people.set(user, person);
  return (await sessions.open(person, 'gate-1', 'duty')).token;
}

describe('after a restart', () => {
  it('a session goes on with its person and desk, even after a kill', async () => {
    const token = await signIn('guard', 'wang');
    await begin();
    expect(sessions.find(token)).toMatchObject({
      user: 'wang',
      name: 'wang',
      role: 'guard',
      station: 'gate-1',
      place: 'duty',
    });
    expect(sessions.find('another')).toBeUndefined();
  });

  it('the time since the last use counts for an installer', async () => {
    const token = await signIn('installer');
    pass(10 * MINUTE);
    await stop();
    wall += idleMs - 11 * MINUTE;
    await begin();
    pass(2 * MINUTE);
    expect(sessions.find(token)).toBeUndefined();
  });

  it('a last use is known to the minute after a kill', async () => {
    const token = await signIn('installer');
    pass(20 * MINUTE);
    sessions.find(token);
    await sessions.sweep();
    wall += 20 * MINUTE;
    await begin();
    expect(sessions.find(token)).toBeDefined();
  });

  it('a duty screen that waited an hour for the gateway is not asked to sign in', async () => {
    const token = await signIn('guard');
    await stop();
    wall += HOUR;
    await begin();
    expect(sessions.find(token)).toBeDefined();
    pass(idleMs + 1);
    expect(sessions.find(token)).toBeUndefined();
  });

  it('a session that had timed out before does not come back', async () => {
    const token = await signIn('guard');
    pass(idleMs + 1);
    await sessions.sweep();
    expect(store.kept.size).toBe(0);
    await begin();
    expect(sessions.find(token)).toBeUndefined();
  });

  it('the absolute time goes on, over any number of restarts', async () => {
    const token = await signIn('guard');
    for (let hours = 0; hours < absoluteMs / HOUR; hours++) {
      expect(sessions.find(token)).toBeDefined();
      pass(HOUR / 4);
      await stop();
      wall += (3 * HOUR) / 4;
      await begin();
    }
    pass(1);
    expect(sessions.find(token)).toBeUndefined();
  });

  it('who signed out stays signed out', async () => {
    const token = await signIn('guard');
    await sessions.end(token);
    await begin();
    expect(sessions.find(token)).toBeUndefined();
  });

  it('who has another role, or is gone, is signed out', async () => {
    const [one, two] = [await signIn('guard', 'wang'), await signIn('guard', 'zhao')];
    people.delete('wang');
    await begin();
    people.set('zhao', { user: 'zhao', name: 'zhao', role: 'installer' });
    expect(sessions.find(one)).toBeUndefined();
    expect(sessions.find(two)).toBeUndefined();
  });

  it('the oldest of twenty is still the oldest', async () => {
    const tokens: string[] = [];
    for (let i = 0; i < 20; i++) tokens.push(await signIn('guard', 'wang'));
    await begin();
    await signIn('guard', 'wang');
    expect(sessions.find(tokens[0] ?? '')).toBeUndefined();
    expect(sessions.find(tokens[1] ?? '')).toBeDefined();
  });

  it('a shorter limit of the new configuration holds', async () => {
    const token = await signIn('guard');
    const [kept] = store.kept.values();
    if (kept === undefined) throw new Error('nothing was kept');
    store.kept.set(kept.hash, { ...kept, endsAt: kept.endsAt + 24 * HOUR });
    await begin();
    for (let passed = 0; passed <= absoluteMs; passed += idleMs) {
      expect(sessions.find(token)).toBeDefined();
      pass(idleMs);
    }
    expect(sessions.find(token)).toBeUndefined();
  });

  it('a store that cannot be read asks everybody to sign in, and takes new sessions', async () => {
    const token = await signIn('guard');
    store.before = () => Promise.reject(new Error('disk I/O error'));
    await begin();
    store.before = async () => undefined;
    expect(sessions.find(token)).toBeUndefined();
    const next = await signIn('guard');
    expect(sessions.find(next)).toBeDefined();
  });
});

describe('a wall clock that is set', () => {
  it.each([
    ['a year ahead', 365 * 24 * HOUR],
    ['a year back', -365 * 24 * HOUR],
  ])('%s while the gateway runs ends and extends nothing, then or after a restart', async (_, step) => {
    const token = await signIn('guard');
    wall += step;
    expect(sessions.find(token)).toBeDefined();
    pass(HOUR / 4);
    sessions.find(token);
    await sessions.sweep();
    await begin();
    expect(sessions.find(token)).toBeDefined();
    for (let left = absoluteMs - HOUR / 4; left >= 0; left -= HOUR / 4) {
      expect(sessions.find(token)).toBeDefined();
      pass(HOUR / 4);
    }
    expect(sessions.find(token)).toBeUndefined();
  });

  it.each([
    ['to 1970, as with a dead battery', () => 0],
    ['an hour back', () => wall - HOUR],
  ])('%s between two runs signs nobody out, and gives nobody more than was left', async (_, set) => {
    const token = await signIn('installer');
    pass(HOUR / 4);
    sessions.find(token);
    await stop();
    wall = set();
    await begin();
    for (let left = absoluteMs - HOUR / 4; left >= 0; left -= HOUR / 4) {
      expect(sessions.find(token)).toBeDefined();
      pass(HOUR / 4);
    }
    expect(sessions.find(token)).toBeUndefined();
  });
});

describe('what is left of a kept session', () => {
  const kept = { seenAt: NOON, endsAt: NOON + 10 * HOUR };
  const none = { idleMs: 0, leftMs: 10 * HOUR };

  it.each([
    ['an hour later', NOON + HOUR, { idleMs: HOUR, leftMs: 9 * HOUR }],
    ['by a clock four minutes behind', NOON - 4 * MINUTE, none],
    ['by a clock that an hour was taken from', NOON - HOUR, none],
    ['by a clock of 1970', 12_345, none],
    ['by a clock of 2025', Date.parse('2025-12-31T23:59:59Z'), none],
    ['after its end', NOON + 11 * HOUR, { idleMs: 11 * HOUR, leftMs: -HOUR }],
  ])('%s', (_, now, expected) => {
    expect(remainsOf(kept, now)).toEqual(expected);
  });

  it('where the last run thought it was 1970', () => {
    expect(remainsOf({ seenAt: 5_000, endsAt: 5_000 + HOUR }, NOON)).toEqual({ idleMs: 0, leftMs: HOUR });
  });
});

describe('writing', () => {
  it('happens with a sign-in, a sign-out and once a minute, never with a request', async () => {
    const tokens = [await signIn('guard'), await signIn('installer')];
    expect(store.writes).toHaveLength(2);
    for (let request = 0; request < 100; request++) {
      pass(10);
      for (const token of tokens) sessions.find(token);
    }
    expect(store.writes).toHaveLength(2);
    await sessions.sweep();
    expect(store.writes).toHaveLength(3);
    expect(store.writes[2]?.seen.map(({ user }) => user)).toEqual(['guard', 'installer']);
    await sessions.sweep();
    expect(store.writes).toHaveLength(3);
  });

  it('of many at once is one write after the one under way', async () => {
    await Promise.all(Array.from({ length: 30 }, (_, i) => signIn('guard', `guard${i}`)));
    expect(store.writes.length).toBeLessThanOrEqual(2);
    expect(store.kept.size).toBe(30);
  });

  it('of a last use does not bring back what was ended meanwhile', async () => {
    const token = await signIn('guard');
    pass(MINUTE);
    sessions.find(token);
    await Promise.all([sessions.sweep(), sessions.end(token)]);
    expect(store.kept.size).toBe(0);
  });

  it('that hangs keeps a sign-in from nothing for more than a second', async () => {
    store.before = () => new Promise(() => undefined);
    const began = performance.now();
    const token = await signIn('guard');
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(sessions.find(token)).toBeDefined();
    await sessions.end(token);
    expect(sessions.find(token)).toBeUndefined();
  });

  it('that failed is made up for, and ended sessions stay ended', async () => {
    const gone = await signIn('guard', 'gone');
    store.before = () => Promise.reject(new Error('SQLITE_FULL'));
    const token = await signIn('guard', 'wang');
    const brief = await signIn('guard', 'brief');
    await sessions.end(gone);
    await sessions.end(brief);
    expect(sessions.find(token)).toBeDefined();
    expect([...store.kept.values()].map(({ user }) => user)).toEqual(['gone']);
    store.before = async () => undefined;
    await sessions.sweep();
    expect([...store.kept.values()].map(({ user }) => user)).toEqual(['wang']);
  });
});
