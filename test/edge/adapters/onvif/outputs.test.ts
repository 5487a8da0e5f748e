import { afterEach, describe, expect, test } from 'vitest';
import type { OnvifOperation } from '../../../../device-profiles/onvif-operations.ts';
import type { Health } from '../../../../edge/adapters/onvif/health.ts';
import { OnvifOutputs } from '../../../../edge/adapters/onvif/outputs.ts';
import { SoapClient } from '../../../../edge/adapters/onvif/soap-client.ts';
import { startCamera } from '../../../simulators/onvif/camera.ts';
import type { CameraOptions, SimulatedCamera } from '../../../simulators/onvif/types.ts';
import { deviceOf } from './support.ts';

const stops: Array<() => Promise<void>> = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A device, and the way to its outputs. */
async function outputsOf(options: CameraOptions = {}, health?: Health) {
  const camera = await startCamera(options);
  stops.push(() => camera.stop());
  const device = deviceOf(camera);
  const client = new SoapClient({ device, maxBytes: 262_144, deviceClock: Date.now });
  const outputs = new OnvifOutputs({
    reach: (id) => (id === 'cam-1' ? { device, client, health } : undefined),
    timeoutMs: 1_000,
    clock: Date.now,
  });
  const run = (operation: OnvifOperation, given: Record<string, string> = {}) =>
    outputs.run('cam-1', { operation, with: given });
  return { camera, outputs, run };
}

const told = (camera: SimulatedCamera) =>
  camera.stats().commands.map(({ operation, parameters }) => ({ operation, ...parameters }));

const relay = { RelayOutputToken: 'RO-1', LogicalState: 'active' };

describe('an output of a device over ONVIF', () => {
  test('a relay is switched, and the device says that it did it', async () => {
    const { camera, run } = await outputsOf();
    expect(await run('SetRelayOutputState', relay)).toEqual({ is: 'done' });
    expect(told(camera)).toEqual([{ operation: 'SetRelayOutputState', token: 'RO-1', state: 'active' }]);
  });

  test('a camera goes to a preset through the profile that can be moved', async () => {
    const { camera, run } = await outputsOf({ presets: { '001': '校门', '1': 'playground' } });
    expect(await run('GotoPreset', { PresetToken: '001' })).toEqual({ is: 'done' });
    expect(told(camera)).toEqual([{ operation: 'GotoPreset', preset: '001' }]);
  });

  test.each([
    ['AccessDoor', 'door-1'],
    ['UnlockDoor', 'door-1'],
    ['LockDoor', 'door-1'],
    ['DoubleLockDoor', 'door-1'],
    ['BlockDoor', 'door-1'],
    ['LockDownDoor', 'door-1'],
    ['LockOpenDoor', 'door-1'],
    ['EnableAccessPoint', 'ap-1'],
    ['DisableAccessPoint', 'ap-1'],
  ] as const)('%s reaches an access controller', async (operation, token) => {
    const { camera, run } = await outputsOf({ kind: 'access-controller' });
    expect(await run(operation, { Token: token })).toEqual({ is: 'done' });
    expect(camera.stats().commands.map((command) => command.operation)).toEqual([operation]);
  });

  test('a device restarts', async () => {
    const { camera, run } = await outputsOf();
    expect(await run('SystemReboot')).toEqual({ is: 'done' });
    expect(told(camera)).toEqual([{ operation: 'SystemReboot' }]);
  });

  test('what the device refuses is told in its words', async () => {
    const { run } = await outputsOf({ kind: 'access-controller' });
    await run('LockDownDoor', { Token: 'door-1' });
    expect(await run('UnlockDoor', { Token: 'door-1' })).toMatchObject({
      is: 'refused',
      reason: expect.stringContaining('LockedDown'),
    });
    expect(await run('UnlockDoor', { Token: 'nowhere' })).toMatchObject({ is: 'refused' });
    expect(await run('GotoPreset', { PresetToken: '1' })).toMatchObject({ is: 'refused' });
  });

  test.each([
    ['hang', 'no-answer'],
    ['lost-reply', 'no-answer'],
    ['reset', 'no-answer'],
    ['truncated', 'no-answer'],
  ] as const)('under %s it is told once, and whether it did it is not known', async (fault, is) => {
    const { camera, run } = await outputsOf();
    await run('SetRelayOutputState', { ...relay, LogicalState: 'inactive' });
    camera.fault(fault, { operations: ['SetRelayOutputState'] });
    expect(await run('SetRelayOutputState', relay)).toMatchObject({ is });
    expect(camera.stats().requests.SetRelayOutputState).toBeLessThanOrEqual(3);
    camera.clearFaults();
    expect(
      told(camera).filter(({ operation }) => operation === 'SetRelayOutputState').length,
    ).toBeLessThanOrEqual(2);
  });

  test('a device that is away is told nothing, now or later', async () => {
    const { camera, run } = await outputsOf();
    camera.fault('dead');
    await camera.settled();
    expect(await run('SetRelayOutputState', relay)).toMatchObject({ is: 'not-sent' });
    camera.clearFaults();
    await camera.settled();
    expect(told(camera)).toEqual([]);
  });

  test('credentials that are refused are not tried once more', async () => {
    const refused: Health = { state: 'refused', reason: 'it refuses the user', at: 0 };
    const { camera, run } = await outputsOf({}, refused);
    expect(await run('SetRelayOutputState', relay)).toEqual({
      is: 'not-permitted',
      reason: 'it refuses the user',
    });
    expect(camera.stats().requests).toEqual({});
  });

  test('names what there is by the own list of the device, and asks for that once', async () => {
    const { camera, outputs } = await outputsOf({ relays: ['RO-1', 'RO-2'] });
    expect((await outputs.targets('cam-1', 'SetRelayOutputState'))?.map(({ token }) => token)).toEqual([
      'RO-1',
      'RO-2',
    ]);
    expect(await outputs.targets('cam-1', 'GotoPreset')).toMatchObject([{ token: '1', name: '校门' }, {}]);
    expect(await outputs.targets('cam-1', 'AccessDoor')).toEqual([]);
    expect(camera.stats().requests.GetRelayOutputs).toBe(2);
    // an unknown device, and what needs no target
    expect(await outputs.targets('cam-2', 'AccessDoor')).toBeUndefined();
    expect(await outputs.targets('cam-1', 'SystemReboot')).toBeUndefined();
  });
});
