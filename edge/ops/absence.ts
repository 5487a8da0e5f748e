import type { Alarm } from '../../contract/alarm.ts';

/** The device that an alarm says is away now; undefined for every other alarm, and once it has returned. */
export function absentDevice({ type, condition, device }: Pick<Alarm, 'type' | 'condition' | 'device'>) {
  return (type === 'DEV.OFFLINE' || type === 'SYS.GATEWAY_DOWN') && condition !== 'returned'
    ? device
    : undefined;
}

/** The devices that these alarms say are away now. */
export function absentDevices(alarms: readonly Alarm[]): ReadonlySet<string> {
  return new Set(alarms.flatMap((alarm) => absentDevice(alarm) ?? []));
}
