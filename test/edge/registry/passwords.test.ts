import { describe, expect, it } from 'vitest';
import { deviceCost, hashPassword, personCost, verifyPassword } from '../../../edge/registry/passwords.ts';

describe('password hashes', () => {
  it('carry their parameters and a salt of their own', async () => {
    const [a, b] = [await hashPassword('secret-1', deviceCost), await hashPassword('secret-1', deviceCost)];
    expect(a).toMatch(/^scrypt\$4096\$8\$1\$/);
    expect(a).not.toBe(b);
    expect(await verifyPassword('secret-1', a)).toBe(true);
    expect(await verifyPassword('secret-2', a)).toBe(false);
  });

  it('of another cost still verify', async () => {
    expect(await verifyPassword('secret-1', await hashPassword('secret-1', personCost))).toBe(true);
    expect(await verifyPassword('secret-1', await hashPassword('secret-1', { N: 1024, r: 8, p: 2 }))).toBe(
      true,
    );
  });

  it('that are none verify nothing', async () => {
    expect(await verifyPassword('', '')).toBe(false);
    expect(await verifyPassword('plain', 'plain')).toBe(false);
  });
});
