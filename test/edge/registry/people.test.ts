import { Secret, TOTP } from 'otpauth';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { People, PeopleRefusal } from '../../../edge/registry/people.ts';
import type { Registry } from '../../../edge/registry/registry.ts';
import type { Person } from '../../../edge/registry/users.ts';
import { type Workspace, workspace } from './campus.ts';

let at: Workspace;
let registry: Registry;
let people: People;
let now: number;

const admin = { user: 'admin', name: '管理员', role: 'administrator' } as const;
const keeper = { user: 'keeper', name: '安全管理员', role: 'security-administrator' } as const;
const guard = { user: 'guard1', name: '王警卫', role: 'guard' } as const;

beforeEach(async () => {
  at = workspace();
  registry = await at.open();
  now = Date.UTC(2026, 11, 1, 8);
  people = new People({ users: registry.users, directory: registry, clock: () => now, issuer: '测试小学' });
});
afterEach(() => registry.close());

async function refusal(work: Promise<unknown>): Promise<Pick<PeopleRefusal, 'code' | 'path'>> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof PeopleRefusal)) throw new Error(`was not refused: ${error}`);
  return { code: error.code, path: error.path };
}

/** What is to be said in the journal, oldest first. */
async function notes(): Promise<Array<Record<string, unknown>>> {
  return (await registry.users.pending()).map(({ body }) => JSON.parse(body));
}

const can = (user: string, password: string): Promise<Person | undefined> =>
  registry.users.verify(user, password);

describe('the first security administrator', () => {
  it('is made by an administrator, once, and then by no administrator any more', async () => {
    expect(people.needsSecurityAdministrator).toBe(true);
    expect(await refusal(people.add(guard, admin))).toMatchObject({ code: 'not-allowed' });
    const { password } = await people.add(keeper, admin);
    expect(await can('keeper', password)).toEqual(keeper);
    expect(people.needsSecurityAdministrator).toBe(false);
    const another = { ...keeper, user: 'keeper2' };
    expect(await refusal(people.add(another, admin))).toMatchObject({ code: 'not-allowed' });
    expect((await people.add(another, keeper)).person).toMatchObject({ user: 'keeper2', mustChange: true });
  });

  it('is one even when an administrator asks twice at once', async () => {
    const asked = await Promise.allSettled([
      people.add(keeper, admin),
      people.add({ ...keeper, user: 'keeper2' }, admin),
    ]);
    expect(asked.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });
});

describe('people', () => {
  beforeEach(async () => {
    await people.add(keeper, admin);
  });

  it('begin with a one-time password that they have to change', async () => {
    const { password } = await people.add(guard, keeper);
    expect(password).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(people.mustChange('guard1')).toBe(true);
    await people.changeOwnPassword(guard, 'ein-langes-Wort');
    expect(people.mustChange('guard1')).toBe(false);
    expect(await can('guard1', password)).toBeUndefined();
    expect(await can('guard1', 'ein-langes-Wort')).toEqual(guard);
  });

  it.each([
    ['short', 'ab-12'],
    ['of one kind', 'langeswort'],
    ['with the user name in it', 'My-guard1-2026'],
    ['that everybody guesses', 'Admin-2026'],
    ['that is a row of keys', '1qaz2wsx3edc'],
  ])('cannot choose a password %s', async (_, password) => {
    await people.add(guard, keeper);
    expect(await refusal(people.changeOwnPassword(guard, password))).toEqual({
      code: 'invalid',
      path: 'password',
    });
  });

  it('cannot keep the password they were given', async () => {
    const { password } = await people.add(guard, keeper);
    expect(await refusal(people.changeOwnPassword(guard, password))).toMatchObject({ code: 'invalid' });
  });

  it('who are disabled cannot sign in until they are enabled again', async () => {
    const { password } = await people.add(guard, keeper);
    await people.setDisabled('guard1', true, keeper);
    expect(await can('guard1', password)).toBeUndefined();
    expect(registry.users.person('guard1')).toBeUndefined();
    await people.setDisabled('guard1', false, keeper);
    expect(await can('guard1', password)).toEqual(guard);
  });

  it('who are removed are not brought back by an import, and their name can be used again', async () => {
    const file = at.write(
      'users: [{ user: guard1, name: 王警卫, role: shift-leader, password: guard-password }]',
    );
    await registry.importFile(file);
    await people.remove('guard1', keeper);
    expect(await can('guard1', 'guard-password')).toBeUndefined();
    await registry.importFile(
      at.write('users: [{ user: guard1, name: 王二, role: administrator, password: new-password-1 }]'),
    );
    expect(registry.users.person('guard1')).toBeUndefined();
    expect(await can('guard1', 'new-password-1')).toBeUndefined();
    expect(people.list().map(({ user }) => user)).toEqual(['keeper']);
    const { password } = await people.add({ ...guard, name: '王三' }, keeper);
    expect(await can('guard1', password)).toMatchObject({ name: '王三', role: 'guard' });
  });

  it('whose rights were taken do not get them back from the file of the campus', async () => {
    const file = at.write(
      'users: [{ user: guard1, name: 王警卫, role: administrator, password: guard-password }]',
    );
    await registry.importFile(file);
    await people.change('guard1', { role: 'guard' }, keeper);
    await registry.importFile(
      at.write('places: []\nusers: [{ user: guard1, name: 王警卫, role: administrator }]'),
      {
        replace: true,
      },
    );
    expect(registry.users.person('guard1')?.role).toBe('guard');
    expect(await can('guard1', 'guard-password')).toMatchObject({ role: 'guard' });
  });

  it('have a scope of places and units that exist', async () => {
    await registry.importFile(
      at.write('places: [{ id: c, kind: campus, name: 校区 }]\nunits: [{ id: lab, name: 实验室 }]'),
    );
    await people.add({ ...guard, scope: { places: ['c'], units: ['lab'] } }, keeper);
    expect(registry.users.person('guard1')?.scope).toEqual({ places: ['c'], units: ['lab'] });
    expect(await refusal(people.change('guard1', { scope: { places: ['nowhere'] } }, keeper))).toEqual({
      code: 'invalid',
      path: 'scope.places',
    });
    await people.change('guard1', { scope: null }, keeper);
    expect(registry.users.person('guard1')).toEqual(guard);
  });
});

describe('the last security administrator', () => {
  beforeEach(async () => {
    await people.add(keeper, admin);
    await people.add({ ...keeper, user: 'keeper2' }, keeper);
  });
  const second = { ...keeper, user: 'keeper2' };

  it.each([
    ['removed', () => people.remove('keeper', second)],
    ['disabled', () => people.setDisabled('keeper', true, second)],
    ['given another role', () => people.change('keeper', { role: 'guard' }, second)],
  ])('is never %s', async (_, work) => {
    await people.setDisabled('keeper2', true, keeper);
    expect(await refusal(work())).toMatchObject({ code: 'not-possible' });
    expect(registry.users.person('keeper')?.role).toBe('security-administrator');
  });

  it('is left also when two are taken away at once', async () => {
    const both = await Promise.allSettled([
      people.remove('keeper', second),
      people.remove('keeper2', keeper),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('changes neither their own role nor takes themselves away', async () => {
    for (const work of [
      people.remove('keeper', keeper),
      people.setDisabled('keeper', true, keeper),
      people.change('keeper', { role: 'administrator' }, keeper),
    ])
      expect(await refusal(work)).toMatchObject({ code: 'not-possible' });
  });
});

describe('a second factor', () => {
  let secret: string;
  const codeAt = (ms: number): string =>
    new TOTP({ secret: Secret.fromBase32(secret), algorithm: 'SHA1', digits: 6, period: 30 }).generate({
      timestamp: ms,
    });

  beforeEach(async () => {
    await people.add(keeper, admin);
    ({ secret } = people.offerFactor('keeper'));
  });

  it('counts once a code of it was given, and gives ten recovery codes', async () => {
    expect(people.hasFactor('keeper')).toBe(false);
    expect(await refusal(people.confirmFactor(keeper, '000000'))).toEqual({ code: 'invalid', path: 'code' });
    const codes = await people.confirmFactor(keeper, codeAt(now));
    expect(new Set(codes).size).toBe(10);
    expect(people.hasFactor('keeper')).toBe(true);
  });

  it('takes codes of one step before and after, and none twice, also after a restart', async () => {
    await people.confirmFactor(keeper, codeAt(now - 30_000));
    expect(await people.takeCode('keeper', codeAt(now - 30_000)), 'the one it was confirmed with').toBe(
      false,
    );
    expect(await people.takeCode('keeper', codeAt(now - 60_000)), 'two steps ago').toBe(false);
    expect(await people.takeCode('keeper', codeAt(now + 60_000)), 'in two steps').toBe(false);
    expect(await people.takeCode('keeper', codeAt(now))).toBe(true);
    expect(await people.takeCode('keeper', codeAt(now)), 'again').toBe(false);
    await registry.users.load();
    const restarted = new People({
      users: registry.users,
      directory: registry,
      clock: () => now,
      issuer: '',
    });
    expect(await restarted.takeCode('keeper', codeAt(now)), 'after a restart').toBe(false);
    expect(await restarted.takeCode('keeper', codeAt(now + 30_000)), 'a telephone ahead').toBe(true);
  });

  it('takes each recovery code once, however it is typed', async () => {
    const [first = '', next = ''] = await people.confirmFactor(keeper, codeAt(now));
    expect(await people.takeCode('keeper', first.toLowerCase().replaceAll('-', ' '))).toBe(true);
    expect(await people.takeCode('keeper', first)).toBe(false);
    expect(await people.takeCode('keeper', next)).toBe(true);
  });

  it('agrees with the vectors of RFC 6238', async () => {
    secret = Secret.fromLatin1('12345678901234567890').base32;
    expect([59_000, 1_111_111_109_000, 20_000_000_000_000].map(codeAt)).toEqual([
      '287082',
      '081804',
      '353130',
    ]);
  });

  it('is not for those who sign in at a shared desk', async () => {
    await people.add(guard, keeper);
    expect(() => people.offerFactor('guard1')).toThrow(PeopleRefusal);
  });
});

it('every change leaves a note with who did it, and no secret', async () => {
  const { password } = await people.add(keeper, admin);
  await people.add(guard, keeper);
  const reset = await people.resetPassword('guard1', { ...keeper, station: 'office' });
  await people.change('guard1', { name: '王五' }, keeper);
  await people.remove('guard1', keeper);
  expect((await notes()).map(({ act, by, person }) => [act, by, person])).toEqual([
    ['people.add', 'admin', 'keeper'],
    ['people.add', 'keeper', 'guard1'],
    ['people.reset-password', 'keeper', 'guard1'],
    ['people.change', 'keeper', 'guard1'],
    ['people.remove', 'keeper', 'guard1'],
  ]);
  const said = JSON.stringify(await notes());
  expect(said).toContain('office');
  for (const secret of [password, reset]) expect(said).not.toContain(secret);
});
