import { defaultServiceLevels, type ServiceLevels } from './service-levels.ts';

/** What the site decides about alarms that wait, come too often or do not get through; milliseconds. */
export interface AlarmTimes {
  /** From `new` to the second station, the shift leader, the security chief and the county. */
  escalation: readonly [number, number, number];
  levels: ServiceLevels;
  /** A severity 1 without a receipt for so long is told as SYS.UNDELIVERED. */
  undeliveredMs: number;
  /** More new alarms than `count` within `windowMs` are a flood. */
  flood: Burst;
  /** A source that raises more often than `count` within `windowMs` chatters, until it has been calm for `calmMs`. */
  chatter: Burst & { calmMs: number };
}

export interface Burst {
  count: number;
  windowMs: number;
}

export const defaultAlarmTimes: AlarmTimes = {
  escalation: [30_000, 60_000, 180_000],
  levels: defaultServiceLevels,
  undeliveredMs: 10_000,
  flood: { count: 10, windowMs: 600_000 },
  chatter: { count: 10, windowMs: 300_000, calmMs: 300_000 },
};
