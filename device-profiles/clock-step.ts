import type { DeviceState } from './device-state.ts';

/**
 * What is known of a device after the gateway's own clock was set: nothing is proven of the device's clock any more, since it
 * was proven by ours. The same object if nothing was. Pure.
 */
export function afterClockStep(state: DeviceState): DeviceState {
  if (state.clock === undefined) return state;
  const { clock: _, ...rest } = state;
  return rest;
}
