import { join } from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { siteSchema } from '../../../contract/site.ts';
import { Registry } from '../../../edge/registry/registry.ts';
import { tempDir } from '../../simulators/temp-dir.ts';

test('a device that had got the account of the day lets go of it once that is marked', async () => {
  const { dir, remove } = tempDir('commissioning-mark');
  const topicsOf = (_profile: string, key: string) => ({ publish: [`tele/${key}/#`], subscribe: [] });
  const logger = pino({ level: 'silent' });
  const registry = await Registry.open({ file: join(dir, 'site.db'), logger, topicsOf });
  onTestFinished(async () => {
    await registry.close();
    remove();
  });
  const day = { user: 'day', password: 'a-long-password', publish: ['tele/#'] };
  const devices = ['a', 'day'].map((id) => ({ id, name: id, profile: 'p', user: 'day' }));
  await registry.importSite(siteSchema.parse({ credentials: [day], devices }));
  await registry.importSite(siteSchema.parse({ credentials: [{ ...day, commissioning: true }] }));
  expect(registry.devicesOfUser('day')).toEqual([]);
  expect(registry.site().devices.map(({ id, user }) => [id, user])).toEqual([
    ['a', undefined],
    ['day', undefined],
  ]);
  expect(await registry.issueCredential('a')).toMatchObject({ user: 'a', devices: ['a'] });
  // of the same name as the account, and still not that
  expect(await registry.issueCredential('day')).toMatchObject({ user: 'day-2', created: true });
  expect(registry.account('day-2')).toMatchObject({ publish: ['tele/day/#'] });
});
