/** Short keys of Home Assistant's discovery messages, as far as a proposal reads them, and what they stand for. */
const long = new Map([
  ['atype', 'automation_type'],
  ['avty', 'availability'],
  ['avty_mode', 'availability_mode'],
  ['avty_t', 'availability_topic'],
  ['avty_tpl', 'availability_template'],
  ['cmd_t', 'command_topic'],
  ['cmd_tpl', 'command_template'],
  ['cmps', 'components'],
  ['dev', 'device'],
  ['dev_cla', 'device_class'],
  ['evt_typ', 'event_types'],
  ['exp_aft', 'expire_after'],
  ['o', 'origin'],
  ['obj_id', 'object_id'],
  ['off_dly', 'off_delay'],
  ['p', 'platform'],
  ['pl', 'payload'],
  ['pl_avail', 'payload_available'],
  ['pl_not_avail', 'payload_not_available'],
  ['pl_lock', 'payload_lock'],
  ['pl_unlk', 'payload_unlock'],
  ['pl_off', 'payload_off'],
  ['pl_on', 'payload_on'],
  ['stat_clsd', 'state_closed'],
  ['stat_closing', 'state_closing'],
  ['stat_jam', 'state_jammed'],
  ['stat_locked', 'state_locked'],
  ['stat_locking', 'state_locking'],
  ['stat_off', 'state_off'],
  ['stat_on', 'state_on'],
  ['stat_open', 'state_open'],
  ['stat_opening', 'state_opening'],
  ['stat_stopped', 'state_stopped'],
  ['stat_t', 'state_topic'],
  ['stat_unlocked', 'state_unlocked'],
  ['stat_unlocking', 'state_unlocking'],
  ['stat_val_tpl', 'state_value_template'],
  ['stype', 'subtype'],
  ['t', 'topic'],
  ['uniq_id', 'unique_id'],
  ['unit_of_meas', 'unit_of_measurement'],
  ['val_tpl', 'value_template'],
]);

const longOfDevice = new Map([
  ['ids', 'identifiers'],
  ['mdl', 'model'],
  ['mf', 'manufacturer'],
  ['sw', 'sw_version'],
]);

/** What is read of one discovery message: its own keys, written out. */
export type Config = ReadonlyMap<string, unknown>;

/** Own keys of an object with their short names written out; empty for anything else. A long name goes before a short one. */
export function writeOut(value: unknown, of: 'entity' | 'device' = 'entity'): Config {
  const names = of === 'entity' ? long : longOfDevice;
  const config = new Map<string, unknown>();
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return config;
  for (const [key, own] of Object.entries(value)) {
    const name = names.get(key) ?? key;
    if (name === key || !config.has(name)) config.set(name, own);
  }
  return config;
}
