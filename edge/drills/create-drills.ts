import { DrillDesk, type DrillDeskOptions } from './drill-desk.ts';
import { Drills, type DrillsOptions } from './drills.ts';
import { namesOf } from './report.ts';

/** Drills and walk tests: the machine, and what people do with it. */
export function createDrills(o: Omit<DrillsOptions, 'names'> & Omit<DrillDeskOptions, 'drills' | 'names'>): {
  machine: Drills;
  desk: DrillDesk;
} {
  const names = namesOf(o.campus);
  const machine = new Drills({ ...o, names });
  return { machine, desk: new DrillDesk({ ...o, drills: machine, names }) };
}
