import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { siteSchema } from '../../../contract/site.ts';
import { builtinProfiles } from '../../../device-profiles/catalogue.ts';
import { CameraSearch } from '../../../edge/registry/camera-search.ts';
import { profileFacts } from '../../../edge/registry/profile-facts.ts';
import { Registry } from '../../../edge/registry/registry.ts';
import { SiteProfiles } from '../../../edge/registry/site-profiles.ts';
import { startCamera } from '../../simulators/onvif/camera.ts';
import { type DiscoveryResponder, startDiscoveryResponder } from '../../simulators/onvif/discovery.ts';
import type { CameraOptions, SimulatedCamera } from '../../simulators/onvif/types.ts';
import { tempDir } from '../../simulators/temp-dir.ts';
import { catalogue } from '../../support/builtin-catalogue.ts';

const builtin = builtinProfiles();
const profiles = new SiteProfiles(catalogue, { builtin });
const logger = pino({ level: 'silent' });
const stops: Array<() => unknown> = [];
const cameras: SimulatedCamera[] = [];
const recorded: Array<Record<string, unknown>> = [];
let registry: Registry;
let responder: DiscoveryResponder;
let searching: CameraSearch;

const site = {
  places: [{ id: 'campus', kind: 'campus', name: '校园' }],
  slots: [{ id: 'gate-panic', name: '一键报警', place: 'campus' }],
};

beforeEach(async () => {
  const { dir, remove } = tempDir('camera-search');
  stops.push(remove);
  registry = await Registry.open({ file: `${dir}/site.db`, logger });
  stops.push(() => registry.close());
  await registry.importSite(siteSchema.parse(site), { profiles: profileFacts(profiles) });
  responder = await startDiscoveryResponder(() => cameras);
  stops.push(() => responder.stop());
  searching = new CameraSearch({
    registry,
    profiles,
    clock: Date.now,
    emit: async ({ data }) => void recorded.push(data as Record<string, unknown>),
    logger,
    network: { interfaces: ['127.0.0.1'], unicastPort: responder.port, waitMs: 300 },
  });
  stops.push(() => searching.stop());
});

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  cameras.length = 0;
  recorded.length = 0;
});

async function camera(options: CameraOptions = {}): Promise<SimulatedCamera> {
  const started = await startCamera(options);
  cameras.push(started);
  stops.push(() => started.stop());
  return started;
}

/** Searches and returns what was found of our cameras. */
async function found(of: SimulatedCamera) {
  expect(searching.start({ cidr: ['127.0.0.1'], ports: [of.port] }, 'wang')).toBeUndefined();
  await searching.settled(20_000);
  const { state, devices } = searching.view();
  expect(state).toBe('done');
  const one = devices.find(({ url }) => url === of.url);
  if (one === undefined) throw new Error('the camera was not found');
  return one;
}

test('a camera is found, tried, registered with its secret, and known again at another address', async () => {
  const gate = await camera({ name: '校门', serial: 'SN-77' });
  const { id, trial } = await found(gate);
  // looked at without credentials
  expect(trial).toMatchObject({ verdict: 'no-user', clockAheadMs: expect.any(Number) });
  expect(gate.stats().refused).toBe(0);

  const right = { user: gate.user, password: gate.password };
  expect(await searching.try(id, right, 'wang')).toMatchObject({
    trial: { verdict: 'accepted', report: { serial: 'SN-77' } },
  });
  const adopted = await searching.adopt(
    id,
    { profile: 'onvif.camera', name: '校门枪机', place: 'campus', sees: ['gate-panic'] },
    right,
    'wang',
  );
  expect(adopted).toMatchObject({ device: { id: 'cam-1', slot: 'cam-1' } });
  expect(JSON.stringify(adopted)).not.toContain(gate.password);
  expect(registry.device('cam-1')?.onvif).toEqual({
    url: gate.url,
    user: gate.user,
    endpoint: `urn:uuid:${gate.uuid}`,
    serial: 'SN-77',
  });
  expect(registry.secretOf('cam-1')).toBe(gate.password);
  expect(registry.links()).toEqual([{ slot: 'gate-panic', cameras: ['cam-1'] }]);
  expect(searching.view().devices.find((one) => one.id === id)?.relation).toEqual({
    device: 'cam-1',
    is: 'here',
  });
  expect(await searching.try(id, { user: 'x', password: 'y' }, 'wang')).toMatchObject({
    refused: 'registered',
  });
  expect(
    await searching.adopt(id, { profile: 'onvif.camera', name: 'x', place: 'campus' }, right, 'wang'),
  ).toMatchObject({ refused: 'registered' });

  const before = gate.url;
  await gate.move();
  const moved = await found(gate);
  expect(moved.relation).toEqual({ device: 'cam-1', is: 'moved' });
  expect(await searching.move(moved.id, 'wang')).toMatchObject({ device: { id: 'cam-1' } });
  expect(registry.device('cam-1')?.onvif?.url).toBe(gate.url);
  expect(registry.secretOf('cam-1')).toBe(gate.password);
  // the file of the campus that was not kept up brings the old address back no more
  const file = siteSchema.parse({
    ...site,
    devices: [{ ...registry.device('cam-1'), onvif: { url: before, user: gate.user } }],
    slots: registry.slots(),
  });
  const report = await registry.importSite(file, { profiles: profileFacts(profiles) });
  expect(registry.device('cam-1')?.onvif).toMatchObject({ url: gate.url, endpoint: `urn:uuid:${gate.uuid}` });
  expect(report.devices).toMatchObject({ changed: [], unchanged: 1 });
  expect(recorded.map(({ what }) => what)).toEqual([
    'cameras searched for',
    'credentials of a camera tried',
    'device registered',
    'cameras searched for',
    'address of a camera changed',
  ]);
  expect(JSON.stringify(recorded)).not.toContain(gate.password);
});

test('a device at the new address that is another unit is not taken for the one that moved', async () => {
  const gate = await camera({ serial: 'SN-1' });
  const { id } = await found(gate);
  await searching.adopt(id, { profile: 'onvif.camera', name: 'x', place: 'campus' }, gate, 'wang');
  await registry.noteOnvif('cam-1', { serial: 'SN-OTHER' });
  await gate.move();
  const moved = await found(gate);
  expect(moved.relation).toMatchObject({ is: 'moved' });
  expect(await searching.move(moved.id, 'wang')).toMatchObject({ refused: 'not-possible' });
  expect(registry.device('cam-1')?.onvif?.url).not.toBe(gate.url);
});

test('a camera of a file that names its address alone is learnt, and then known again', async () => {
  const gate = await camera();
  const devices = [
    { id: 'gate', name: '枪机', profile: 'onvif.camera', slot: 'gate-panic', onvif: { url: gate.url } },
  ];
  await registry.importSite(siteSchema.parse({ ...site, devices }), { profiles: profileFacts(profiles) });
  expect((await found(gate)).relation).toEqual({ device: 'gate', is: 'here' });
  expect(registry.device('gate')?.onvif?.endpoint).toBe(`urn:uuid:${gate.uuid}`);
  await gate.move();
  expect((await found(gate)).relation).toEqual({ device: 'gate', is: 'moved' });
});

test('three wrong passwords in a row, and no more: the account is not locked from here', async () => {
  const gate = await camera({ lockOutAfter: 5 });
  const { id } = await found(gate);
  const wrong = { user: gate.user, password: 'wrong' };
  for (let i = 0; i < 3; i++)
    expect(await searching.try(id, wrong, 'wang')).toMatchObject({ trial: { verdict: 'refused' } });
  expect(await searching.try(id, wrong, 'wang')).toMatchObject({ refused: 'too-often' });
  expect(gate.stats().refused).toBe(3);
});

test('one search at a time, and what is wrong with a range is said at its field', async () => {
  const gate = await camera();
  expect(searching.start({ cidr: ['8.8.8.0/24', '10.0.0.0/8'] }, 'wang')).toMatchObject({
    faults: [{ path: 'cidr.0' }, { path: 'cidr.1' }],
  });
  expect(searching.start({ cidr: [] }, 'wang')).toBeUndefined();
  expect(searching.start({ cidr: [] }, 'wang')).toMatchObject({ refused: 'busy' });
  await searching.stop();
  expect(gate.stats().refused).toBe(0);
});
