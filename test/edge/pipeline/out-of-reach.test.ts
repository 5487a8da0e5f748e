import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { siteSchema } from '../../../contract/site.ts';
import { adapterKey, heardThrough, LiveDevices } from '../../../edge/pipeline/devices.ts';
import { profileFacts, topicsOf } from '../../../edge/registry/profile-facts.ts';
import { Registry } from '../../../edge/registry/registry.ts';
import { catalogue } from '../../support/builtin-catalogue.ts';

const dir = mkdtempSync(join(tmpdir(), 'out-of-reach-'));
let registry: Registry;

beforeAll(async () => {
  const logger = pino({ level: 'silent' });
  registry = await Registry.open({ file: join(dir, 'site.db'), logger, topicsOf: topicsOf(catalogue) });
  const site = siteSchema.parse({
    credentials: [{ user: 't-own', password: 'a-long-password' }],
    devices: [
      { id: 't-own', name: 'own', profile: 'tasmota.device', user: 't-own' },
      { id: 't-far', name: 'far', profile: 'tasmota.device' },
      { id: 't-moved', name: 'moved', profile: 'tasmota.device' },
    ],
  });
  await registry.importSite(site, { profiles: profileFacts(catalogue) });
});

afterAll(async () => {
  await registry.close();
  rmSync(dir, { recursive: true, force: true });
});

function devices(): LiveDevices {
  const identity = { gateway: 'gw-1', school: '2137000001', region: '370102' };
  return new LiveDevices(catalogue, registry, new Map(), identity);
}

test('what is reached through an external broker: what was heard there, and whoever has no account and was not heard', () => {
  const live = devices();
  expect([...live.forgetReachedBy('site').keys()].sort()).toEqual(['t-far', 't-moved']);
  const moved = live.get('t-moved');
  if (moved !== undefined) moved.adapter = 'mqtt';
  expect([...live.forgetReachedBy('site').keys()]).toEqual(['t-far']);
  const own = live.get('t-own');
  if (own !== undefined) own.adapter = 'site';
  expect([...live.forgetReachedBy('site').keys()].sort()).toEqual(['t-far', 't-own']);
});

test('a device that is out of reach is not silent', () => {
  const live = devices();
  const never = () => false;
  const reachable = (unheard: string[]) =>
    [...live.watched(never, unheard)].map((one) => [one.id, one.reachable] as const);
  expect(reachable(['site'])).toEqual([
    ['t-far', false],
    ['t-moved', false],
    ['t-own', true],
  ]);
  expect(reachable([]).every(([, is]) => is)).toBe(true);
});

test('a device heard on the embedded broker, without an account of its own, became unknown with the broker of the site', () => {
  const live = devices();
  expect(live.wasHeard('t-far', 'mqtt'), 'as a stranger, before it was registered').toBe(true);
  expect(live.wasHeard('t-far', 'site'), 'it was heard since').toBe(false);
  live.refresh();
  expect([...live.forgetReachedBy('site').keys()]).toEqual(['t-moved']);
});

test('after a restart nobody knew any more on which broker a device was heard', () => {
  const states = new Map([
    [adapterKey('t-far'), 'mqtt'],
    [adapterKey('t-own'), 'site'],
    ['device:t-far', '{}'],
  ]);
  const identity = { gateway: 'gw-1', school: '2137000001', region: '370102' };
  const live = new LiveDevices(catalogue, registry, new Map(), identity, heardThrough(states));
  expect([...live.forgetReachedBy('site').keys()].sort()).toEqual(['t-moved', 't-own']);
});
