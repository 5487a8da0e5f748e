import { pino } from 'pino';
import type { OnvifDevice } from '../../../../edge/adapters/onvif/device.ts';
import type { Health } from '../../../../edge/adapters/onvif/health.ts';
import { OnvifAdapter } from '../../../../edge/adapters/onvif/onvif-adapter.ts';
import { limitsOf, type OnvifLimits } from '../../../../edge/adapters/onvif/options.ts';
import type { SimulatedCamera } from '../../../simulators/onvif/types.ts';
import { RecordingSink } from '../../../support/recording-sink.ts';

/** Everything some twenty times as fast as on a campus. */
export const fast: OnvifLimits = {
  ...limitsOf({
    pullMs: 400,
    answerMs: 400,
    backOff: { firstMs: 50, maxMs: 400 },
    refusedMs: 600,
    terminationMs: 3_000,
  }),
  spreadMs: 0,
  maxBytes: 256 * 1024,
};

/** The camera as the registry would give it. */
export function deviceOf(camera: SimulatedCamera, more: Partial<OnvifDevice> = {}): OnvifDevice {
  return { id: 'cam-1', url: camera.url, user: camera.user, password: camera.password, ...more };
}

/** An adapter that watches these devices, what it hands on, and every change of health. */
export class Watched {
  readonly sink = new RecordingSink();
  readonly healths: Array<Health & { device: string }> = [];
  readonly logged: string[] = [];
  readonly adapter: OnvifAdapter;

  constructor(devices: readonly OnvifDevice[], limits: Partial<OnvifLimits> = {}) {
    this.adapter = new OnvifAdapter({
      limits: { ...fast, ...limits },
      logger: pino({ level: 'trace' }, { write: (line: string) => void this.logged.push(line) }),
      clock: Date.now,
      onHealth: (device, health) => this.healths.push({ device, ...health }),
    });
    this.adapter.setDevices(devices);
  }

  /** Starts it; resolves once the first device is well. */
  async start(): Promise<this> {
    await this.adapter.start(this.sink);
    return this;
  }

  state(device = 'cam-1'): string | undefined {
    return this.adapter.health(device)?.state;
  }

  /** Payloads as objects, beside their topics. */
  events(): Array<{ topic: string; initial?: boolean } & Record<string, unknown>> {
    return this.sink.messages.map(({ channel, payload, initial }) => ({
      topic: channel,
      ...(initial === true ? { initial } : {}),
      ...(JSON.parse(payload.toString()) as Record<string, unknown>),
    }));
  }
}
