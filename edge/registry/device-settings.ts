import type { Device } from '../../contract/site.ts';
import type { Settings } from '../../device-profiles/settings.ts';

/** What a profile is told of a device: its settings, and its inputs under `inputs`. */
export function settingsOf({ settings, inputs }: Pick<Device, 'settings' | 'inputs'>): Settings {
  return inputs === undefined ? { ...settings } : { ...settings, inputs };
}
