import type { DrillPoint, DrillReport, DrillView } from '../../contract/drill.ts';
import { eventType } from '../../contract/event-type.ts';
import { csv } from '../ops/csv.ts';
import { commonPlace } from '../registry/zone-members.ts';
import { type Drill, type Point, pointKey } from './drill-state.ts';
import type { Campus } from './scope.ts';

/** What things are called, and where they are. */
export interface Names {
  /** Of a device or slot; the id where it is registered no more. */
  device(id: string): string;
  slot(id: string): string;
  placeOfSlot(id: string): string | undefined;
  commonPlace(places: readonly string[]): string | undefined;
  /** Which input of a device is wired to a slot; undefined: none, the device itself may be there. */
  inputAt(device: string, slot: string): string | undefined;
}

export function namesOf(campus: Campus): Names {
  return {
    device: (id) => campus.device(id)?.name ?? id,
    slot: (id) => campus.slot(id)?.name ?? id,
    placeOfSlot: (id) => campus.slot(id)?.place,
    commonPlace: (places) => commonPlace(places, (id) => campus.place(id)),
    inputAt: (device, slot) =>
      Object.entries(campus.device(device)?.inputs ?? {}).find(([, input]) => input.slot === slot)?.[0],
  };
}

/** As consoles show it while it runs. */
export function viewOf(drill: Drill, leftMs: number): DrillView {
  return {
    ...headOf(drill),
    leftS: Math.ceil(leftMs / 1_000),
    points: drill.points.length,
    reported: Object.keys(drill.ticks).length,
  };
}

/** Every point, and when it first reported. */
export function reportOf(drill: Drill, names: Names): DrillReport {
  const { points, notice } = drill;
  return {
    ...headOf(drill),
    ...(notice === undefined ? {} : { notice }),
    points: points.map((point) => pointOf(drill, point, names)),
  };
}

/** For the event that ends it: the numbers, and what is missing. */
export function summaryOf({ points, kind }: DrillReport): Record<string, unknown> {
  const missing = points.filter(({ at }) => at === undefined);
  const real = points.filter((point) => point.real === true);
  return {
    points: points.length,
    reported: points.length - missing.length,
    ...(real.length === 0 ? {} : { real: real.map(({ slot, device }) => slot ?? device) }),
    ...(kind === 'drill' ? {} : { missing: missing.map(({ slot, device }) => slot ?? device) }),
  };
}

/** For a spreadsheet. */
export function csvOf({ points }: DrillReport): string {
  const rows = points.map(({ place, slot, slotName, device, name, at, type, real }) => [
    place ?? '',
    slotName ?? slot ?? '',
    name,
    device,
    at === undefined ? '未报 missing' : '已报 reported',
    at ?? '',
    type === undefined ? '' : `${eventType(type)?.zh ?? ''} ${type}`.trim(),
    real === true ? '实警 real' : '',
  ]);
  const head = [
    '地点 place',
    '点位 slot',
    '设备 device',
    '编号 id',
    '结果 result',
    '时间 time',
    '类型 type',
    '备注 note',
  ];
  return csv([head, ...rows]);
}

function headOf({ id, kind, places, zone, types, reason, by, second, at, deadline }: Drill) {
  return {
    id,
    kind,
    places: [...places],
    ...(zone === undefined ? {} : { zone }),
    types: [...types],
    reason,
    by,
    ...(second === undefined ? {} : { second }),
    at,
    until: deadline.until,
  };
}

function pointOf({ ticks, presses }: Drill, point: Point, names: Names): DrillPoint {
  const { device, slot, input } = point;
  const tick = ticks[pointKey(point)];
  const place = slot === undefined ? undefined : names.placeOfSlot(slot);
  // of a silent type only its own card says so: this list is shown in the room, too
  const isReal = Object.values(presses).some(
    (press) =>
      press.real && press.device === device && press.slot === slot && eventType(press.type)?.silent !== true,
  );
  return {
    device,
    name: names.device(device),
    ...(slot === undefined ? {} : { slot, slotName: names.slot(slot) }),
    ...(input === undefined ? {} : { input }),
    ...(place === undefined ? {} : { place }),
    ...tick,
    ...(isReal ? { real: true } : {}),
  };
}
