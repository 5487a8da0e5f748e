import type { CameraOptions, DoorOptions, Notification } from './types.ts';

/** Options with every default filled in. */
export type CameraSettings = Required<
  Omit<
    CameraOptions,
    'port' | 'tls' | 'clockWindowMs' | 'lockOutAfter' | 'notAuthorizedStatus' | 'streams' | 'doors'
  >
> &
  Pick<CameraOptions, 'port' | 'tls' | 'clockWindowMs' | 'lockOutAfter' | 'notAuthorizedStatus'> & {
    streams: { main: string; sub: string };
    doors: Array<Required<DoorOptions>>;
  };

let unnamed = 0;

/** What a plain camera, or a plain access controller, is like. */
export function cameraSettings(options: CameraOptions): CameraSettings {
  const kind = options.kind ?? 'camera';
  const isCamera = kind === 'camera';
  const host = options.host ?? '127.0.0.1';
  const inputs = options.inputs ?? (isCamera ? ['DI-1'] : []);
  const doors = options.doors ?? (isCamera ? [] : [{ token: 'door-1' }]);
  unnamed += 1;
  const name = options.name ?? `camera-${unnamed}`;
  return {
    manufacturer: 'Simulated',
    model: isCamera ? 'SIM-2412' : 'SIM-AC4',
    firmware: '5.8.1',
    serial: `SN-${name}`,
    user: 'admin',
    password: 'campus-2026',
    authentication: 'either',
    digestAlgorithms: ['MD5'],
    lockOutMs: 60_000,
    clockOffsetMs: 0,
    timeForm: 'utc',
    pullPoints: true,
    subscriptionLimit: 8,
    defaultTerminationMs: 60_000,
    pullKeepsAlive: false,
    reference: 'path',
    maxPullMs: 60_000,
    states: isCamera ? cameraStates(inputs) : [],
    initialStates: true,
    namespaces: {},
    relays: isCamera ? ['RO-1'] : [],
    presets: isCamera ? { '1': '校门', '2': 'playground' } : {},
    rebootMs: 500,
    ...options,
    kind,
    name,
    host,
    inputs,
    doors: doors.map((door, index) => ({ name: door.token, accessPoint: `ap-${index + 1}`, ...door })),
    streams: { main: `rtsp://${host}:554/main`, sub: `rtsp://${host}:554/sub`, ...options.streams },
  };
}

function cameraStates(inputs: readonly string[]): Notification[] {
  const motion: Notification = {
    topic: 'tns1:RuleEngine/CellMotionDetector/Motion',
    operation: 'Initialized',
    source: {
      VideoSourceConfigurationToken: 'VSC-1',
      VideoAnalyticsConfigurationToken: 'VAC-1',
      Rule: 'MyMotionDetectorRule',
    },
    data: { IsMotion: 'false' },
  };
  const digital = inputs.map((token): Notification => {
    return {
      topic: 'tns1:Device/Trigger/DigitalInput',
      operation: 'Initialized',
      source: { InputToken: token },
      data: { LogicalState: 'false' },
    };
  });
  return [motion, ...digital];
}
