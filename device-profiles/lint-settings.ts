import type { Complaint } from './complaint.ts';
import type { ProfileDefinition } from './profile-schema.ts';
import { checkSetting } from './settings.ts';

/** Defaults that their own setting refuses. */
export function lintSettings({ settings, meanings }: ProfileDefinition): Complaint[] {
  return Object.entries(settings).flatMap(([name, setting]) => {
    const path = ['settings', name];
    if (name === 'inputs')
      return [{ path, message: '"inputs" is what the registry says of the inputs; rename it' }];
    if (setting.default === undefined) return [];
    return checkSetting(meanings, setting, setting.default, '').map(({ message }) => ({
      path: [...path, 'default'],
      message,
    }));
  });
}

/** A silence that a setting names must be one. */
export function lintHeartbeat({ heartbeat, settings }: ProfileDefinition): Complaint[] {
  if (typeof heartbeat !== 'object') return [];
  const path = ['heartbeat', 'setting'];
  const setting = Object.hasOwn(settings, heartbeat.setting) ? settings[heartbeat.setting] : undefined;
  if (setting === undefined) return [{ path, message: `there is no setting "${heartbeat.setting}"` }];
  return setting.type === 'string' && setting.format === 'duration'
    ? []
    : [{ path, message: `setting "${heartbeat.setting}" must be of type string and format duration` }];
}
