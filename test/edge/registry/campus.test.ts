import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { siteSchema } from '../../../contract/site.ts';
import { CampusDesk } from '../../../edge/registry/campus-desk.ts';
import { planImage } from '../../../edge/registry/plan-image.ts';
import { Registry, SiteError } from '../../../edge/registry/registry.ts';
import { checkSite } from '../../../edge/registry/site-check.ts';
import { emptySite } from '../../../edge/registry/site-file.ts';
import { zoneOfSlots } from '../../../edge/registry/zone-members.ts';
import { tempDir } from '../../simulators/temp-dir.ts';

const png = Buffer.concat([
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  Buffer.from('rest of a picture'),
]);

const campus = {
  places: [
    { id: 'campus', kind: 'campus', name: '校区' },
    { id: 'lab', kind: 'building', name: '实验楼', parent: 'campus' },
    { id: 'store', kind: 'room', name: '危化品库', parent: 'lab' },
  ],
  units: [{ id: 'chemistry', name: '化学学院' }],
  slots: [
    { id: 'lab-door', name: '大门', place: 'lab', neighbours: ['store-door'] },
    { id: 'store-door', name: '库门', place: 'store' },
    { id: 'store-safe', name: '保险柜', place: 'store', armed: 'always' },
  ],
  zones: [
    { id: 'z-lab', name: '实验楼', places: ['lab'], entrySlots: ['lab-door'] },
    { id: 'z-store', name: '库房', places: ['store'], schedule: [{ from: '20:00', to: '07:00' }] },
  ],
  phones: [{ id: 'duty', name: '保卫处值班', number: '0531-8888 0000', units: ['chemistry'], order: 1 }],
  hours: [{ id: 'lab-open', place: 'lab', kind: 'open', from: '07:00', to: '22:00' }],
  plans: [{ id: 'lab-1', name: '一层', place: 'lab', image_file: 'lab-1.png' }],
  calendar: [{ id: 'autumn', kind: 'term', name: '秋季', from: '2026-09-01', to: '2027-01-15' }],
};

const logger = pino({ level: 'silent' });
const profiles = { ids: new Set<string>(), check: () => [] };
let folder: ReturnType<typeof tempDir>;
let registry: Registry;

beforeEach(async () => {
  folder = tempDir('campus');
  registry = await Registry.open({ file: join(folder.dir, 'site.db'), logger });
});
afterEach(async () => {
  await registry.close();
  folder.remove();
});

function write(site: object = campus): string {
  const file = join(folder.dir, 'campus.yaml');
  writeFileSync(file, stringify(site));
  writeFileSync(join(folder.dir, 'lab-1.png'), png);
  return file;
}

/** What is wrong with a campus, as `path: message`. */
function faults(change: object): string[] {
  return checkSite({ ...campus, ...change }, { existing: emptySite }).map(
    ({ path, message }) => `${path.map(String).join('.')}: ${message}`,
  );
}

test('import, export and import again: everything is there, without secrets, and nothing changes', async () => {
  expect(await registry.importFile(write())).not.toHaveProperty('faults');
  const exported = registry.site();
  expect(exported.zones.map(({ id, entryDelay, exitDelay }) => [id, entryDelay, exitDelay])).toEqual([
    ['z-lab', 30, 60],
    ['z-store', 30, 60],
  ]);
  expect(exported.plans).toEqual([{ id: 'lab-1', name: '一层', place: 'lab' }]);
  expect((await registry.planImage('lab-1'))?.bytes).toEqual(png);
  const again = await registry.importSite(siteSchema.parse(JSON.parse(JSON.stringify(exported))));
  for (const { added, changed, removed } of Object.values(again))
    expect([added, changed, removed]).toEqual([[], [], []]);
});

test('a slot is in the zone that names it, else in that of the nearest place; around the clock: in none', () => {
  const members = zoneOfSlots(siteSchema.parse(campus));
  expect([...members].map(([slot, { id }]) => [slot, id])).toEqual([
    ['lab-door', 'z-lab'],
    ['store-door', 'z-store'],
  ]);
});

test('faults name the entry and what is wrong with it', () => {
  const [lab, store] = campus.zones;
  expect(faults({})).toEqual([]);
  expect(faults({ zones: [lab, { ...store, places: ['lab'] }] })).toContain(
    'zones.1.places.0: "lab" is in zone "z-lab" already',
  );
  expect(faults({ zones: [{ ...lab, entrySlots: ['store-door'] }, store] })).toEqual([
    'zones.0.entrySlots.0: "store-door" is not in this zone',
  ]);
  expect(faults({ zones: [{ id: 'z', name: 'z', slots: ['store-safe'] }] })).toEqual([
    'zones.0.slots.0: "store-safe" is armed around the clock (armed: always)',
  ]);
  expect(faults({ zones: [{ id: 'z', name: 'z' }] })).toEqual(['zones.0.slots: is missing']);
  expect(faults({ zones: [{ id: 'z', name: 'z', slots: ['lab-dor'] }] })).toEqual([
    'zones.0.slots.0: there is no slot "lab-dor"',
  ]);
  expect(
    faults({
      places: campus.places.map((place) => ({ ...place, plan: { id: 'lab-2', x: 0, y: 0 } })),
    }),
  ).toContain('places.0.plan.id: there is no plan "lab-2"');
  const autumn = campus.calendar[0];
  expect(faults({ calendar: [{ ...autumn, to: '2026-08-01' }] })).toEqual([
    'calendar.0.to: is before 2026-09-01',
  ]);
  expect(
    faults({ calendar: [autumn, { ...autumn, id: 'other', from: '2027-01-10', to: '2027-02-01' }] }),
  ).toContain('calendar.1.from: overlaps "autumn" (2026-09-01 to 2027-01-15)');
});

test('bug: a change of one entry took a way in out of another zone, and the export could not be imported', () => {
  const existing = siteSchema.parse(campus);
  const found = (change: object) =>
    checkSite(change, { existing }).map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
  const leaves = '"lab-door" would leave zone "z-lab", which names it as a way in or as off in stay mode';
  expect(found({ zones: [{ id: 'z-3', name: 'x', slots: ['lab-door'] }] })).toEqual([`zones: ${leaves}`]);
  const [door] = campus.slots;
  expect(found({ slots: [{ ...door, armed: 'always' }] })).toEqual([`slots: ${leaves}`]);
  expect(found({ slots: [{ ...door, place: 'store' }] })).toEqual([`slots: ${leaves}`]);
  expect(found({ zones: [{ id: 'z-3', name: 'x', slots: ['store-door'] }] })).toEqual([]);
  // both in one file
  const both = { ...campus.zones[0], entrySlots: [] };
  expect(found({ zones: [both, { id: 'z-3', name: 'x', slots: ['lab-door'] }] })).toEqual([]);
});

test('bug: an import took a password that everybody guesses for good', async () => {
  const users = ['12345678', 'Lakeside-42'].map((password, n) => ({
    user: `guard${n}`,
    name: 'X',
    role: 'guard',
    password,
  }));
  await registry.importSite(siteSchema.parse({ ...campus, plans: [], users }));
  expect(['guard0', 'guard1'].map((user) => registry.users.mustChange(user))).toEqual([true, false]);
  await registry.users.setPassword('guard0', 'Riverbank-77');
  await registry.importSite(siteSchema.parse({ ...campus, plans: [], users }));
  expect(registry.users.mustChange('guard0')).toBe(false);
});

test('a picture that is none is a fault of the file, SVG too', async () => {
  const file = write();
  writeFileSync(join(folder.dir, 'lab-1.png'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  const { faults } = (await registry.importFile(file)) as { faults: { message: string }[] };
  expect(faults).toMatchObject([{ message: '"lab-1.png" is no PNG or JPEG of 5 MiB at most' }]);
  expect(planImage(Buffer.from([0xff, 0xd8, 0xff, 0xe0]))?.type).toBe('image/jpeg');
});

test('an entry is changed and removed as an import would: checked, recorded, kept over the next start', async () => {
  const file = write();
  await registry.importFile(file);
  const records: unknown[] = [];
  const desk = new CampusDesk({
    registry,
    profiles: () => profiles,
    emit: async ({ data }) => {
      records.push(data);
    },
    clock: Date.now,
  });
  const phone = { ...registry.site().phones[0], number: '110' };
  await desk.put('phones', 'duty', phone, 'admin');
  await expect(desk.put('phones', 'duty', { ...phone, units: ['nobody'] }, 'admin')).rejects.toThrow(
    SiteError,
  );
  await expect(desk.remove('places', 'store', 'admin')).rejects.toMatchObject({
    issues: expect.arrayContaining([
      expect.objectContaining({ message: '"store" would be removed, but slot "store-door" needs it' }),
    ]),
  });
  await desk.remove('hours', 'lab-open', 'admin');
  expect(await desk.remove('hours', 'lab-open', 'admin')).toBeUndefined();
  expect(records).toMatchObject([
    { by: 'admin', what: 'phones changed', before: { number: '0531-8888 0000' }, after: { number: '110' } },
    { by: 'admin', what: 'hours removed', before: { id: 'lab-open' } },
  ]);
  expect((await registry.planImage('lab-1'))?.type).toBe('image/png');

  // the same file at the next start undoes nothing; another one counts
  await registry.importFile(file);
  expect(registry.site()).toMatchObject({ phones: [{ number: '110' }], hours: [] });
  await registry.importFile(write({ ...campus, units: [{ id: 'chemistry', name: '化工学院' }] }));
  expect(registry.site()).toMatchObject({
    phones: [{ number: '0531-8888 0000' }],
    hours: [{ id: 'lab-open' }],
  });
});

test('what a file changes of a campus is recorded; the first import and the same one again are not', async () => {
  const records: unknown[] = [];
  await registry.importFile(write());
  await registry.importFile(write({ ...campus, units: [{ id: 'chemistry', name: '化工学院' }], hours: [] }));
  registry.imports.start((record) => records.push(record));
  await registry.importFile(write({ ...campus, hours: [] }), { replace: true });
  await registry.importFile(write({ ...campus, hours: [] }), { replace: true });
  const none = { added: [], changed: [], removed: [] };
  expect(records).toEqual([
    {
      by: 'site.import',
      what: 'campus imported',
      changes: { units: { ...none, changed: ['chemistry'], count: 1 } },
    },
    {
      by: 'site.import',
      what: 'campus imported',
      changes: {
        units: { ...none, changed: ['chemistry'], count: 1 },
        hours: { ...none, removed: ['lab-open'], count: 1 },
      },
    },
  ]);
});

test('a plan that is renamed keeps its picture', async () => {
  await registry.importFile(write());
  await registry.putEntry('plans', 'lab-1', { id: 'lab-1', name: '首层', place: 'lab' }, profiles);
  expect((await registry.planImage('lab-1'))?.bytes).toEqual(png);
});
