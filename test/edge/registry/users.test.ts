import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Registry } from '../../../edge/registry/registry.ts';
import type { Users } from '../../../edge/registry/users.ts';
import { type Workspace, workspace } from './campus.ts';

let at: Workspace;
let registry: Registry;
let users: Users;

beforeEach(async () => {
  at = workspace();
  registry = await at.open();
  users = registry.users;
});
afterEach(() => registry.close());

const guard = { user: 'guard1', name: '王警卫', role: 'guard' } as const;

describe('users', () => {
  it('sign in with their password and no other', async () => {
    await users.create(guard, 'guard-password');
    expect(await users.verify('guard1', 'guard-password')).toEqual(guard);
    expect(await users.verify('guard1', 'guard-passworD')).toBeUndefined();
    expect(await users.verify('guard1', '')).toBeUndefined();
    expect(await users.verify('nobody', 'guard-password')).toBeUndefined();
    expect(users.person('guard1')).toEqual(guard);
    expect(users.list()).toEqual([guard]);
  });

  it('take as long when there is no such user', async () => {
    await users.create(guard, 'guard-password');
    const time = async (user: string) => {
      const started = performance.now();
      await users.verify(user, 'wrong-password');
      return performance.now() - started;
    };
    await time('nobody');
    const [known, unknown] = [[], []] as [number[], number[]];
    for (let i = 0; i < 5; i++) {
      known.push(await time('guard1'));
      unknown.push(await time('nobody'));
    }
    expect(Math.min(...unknown)).toBeGreaterThan(Math.min(...known) / 3);
  });

  it('may type full-width characters as an input method gives them', async () => {
    await users.create(guard, 'guard-password');
    expect(await users.verify('guard1', 'ｇｕａｒｄ－password')).toEqual(guard);
  });

  it('change their password', async () => {
    await users.create(guard, 'guard-password');
    await users.setPassword('guard1', 'another-password');
    expect(await users.verify('guard1', 'guard-password')).toBeUndefined();
    expect(await users.verify('guard1', 'another-password')).toEqual(guard);
    await expect(users.setPassword('nobody', 'another-password')).rejects.toThrow(
      'there is no user "nobody"',
    );
    await expect(users.setPassword('guard1', 'short')).rejects.toThrow();
  });

  it('whose password or role changed, or who left, are told of, and nobody else', async () => {
    const told: string[] = [];
    const stop = users.onChange((user) => told.push(user));
    const importUsers = async (people: string, replace = false) => {
      const result = await registry.importFile(at.write(`users: [${people}]`), { replace });
      expect(result).toHaveProperty('report');
    };
    const one = '{ user: guard1, name: 王警卫, role: guard, password: guard-password }';
    const two = '{ user: guard2, name: 赵警卫, role: guard, password: guard-password }';
    await importUsers(`${one}, ${two}`);
    expect(told).toEqual([]);
    await users.setPassword('guard1', 'another-password');
    expect(told).toEqual(['guard1']);
    const promoted = two.replace('role: guard', 'role: shift-leader');
    await importUsers(`${one.replace('王警卫', '王卫')}, ${promoted}`);
    expect(told).toEqual(['guard1', 'guard2']);

    const beside = await at.open();
    await beside.users.setPassword('guard2', 'another-password');
    await beside.close();
    expect(told).toHaveLength(2);
    await registry.refresh();
    expect(told).toEqual(['guard1', 'guard2', 'guard2']);

    await importUsers(promoted, true);
    expect(told.slice(3)).toEqual(['guard1']);
    stop();
    await users.setPassword('guard2', 'a-third-password');
    expect(told).toHaveLength(4);
  });

  it('have names of their own', async () => {
    await users.create(guard, 'guard-password');
    await expect(users.create(guard, 'other-password')).rejects.toThrow('the user name "guard1" is taken');
    await expect(users.create({ ...guard, user: 'Guard 2' }, 'other-password')).rejects.toThrow();
    expect(await users.verify('guard1', 'guard-password')).toEqual(guard);
  });
});

describe('the first administrator', () => {
  const admin = { user: 'admin', name: '管理员', password: 'admin-password' };

  it('is made with a code that lasts until it is used', async () => {
    const code = users.ensureSetupCode();
    expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$/);
    expect(users.ensureSetupCode()).toBe(code);
    expect(await users.createAdministrator(admin)).toEqual({
      user: 'admin',
      name: '管理员',
      role: 'administrator',
    });
    expect(users.hasAdministrator()).toBe(true);
    expect(users.ensureSetupCode()).toBeUndefined();
  });

  it('is one, also of two requests at once', async () => {
    const both = await Promise.allSettled([
      users.createAdministrator(admin),
      users.createAdministrator({ ...admin, user: 'admin2' }),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(users.list()).toHaveLength(1);
    await expect(users.createAdministrator({ ...admin, user: 'admin3' })).rejects.toThrow(
      'there is an administrator already',
    );
  });

  it('needs no code where the import brought one', async () => {
    const file = at.write(
      'users: [{ user: root, name: 管理员, role: administrator, password: admin-password }]',
    );
    await registry.importFile(file);
    expect(users.ensureSetupCode()).toBeUndefined();
  });

  it('gets another code at each start', async () => {
    const code = users.ensureSetupCode();
    await registry.close();
    registry = await at.open();
    expect(registry.users.ensureSetupCode()).not.toBe(code);
  });
});
