import type { OnvifDevice } from './device.ts';
import type { Health } from './health.ts';
import type { SoapClient } from './soap-client.ts';

/** The way to a device that is watched. */
export interface Reach {
  device: OnvifDevice;
  client: SoapClient;
  health: Health | undefined;
}
