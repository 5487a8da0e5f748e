import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { siteSchema } from '../../../contract/site.ts';
import { profileFacts, topicsOf } from '../../../edge/registry/profile-facts.ts';
import { Registry } from '../../../edge/registry/registry.ts';
import { tempDir } from '../../simulators/temp-dir.ts';
import { catalogue } from '../../support/builtin-catalogue.ts';

const folder = tempDir('private-places');
const profiles = profileFacts(catalogue);
const onvif = { url: 'http://192.0.2.1/onvif/device_service' };
let registry: Registry;

beforeAll(async () => {
  const logger = pino({ level: 'silent' });
  registry = await Registry.open({
    file: join(folder.dir, 'site.db'),
    logger,
    topicsOf: topicsOf(catalogue),
  });
  const site = siteSchema.parse({
    places: [
      { id: 'c', kind: 'campus', name: 'campus' },
      { id: 'dorm', kind: 'building', name: 'dorm', parent: 'c' },
      { id: 'hall', kind: 'room', name: 'hall', parent: 'dorm', plan: { id: 'ground', x: 0.25, y: 0.5 } },
      { id: 'r101', kind: 'room', name: 'room', parent: 'dorm', private: true },
      { id: 'bed', kind: 'point', name: 'bed', parent: 'r101' },
    ],
    slots: [
      { id: 'hall-video', name: 'hall', place: 'hall' },
      { id: 'bed-panic', name: 'panic', place: 'bed' },
    ],
    devices: [{ id: 'cam', name: 'cam', profile: 'onvif.camera', slot: 'hall-video', onvif }],
    links: [{ slot: 'bed-panic', cameras: ['cam'] }],
  });
  await registry.importSite(site, { profiles });
});

afterAll(async () => {
  await registry.close();
  folder.remove();
});

function faults(site: unknown): string[] {
  return registry
    .faultsOf(siteSchema.parse(site), profiles)
    .map(({ path, message }) => `${path.join('.')}: ${message}`);
}

test('a camera in a private place, or in a place that lies in one, is refused', () => {
  const device = { id: 'spy', name: 'spy', profile: 'onvif.camera', slot: 'bed-panic', onvif };
  expect(faults({ devices: [device] }).join('\n')).toContain(
    'camera "spy" would look into "r101", which is private',
  );
  const mqtt = { id: 'spy', name: 'spy', profile: 'hikvision.camera', slot: 'bed-panic' };
  expect(faults({ devices: [mqtt] })).toHaveLength(1);
});

test('a channel of a recorder there is refused; a panic button on its input and a door controller are not', () => {
  const recorder = { id: 'nvr', name: 'nvr', profile: 'onvif.camera', slot: 'hall-video', onvif };
  expect(faults({ devices: [{ ...recorder, inputs: { ch2: { slot: 'bed-panic' } } }] }).join('\n')).toContain(
    'devices.0.inputs.ch2.slot',
  );
  expect(
    faults({ devices: [{ ...recorder, inputs: { in1: { slot: 'bed-panic', means: 'panic' } } }] }),
  ).toEqual([]);
  const door = { id: 'door', name: 'door', profile: 'onvif.access', slot: 'bed-panic', onvif };
  expect(faults({ devices: [door] })).toEqual([]);
});

test('a place with a camera does not become private behind its back', async () => {
  const places = registry
    .places()
    .map((place) => (place.id === 'hall' ? { ...place, private: true } : place));
  await expect(registry.importSite(siteSchema.parse({ places }), { profiles })).rejects.toThrow(
    'camera "cam" would look into "hall"',
  );
});

test('links and positions on a plan are kept, and cameras of links must exist', () => {
  expect(registry.links()).toEqual([{ slot: 'bed-panic', cameras: ['cam'] }]);
  expect(registry.place('hall')?.plan).toEqual({ id: 'ground', x: 0.25, y: 0.5 });
  expect(faults({ links: [{ slot: 'hall-video', cameras: ['cam', 'nobody'] }] }).join('\n')).toContain(
    'there is no device "nobody"',
  );
});
