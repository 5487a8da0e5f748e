import { describe, expect, it } from 'vitest';
import { type AccountRecord, BrokerAccounts } from '../../../edge/registry/accounts.ts';
import { deviceCost, hashPassword } from '../../../edge/registry/passwords.ts';

async function accounts(...users: string[]) {
  const records = new Map<string, AccountRecord>();
  for (const user of users) {
    records.set(user, {
      account: { user, publish: [], subscribe: [] },
      hash: await hashPassword(`${user}-password`, deviceCost),
    });
  }
  return { records, access: new BrokerAccounts((user) => records.get(user)) };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

describe('broker accounts', () => {
  it('remember a right password: 1,000 reconnects are not 1,000 hashes', async () => {
    const { access } = await accounts('a');
    const password = Buffer.from('a-password');
    const first = await timed(() => access.authenticate('a', password));
    const thousand = await timed(async () => {
      for (let i = 0; i < 1_000; i++) expect(await access.authenticate('a', password)).toBeDefined();
    });
    expect(thousand).toBeLessThan(Math.max(first * 100, 500));
  });

  it('remember a wrong one, which a misconfigured device repeats', async () => {
    const { access } = await accounts('a');
    const wrong = Buffer.from('not-the-password');
    const first = await timed(() => access.authenticate('a', wrong));
    const hundred = await timed(async () => {
      for (let i = 0; i < 100; i++) expect(await access.authenticate('a', wrong)).toBeUndefined();
    });
    expect(hundred).toBeLessThan(Math.max(first * 20, 200));
    expect(await access.authenticate('a', Buffer.from('a-password'))).toBeDefined();
  });

  it('forget a password that was changed, and an account that was removed', async () => {
    const { access, records } = await accounts('a');
    const password = Buffer.from('a-password');
    expect(await access.authenticate('a', password)).toBeDefined();
    const record = records.get('a')!;
    records.set('a', { ...record, hash: await hashPassword('new-password', deviceCost) });
    expect(await access.authenticate('a', password)).toBeUndefined();
    expect(await access.authenticate('a', Buffer.from('new-password'))).toBeDefined();
    records.delete('a');
    expect(await access.authenticate('a', Buffer.from('new-password'))).toBeUndefined();
  });

  it('give the rights of now, also when they change while a password is checked', async () => {
    const { access, records } = await accounts('a');
    const pending = access.authenticate('a', Buffer.from('a-password'));
    records.set('a', { ...records.get('a')!, account: { user: 'a', publish: ['x'], subscribe: [] } });
    expect((await pending)?.publish).toEqual(['x']);
    const removed = await accounts('b');
    const late = removed.access.authenticate('b', Buffer.from('b-password'));
    removed.records.delete('b');
    expect(await late).toBeUndefined();
  });

  it('let nobody who floods one name keep another from signing in', async () => {
    const { access } = await accounts('a', 'b');
    const flood = Array.from({ length: 500 }, (_, i) => access.authenticate('a', Buffer.from(`guess-${i}`)));
    const results = Promise.allSettled(flood);
    expect(await access.authenticate('b', Buffer.from('b-password'))).toBeDefined();
    const settled = await results;
    expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(496);
    expect(settled[499]).toMatchObject({
      reason: { message: 'too many sign-ins of "a" wait for their password check' },
    });
    expect(await access.authenticate('a', Buffer.from('a-password'))).toBeDefined();
  });

  it('check a storm of first sign-ins all the same', async () => {
    const users = Array.from({ length: 40 }, (_, i) => `d${i}`);
    const { access } = await accounts(...users);
    const all = await Promise.all(
      users.map((user) => access.authenticate(user, Buffer.from(`${user}-password`))),
    );
    expect(all.map((account) => account?.user)).toEqual(users);
  });
});
