import { type DeviceState, isLost, type Limit, unsure } from './device-state.ts';

/** A condition of a device that nothing was heard of for longer than its `maxActive`. */
export interface Expired {
  /** Undefined: the device itself. */
  readonly input: string | undefined;
  readonly type: string;
}

/**
 * Makes the conditions unknown whose time is over (CONTRACT section 4: never returned). Like after a lost bridge, what is
 * said of them next is a first sight: an alarm is told again, and so is its end. Undefined when nothing is due.
 * `now` in ms since 1970; a clock that was set by more than a limit ends it, which clears nothing.
 */
export function expire(
  state: DeviceState | undefined,
  now: number,
): { state: DeviceState; expired: Expired[] } | undefined {
  const limits = Object.entries(state?.limits ?? {});
  const due = limits.filter(([, limit]) => isOver(limit, now));
  if (state === undefined || due.length === 0) return undefined;
  const expired: Expired[] = [];
  const points = { ...state.points };
  const voices = { ...state.voices };
  for (const [key] of due) {
    const cut = key.indexOf('#');
    const type = key.slice(0, cut);
    const name = key.slice(cut + 1);
    const condition = Object.hasOwn(points, name) ? points[name]?.[type] : undefined;
    if (condition !== undefined) points[name] = { ...points[name], [type]: unsure(condition) };
    for (const voice of Object.keys(voices)) if (voice.startsWith(`${key}:`)) delete voices[voice];
    expired.push({ input: name === '' ? undefined : name, type });
  }
  const { limits: _limits, voices: _voices, ...rest } = state;
  const left = limits.filter(([, limit]) => !isOver(limit, now));
  return {
    state: {
      ...rest,
      points,
      ...(Object.keys(voices).length === 0 ? {} : { voices }),
      ...(left.length === 0 ? {} : { limits: Object.fromEntries(left) }),
    },
    expired,
  };
}

/** Does nobody know whether this condition holds? */
export function isUnknown(state: DeviceState | undefined, { input = '', type }: Expired): boolean {
  const inputs = state?.points ?? {};
  const condition = Object.hasOwn(inputs, input) ? inputs[input]?.[type] : undefined;
  return condition !== undefined && Object.values(condition).every(isLost);
}

function isOver({ since, max }: Limit, now: number): boolean {
  return Math.abs(now - since) >= max;
}
