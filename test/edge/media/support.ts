import { pino } from 'pino';
import type { Alarm } from '../../../contract/alarm.ts';
import type { Device, Place, Slot } from '../../../contract/site.ts';
import type { CameraSite } from '../../../edge/media/cameras.ts';

export const silent = pino({ level: 'silent' });

/** The smallest thing that passes for a JPEG. */
export function jpeg(bytes = 2_000, fill = 7): Buffer {
  return Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(bytes - 4, fill)]);
}

export function alarmOf(more: Partial<Alarm> = {}): Alarm {
  return {
    id: '01990000-0000-7000-8000-000000000002',
    version: 1,
    type: 'EMG.PANIC',
    subject: 's-panic',
    severity: 1,
    condition: 'active',
    latched: true,
    operator: 'new',
    count: 1,
    firstAt: '2026-12-01T08:00:00.000Z',
    lastAt: '2026-12-01T08:00:00.000Z',
    mode: 'live',
    freshness: 'live',
    lifeSafety: true,
    slot: 's-panic',
    place: 'room-1',
    raisedBy: '01990000-0000-7000-8000-000000000001',
    ...more,
  } as Alarm;
}

const campus: Place[] = [
  { id: 'campus', kind: 'campus', name: '校区' },
  { id: 'b1', kind: 'building', name: '楼', parent: 'campus' },
  { id: 'f1', kind: 'floor', name: '一层', parent: 'b1' },
  { id: 'room-1', kind: 'room', name: '教室', parent: 'f1' },
  { id: 'f2', kind: 'floor', name: '二层', parent: 'b1' },
  { id: 'dorm', kind: 'room', name: '宿舍', parent: 'f1', private: true },
  { id: 'bed', kind: 'point', name: '床位', parent: 'dorm' },
  { id: 'gate', kind: 'point', name: '校门', parent: 'campus' },
];

/** A campus of cameras: `cam-<place>` hangs in each place. Links are the test's. */
export function cameraSite(links: Record<string, string[]>): CameraSite & { places: Place[] } {
  const places = campus.map((place) => ({ ...place }));
  const slots: Slot[] = [
    { id: 's-panic', name: '报警', place: 'room-1', armed: 'never' },
    ...places.map(({ id }): Slot => ({ id: `v-${id}`, name: id, place: id, armed: 'never' })),
  ];
  const devices: Device[] = [
    { id: 'io-1', name: '模块', profile: 'io.wired', slot: 's-panic' },
    ...places.map(
      ({ id }): Device => ({ id: `cam-${id}`, name: id, profile: 'onvif.camera', slot: `v-${id}` }),
    ),
  ];
  return {
    places,
    devices: () => devices,
    device: (id) => devices.find((one) => one.id === id),
    slot: (id) => slots.find((one) => one.id === id),
    place: (id) => places.find((one) => one.id === id),
    links: () => Object.entries(links).map(([slot, cameras]) => ({ slot, cameras })),
    isCamera: ({ profile }) => profile === 'onvif.camera',
  };
}
