import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DeviceCommand } from '../../../contract/command.ts';
import type { Device, Place, Slot } from '../../../contract/site.ts';
import { FfmpegFailure } from '../../../edge/media/ffmpeg.ts';
import type { MediaFacts } from '../../../edge/media/media-file.ts';
import { MediaDamaged } from '../../../edge/media/store.ts';
import type { Shown } from '../../../edge/media/watermark.ts';
import { TooMuchWork } from '../../../edge/ops/turns.ts';
import { MemoryGateway } from './memory-gateway.ts';

const places: Place[] = [
  { id: 'campus', kind: 'campus', name: '主校区' },
  { id: 'r101', kind: 'room', name: '101', parent: 'campus' },
  { id: 'p101', kind: 'point', name: '桌下', parent: 'r101' },
  { id: 'duty', kind: 'room', name: '值班室', parent: 'campus' },
];
const slots: Slot[] = [{ id: 'v-duty', name: '视频', place: 'duty', armed: 'never' }];
const devices: Device[] = [{ id: 'cam-1', name: '枪机', profile: 'onvif.camera', slot: 'v-duty' }];
const ID = '019ad000-0000-7000-8000-000000000001';

let gateway: MemoryGateway;
let facts: MediaFacts;
let shown: Shown[];
let records: Array<{ data: DeviceCommand; device: string }>;
let failure: Error | undefined;

beforeEach(async () => {
  shown = [];
  records = [];
  failure = undefined;
  gateway = await new MemoryGateway().start({
    directory: {
      version: 1,
      places: () => places,
      units: () => [],
      slots: () => slots,
      devices: () => devices,
      phones: () => [],
      links: () => [],
      place: (id) => places.find((place) => place.id === id),
      device: (id) => devices.find((device) => device.id === id),
    },
    media: {
      facts: async (id) => (id === facts.id ? facts : undefined),
      verified: async ({ id }) => {
        if (failure instanceof MediaDamaged) throw failure;
        return `/store/${id}`;
      },
      watermarked: async (one) => {
        if (failure !== undefined) throw failure;
        shown.push(one);
        return Buffer.from('watermarked');
      },
      record: async ({ data }, device) => void records.push({ data: data as DeviceCommand, device }),
    },
  });
  facts = {
    v: 1,
    id: ID,
    kind: 'snapshot',
    sha256: '0'.repeat(64),
    at: '2026-12-01T08:00:00.000Z',
    bytes: 11,
    camera: 'cam-1',
    place: 'duty',
    alarms: [gateway.raise('EMG.PANIC', 's-panic')!.id],
    keepDays: 180,
  };
});

afterEach(async () => {
  for (const place of places) delete place.private;
  await gateway.stop();
});

async function look(user: string, query = '', desk = {}): Promise<Response> {
  return gateway.get$(`/api/v1/media/${ID}${query}`, { cookie: await gateway.cookie(user, desk) });
}

test('a picture bears name, user name and the time of the campus; the look is on record', async () => {
  const response = await look('wang', '', { station: '值班室' });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('image/jpeg');
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(response.headers.get('content-disposition')).toBe(
    'inline; filename="cam-1-20261201T080000000Z.jpg"',
  );
  expect(await response.text()).toBe('watermarked');
  expect(shown).toEqual([{ file: `/store/${ID}`, kind: 'snapshot', size: 'full', mark: expect.any(String) }]);
  expect(shown[0]?.mark).toMatch(/^王保安 wang \d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/);
  expect(records).toEqual([
    {
      device: 'cam-1',
      data: {
        command: 'view-evidence',
        args: { media: ID, kind: 'snapshot', size: 'full' },
        result: 'sent',
        actor: 'wang',
        role: 'guard',
        station: '值班室',
      },
    },
  ]);
});

test('a film is a film, its thumbnail a picture', async () => {
  facts.kind = 'clip';
  expect((await look('wang')).headers.get('content-type')).toBe('video/mp4');
  expect((await look('wang', '?size=thumb')).headers.get('content-type')).toBe('image/jpeg');
  expect(shown.map(({ size }) => size)).toEqual(['full', 'thumb']);
  expect((await look('wang', '?size=raw')).status).toBe(400);
});

test.each([
  ['wang', 200],
  ['li', 200],
  ['admin', 200],
  ['sun', 403],
  ['secadmin', 403],
  ['audit', 403],
  ['screen', 403],
])('%s: %i; a refusal is on record', async (user, status) => {
  const response = await look(user);
  expect(response.status).toBe(status);
  expect(records).toHaveLength(1);
  expect(records[0]?.data).toMatchObject({ actor: user, result: status === 200 ? 'sent' : 'refused' });
  expect(shown).toHaveLength(status === 200 ? 1 : 0);
});

test('without a session nothing is told, not even whether it exists', async () => {
  for (const id of [ID, 'nothing']) expect((await gateway.get$(`/api/v1/media/${id}`)).status).toBe(401);
});

test('what hangs, or hung, in a private place is refused to everybody, and on record', async () => {
  places.find(({ id }) => id === 'duty')!.private = true;
  const response = await look('li');
  expect(response.status).toBe(403);
  expect(await response.json()).toMatchObject({ code: 'private-place' });
  expect(records[0]?.data).toMatchObject({ actor: 'li', result: 'refused' });
  delete places.find(({ id }) => id === 'duty')!.private;
  places.find(({ id }) => id === 'r101')!.private = true;
  facts.place = 'p101';
  expect((await look('li')).status).toBe(403);
  expect(shown).toEqual([]);
});

test('the room of a silent alarm learns nothing of its pictures', async () => {
  facts.alarms = [gateway.raise('EMG.DURESS', 's-duress', 'pulse')!.id];
  const inside = await look('wang', '', { station: '咨询室', place: 'r101' });
  expect(inside.status).toBe(404);
  expect(records).toEqual([]);
  expect((await look('wang', '', { station: '值班室', place: 'duty' })).status).toBe(200);
});

test('what is gone says so', async () => {
  facts.id = '019ad000-0000-7000-8000-00000000ffff';
  const response = await look('wang');
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ code: 'unknown-media' });
});

test.each<[Error, number, string]>([
  [new MediaDamaged('x'), 500, 'internal'],
  [new TooMuchWork('x'), 503, 'not-ready'],
  [new FfmpegFailure('missing', 'x'), 503, 'not-ready'],
  [new FfmpegFailure('failed', 'ffmpeg ended with 1'), 503, 'not-ready'],
])('%s: %i', async (error, status, code) => {
  failure = error;
  const response = await look('wang');
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ code });
  expect(records, 'nobody saw anything').toEqual([]);
});
