import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatFault } from '../../../config/fault.ts';
import { deviceSchema } from '../../../contract/site.ts';
import type { Proposal } from '../../../device-profiles/discovery/proposal.ts';
import { proposeFromDiscovery } from '../../../device-profiles/discovery/propose.ts';
import { lint } from '../../../device-profiles/lint.ts';
import { loadProfile } from '../../../device-profiles/load-profile.ts';
import { checkSettings } from '../../../device-profiles/settings.ts';
import { Bench, builtinProfile } from '../helpers.ts';

function offer(topic: string, config: unknown): ReturnType<typeof proposeFromDiscovery> {
  return proposeFromDiscovery(
    topic,
    Buffer.from(typeof config === 'string' ? config : JSON.stringify(config)),
  );
}

/** A proposal that is whole: its YAML loads, its samples hold, its device is an entry of the registry. */
function adopt(topic: string, config: unknown): Proposal {
  const made = offer(topic, config);
  if (made === undefined || 'unsupported' in made) throw new Error(made?.unsupported ?? 'no discovery topic');
  const loaded = loadProfile(made.yaml, 'proposal.yaml', 'site');
  expect(lint(loaded).faults.map(formatFault)).toEqual([]);
  if (loaded.profile === undefined) throw new Error('not loaded');
  expect(loaded.profile.id).toBe(made.device.profile);
  expect(deviceSchema.parse(made.device)).toEqual(made.device);
  expect(
    checkSettings(loaded.profile.definition, { ...made.device.settings, inputs: made.device.inputs }),
  ).toEqual([]);
  return made;
}

/** A bench of the proposed profile with the settings of its device. */
function bench(made: Proposal): (topic: string, payload: string, stored?: 'retained') => string[] {
  const loaded = loadProfile(made.yaml, 'proposal.yaml', 'site');
  if (loaded.profile === undefined) throw new Error('not loaded');
  const played = new Bench(loaded.profile, 'none', {
    ...made.device.settings,
    inputs: made.device.inputs ?? {},
  });
  return (topic, payload, stored) => played.told(payload, { topic, ...(stored !== undefined && { stored }) });
}

const unsupported = (topic: string, config: unknown): string => {
  const made = offer(topic, config);
  return made !== undefined && 'unsupported' in made ? made.unsupported : `(${JSON.stringify(made)})`;
};

describe('a binary sensor', () => {
  test('with abbreviated keys, a base topic and an availability topic', () => {
    const made = adopt('homeassistant/binary_sensor/dorm3/corridor_smoke/config', {
      '~': 'dorm3/corridor',
      name: 'Corridor smoke',
      uniq_id: 'dorm3_corridor_smoke',
      dev_cla: 'smoke',
      stat_t: '~/smoke',
      avty_t: '~/status',
      pl_on: 'ALARM',
      pl_off: 'OK',
      exp_aft: 3600,
      dev: { ids: ['dorm3'], name: 'Dorm 3 node', mf: 'ACME', mdl: 'S1', sw: '1.0' },
    });
    expect(made.device).toMatchObject({
      id: 'dorm3_corridor_smoke',
      name: 'Dorm 3 node Corridor smoke',
      key: 'dorm3_corridor_smoke',
      inputs: { dorm3_corridor_smoke: { means: 'smoke' } },
    });
    expect(made.profile.heartbeat).toBe('3600s');
    const tell = bench(made);
    expect(tell('dorm3/corridor/smoke', 'ALARM')).toEqual([
      'FIR.SMOKE#dorm3_corridor_smoke raise live initial',
    ]);
    expect(tell('dorm3/corridor/smoke', 'ALARM')).toEqual([]);
    expect(tell('dorm3/corridor/smoke', 'OK')).toEqual(['FIR.SMOKE#dorm3_corridor_smoke clear live live']);
    expect(tell('dorm3/corridor/smoke', 'perhaps')).toEqual([]);
    expect(tell('dorm3/corridor/status', 'offline')).toEqual(['DEV.OFFLINE raise live initial']);
  });

  test('in JSON, as Zigbee2MQTT describes one: a boolean payload and several availability topics', () => {
    const made = adopt('homeassistant/binary_sensor/0x00158d0001/smoke/config', {
      availability: [
        { topic: 'zigbee2mqtt/bridge/state', value_template: '{{ value_json.state }}' },
        { topic: 'zigbee2mqtt/hall/availability', value_template: '{{ value_json.state }}' },
      ],
      availability_mode: 'all',
      device: {
        identifiers: ['zigbee2mqtt_0x00158d0001'],
        manufacturer: 'Heiman',
        model: 'HS1SA',
        name: 'hall',
      },
      device_class: 'smoke',
      payload_off: false,
      payload_on: true,
      state_topic: 'zigbee2mqtt/hall',
      unique_id: '0x00158d0001_smoke_zigbee2mqtt',
      value_template: '{{ value_json.smoke }}',
    });
    const tell = bench(made);
    expect(tell('zigbee2mqtt/hall', '{"battery":90,"smoke":true}')).toEqual([
      'FIR.SMOKE#0x00158d0001_smoke raise live initial',
    ]);
    expect(tell('zigbee2mqtt/hall', '{"battery":90}')).toEqual([]);
    expect(tell('zigbee2mqtt/hall', '{"smoke":false}')).toEqual([
      'FIR.SMOKE#0x00158d0001_smoke clear live live',
    ]);
    expect(tell('zigbee2mqtt/hall/availability', '{"state":"offline"}')).toEqual([
      'DEV.OFFLINE raise live initial',
    ]);
    expect(tell('zigbee2mqtt/bridge/state', '{"state":"online"}')).toEqual([]);
    expect(tell('zigbee2mqtt/hall/availability', '{"state":"online"}')).toEqual([
      'DEV.OFFLINE clear live live',
    ]);
  });

  test.each([
    ['smoke', 'FIR.SMOKE', 'raise'],
    ['gas', 'GAS.COMBUSTIBLE', 'raise'],
    ['carbon_monoxide', 'GAS.CO', 'raise'],
    ['moisture', 'ENV.WATER', 'raise'],
    ['door', 'ACC.DOOR', 'raise'],
    ['garage_door', 'ACC.DOOR', 'raise'],
    ['window', 'ACC.DOOR', 'raise'],
    ['opening', 'ACC.DOOR', 'raise'],
    ['motion', 'INT.AREA', 'raise'],
    ['occupancy', 'INT.AREA', 'raise'],
    ['presence', 'INT.AREA', 'raise'],
    ['vibration', 'INT.PERIM', 'raise'],
    ['tamper', 'DEV.TAMPER', 'raise'],
    ['problem', 'DEV.FAULT', 'raise'],
    ['battery', 'DEV.BATT', 'raise'],
    ['safety', 'INT.24H', 'raise'],
    ['sound', 'AUD.SOUND', 'raise'],
    ['connectivity', 'DEV.OFFLINE', 'clear'],
    ['power', 'ENV.POWER', 'clear'],
    ['running', 'DEV.INPUT', 'raise'],
    [undefined, 'DEV.INPUT', 'raise'],
  ])('class %s: on is %s %s', (device_class, type, edge) => {
    const made = adopt('homeassistant/binary_sensor/x/config', { device_class, state_topic: 'x/state' });
    const tell = bench(made);
    expect(tell('x/state', 'ON')).toEqual([`${type}#x ${edge} live initial`]);
    expect(tell('x/state', 'OFF')).toEqual([`${type}#x ${edge === 'raise' ? 'clear' : 'raise'} live live`]);
  });

  test('one that never sends its end is a press, from the store none', () => {
    const made = adopt('homeassistant/binary_sensor/pir/config', {
      device_class: 'motion',
      state_topic: 'pir',
      off_delay: 30,
    });
    const tell = bench(made);
    expect(tell('pir', 'ON')).toEqual(['INT.AREA#pir pulse live live']);
    expect(tell('pir', 'ON')).toEqual(['INT.AREA#pir pulse live live']);
    expect(tell('pir', 'ON', 'retained')).toEqual([]);
    expect(made.notes.join()).toContain('off_delay');
  });
});

describe('templates', () => {
  const told = (value_template: string, payload: string): string[] | string => {
    const made = offer('homeassistant/binary_sensor/x/config', {
      device_class: 'smoke',
      state_topic: 'x',
      value_template,
    });
    if (made === undefined || 'unsupported' in made) return made?.unsupported ?? '';
    return bench(made)('x', payload);
  };

  test.each([
    ['{{ value }}', 'ON'],
    ['{{value}}', 'ON'],
    ['{{ value_json.a }}', '{"a":"ON"}'],
    ['{{ value_json.a.b }}', '{"a":{"b":"ON"}}'],
    ["{{ value_json['a'] }}", '{"a":"ON"}'],
    ['{{ value_json["a"]["b-c"] }}', '{"a":{"b-c":"ON"}}'],
    ["{{ value_json.a['b'].c }}", '{"a":{"b":{"c":"ON"}}}'],
    ['{{ value_json.list[0].s }}', '{"list":[{"s":"ON"}]}'],
    ['{{ value_json.a | is_defined }}', '{"a":"ON"}'],
  ])('%s names a value', (template, payload) => {
    expect(told(template, payload)).toEqual(['FIR.SMOKE#x raise live initial']);
  });

  test.each([
    "{{ 'ON' if value_json.smoke else 'OFF' }}",
    '{{ value_json.a | int }}',
    '{{ value_json.a | default("OFF") }}',
    '{{ value_json.a == 1 }}',
    '{% if value == "1" %}ON{% else %}OFF{% endif %}',
    '{{ value_json.__proto__.a }}',
    "{{ value_json['a.b'] }}",
    '{{ states("x") }}',
    '{{ value_json }}',
    '{{ value.a }}',
  ])('%s is named as unsupported, with what to do', (template) => {
    const said = told(template, '{}');
    expect(said).toContain(JSON.stringify(template).slice(0, 40));
    expect(said).toContain('site profile');
  });

  test('a long template is quoted up to 100 characters', () => {
    const said = String(told(`{{ ${'x'.repeat(5000)} }}`, '{}'));
    expect(said).toContain(`${'x'.repeat(97)}…`);
    expect(said.length).toBeLessThan(400);
  });
});

test('an alarm panel, a lock, a siren, a switch, a cover', () => {
  const panel = bench(
    adopt('homeassistant/alarm_control_panel/house/config', { state_topic: 'p', command_topic: 'p/set' }),
  );
  expect(panel('p', 'armed_away')).toEqual([
    'INT.24H#house clear live initial',
    'ARM.SET#house pulse live live',
  ]);
  expect(panel('p', 'triggered')).toEqual(['INT.24H#house raise live live']);
  expect(panel('p', 'pending')).toEqual([]);
  const lock = bench(
    adopt('homeassistant/lock/front/config', { state_topic: 'l', stat_jam: 'stuck', command_topic: 'l/set' }),
  );
  expect(lock('l', 'stuck')).toEqual(['ACC.LOCK#front raise live initial']);
  expect(lock('l', 'LOCKED')).toContain('ACC.LOCK#front clear live live');
  const siren = adopt('homeassistant/siren/yard/config', { state_topic: 's', command_topic: 's/set' });
  expect(bench(siren)('s', '{"state":"ON"}')).toEqual(['DEV.OUTPUT#yard raise live initial']);
  expect(bench(siren)('s', 'ON')).toEqual(['DEV.OUTPUT#yard raise live initial']);
  expect(siren.profile.commands).toMatchObject({ yard_on: { topic: 's/set', text: 'ON', output: 'siren' } });
  const relay = adopt('homeassistant/switch/relay/config', {
    state_topic: 'r',
    cmd_t: 'r/set',
    state_on: '1',
    state_off: '0',
  });
  expect(bench(relay)('r', '1')).toEqual(['DEV.OUTPUT#relay raise live initial']);
  const cover = bench(adopt('homeassistant/cover/garage/config', { state_topic: 'c' }));
  expect(cover('c', 'open')).toEqual(['ACC.DOOR#garage raise live initial']);
  expect(cover('c', 'opening')).toEqual([]);
});

test('an event and a trigger are presses; only those that say emergency by name alarm', () => {
  const event = adopt('homeassistant/event/button/config', {
    state_topic: 'b',
    event_types: ['press', 'sos'],
  });
  const tell = bench(event);
  expect(tell('b', '{"event_type":"press"}')).toEqual(['DEV.INPUT#button pulse live live']);
  expect(tell('b', '{"event_type":"sos"}')).toEqual(['EMG.PANIC#button pulse live live']);
  expect(tell('b', '{"event_type":"sos"}', 'retained')).toEqual([]);
  const trigger = adopt('homeassistant/device_automation/0x1/action_emergency/config', {
    atype: 'trigger',
    type: 'action',
    stype: 'emergency',
    t: 'z/action',
    pl: 'emergency',
    dev: { ids: '0x1', name: 'sos' },
  });
  expect(bench(trigger)('z/action', 'emergency')).toEqual(['EMG.PANIC#0x1_action_emergency pulse live live']);
  expect(bench(trigger)('z/action', 'single')).toEqual([]);
});

test('a sensor is recorded in our units, a unit that has no place is named', () => {
  const made = adopt('homeassistant/sensor/lab/t/config', {
    state_topic: 'lab',
    value_template: '{{ value_json.t }}',
    unit_of_measurement: '°F',
    device_class: 'temperature',
  });
  expect(made.profile.readings).toMatchObject([{ path: 't', unit: 'Cel' }]);
  expect(bench(made)('lab', '{"t":71}')).toEqual(['DEV.READING#lab_t update live initial']);
  expect(
    unsupported('homeassistant/sensor/x/config', { state_topic: 'x', unit_of_measurement: 'furlong' }),
  ).toContain('furlong');
});

describe('a state_topic beside the components was "missing"', () => {
  const documented = {
    device: {
      identifiers: ['ea334450945afc'],
      name: 'Kitchen',
      manufacturer: 'Bla electronics',
      model: 'xya',
    },
    origin: { name: 'bla2mqtt', sw_version: '2.1', support_url: 'https://bla2mqtt.example.com/support' },
    components: {
      some_unique_component_id1: {
        platform: 'sensor',
        device_class: 'temperature',
        unit_of_measurement: '°C',
        value_template: '{{ value_json.temperature }}',
        unique_id: 'temp01ae_t',
      },
      some_unique_id2: {
        platform: 'binary_sensor',
        device_class: 'smoke',
        value_template: '{{ value_json.smoke }}',
        unique_id: 'temp01ae_s',
      },
    },
    state_topic: 'sensorBedroom/state',
    qos: 2,
  };
  const { device, origin, components, ...rest } = documented;
  const abbreviated = {
    '~': 'sensorBedroom',
    dev: { ids: 'ea334450945afc', name: 'Kitchen' },
    o: { name: 'bla2mqtt', sw: '2.1' },
    cmps: {
      some_unique_component_id1: { p: 'sensor', unit_of_meas: '°C', val_tpl: '{{ value_json.temperature }}' },
      some_unique_id2: { p: 'binary_sensor', dev_cla: 'smoke', val_tpl: '{{ value_json.smoke }}' },
    },
    stat_t: '~/state',
    avty_t: '~/lwt',
    pl_avail: 'up',
    pl_not_avail: 'down',
    e: 'utf-8',
    qos: 2,
  };

  test.each([
    ['as documented', documented],
    ['with the short names of its groups', { dev: device, o: origin, cmps: components, ...rest }],
    ['abbreviated, with a base topic', abbreviated],
  ])('%s', (_name, config) => {
    const made = adopt('homeassistant/device/bla2mqtt/config', config);
    expect(made.device.inputs).toEqual({ some_unique_id2: { means: 'smoke' } });
    const tell = bench(made);
    expect(tell('sensorBedroom/state', '{"temperature":21.5,"smoke":"ON"}').join()).toContain('FIR.SMOKE');
    if ('avty_t' in config) expect(tell('sensorBedroom/lwt', 'down').join()).toContain('DEV.OFFLINE');
  });

  test('its own state_topic goes before; what is taken back is no component', () => {
    const made = adopt('homeassistant/device/bla2mqtt/config', {
      ...documented,
      components: {
        own: { platform: 'binary_sensor', device_class: 'smoke', state_topic: 'own/state' },
        gone: { platform: 'binary_sensor' },
      },
    });
    expect(made.device.inputs).toEqual({ own: { means: 'smoke' } });
    expect(made.profile.match.map(({ topic }) => topic)).toEqual(['own/state']);
  });
});

test('a device with several components is one profile with an input for each', () => {
  const made = adopt('homeassistant/device/0AFFD2/config', {
    dev: { ids: 'ea334450945afc', name: 'Kitchen', mf: 'Bla', mdl: 'xya' },
    o: { name: 'bla2mqtt', sw: '2.1' },
    avty_t: 'kitchen/lwt',
    cmps: {
      gas: {
        p: 'binary_sensor',
        dev_cla: 'gas',
        stat_t: 'kitchen/state',
        val_tpl: '{{ value_json.gas }}',
        uniq_id: 'a',
      },
      leak: {
        p: 'binary_sensor',
        dev_cla: 'moisture',
        stat_t: 'kitchen/state',
        val_tpl: '{{ value_json.leak }}',
      },
      lamp: { p: 'light', cmd_t: 'kitchen/lamp' },
      odd: { p: 'binary_sensor', stat_t: 'kitchen/state', val_tpl: '{{ value_json.x | int }}' },
    },
  });
  const tell = bench(made);
  expect(tell('kitchen/state', '{"gas":"ON","leak":"OFF"}')).toEqual([
    'GAS.COMBUSTIBLE#gas raise live initial',
    'ENV.WATER#leak clear live initial',
  ]);
  expect(tell('kitchen/lwt', 'offline')).toEqual(['DEV.OFFLINE raise live initial']);
  expect(made.notes.join('\n')).toContain('component "light"');
  expect(made.notes.join('\n')).toContain('value_json.x | int');
});

test('a node of ESPHome is offered the built-in profile, which reads it alike', () => {
  const made = adopt('homeassistant/binary_sensor/dorm-3-node/corridor_smoke/config', {
    dev_cla: 'smoke',
    name: 'Corridor smoke',
    stat_t: 'dorm-3-node/binary_sensor/corridor_smoke/state',
    avty_t: 'dorm-3-node/status',
    uniq_id: 'ESPbinary_sensorcorridor_smoke',
    dev: {
      ids: '240ac4aabbcc',
      name: 'dorm-3-node',
      sw: '2025.4.0 (config hash 0x12)',
      mdl: 'esp32dev',
      mf: 'Espressif',
    },
    o: { name: 'esphome' },
  });
  const node = adopt('homeassistant/binary_sensor/dorm-3-node/corridor_smoke/config', {
    dev_cla: 'smoke',
    stat_t: 'dorm-3-node/binary_sensor/corridor_smoke/state',
    dev: { ids: '240ac4aabbcc', name: 'dorm-3-node', sw: 'esphome v2024.12.2 Jan 2025', mf: 'Espressif' },
  });
  // the unique_id of a node is the same on every node with such an entity
  expect(made.device.id).toBe('dorm-3-node_corridor_smoke');
  for (const { instead } of [made, node]) {
    expect(instead?.device).toMatchObject({
      profile: 'esphome.node',
      key: 'dorm-3-node',
      inputs: { corridor_smoke: { means: 'smoke' } },
    });
  }
  const profile = builtinProfile('esphome.node');
  expect(checkSettings(profile.definition, { inputs: node.instead?.device.inputs })).toEqual([]);
});

test('what is no discovery topic is none, what takes an entity back says so', () => {
  expect(offer('zigbee2mqtt/hall', '{}')).toBeUndefined();
  expect(offer('homeassistant/status', 'online')).toBeUndefined();
  expect(offer('homeassistant/binary_sensor/config', '{}')).toBeUndefined();
  expect(offer('homeassistant/binary_sensor/a/b/c/config', '{}')).toBeUndefined();
  expect(unsupported('homeassistant/binary_sensor/x/config', '')).toContain('takes the entity back');
  expect(unsupported('homeassistant/light/x/config', { state_topic: 'x' })).toContain('component "light"');
  expect(unsupported('homeassistant/binary_sensor/x/config', {})).toContain('state_topic');
  expect(
    proposeFromDiscovery('ha/binary_sensor/x/config', Buffer.from('{"stat_t":"x"}'), 'ha'),
  ).toHaveProperty('device');
});

describe('hostile messages', () => {
  test.each([
    ['not JSON', '{"state_topic":'],
    ['a list', '[]'],
    ['deep nesting', `${'['.repeat(60_000)}${']'.repeat(60_000)}`],
    ['a wildcard', { state_topic: 'a/#' }],
    ['a capture', { state_topic: 'a/{device}' }],
    ['an endless topic', { state_topic: 'x'.repeat(70_000) }],
    ['numbers for texts', { state_topic: 7, value_template: {} }],
    ['an object for a payload', { state_topic: 'x', payload_on: { a: 1 } }],
    ['no text at all', Buffer.from([0xff, 0xfe, 0x00]).toString('latin1')],
  ])('%s makes no proposal and does not throw', (_name, config) => {
    expect(unsupported('homeassistant/binary_sensor/x/config', config)).not.toMatch(/^\(/);
  });

  test('names of Object.prototype, control characters and a thousand components stay harmless', () => {
    const components = Object.fromEntries(
      Array.from({ length: 1000 }, (_, i) => [
        `c${i}`,
        { p: 'binary_sensor', stat_t: `t/${i}`, dev_cla: 'constructor' },
      ]),
    );
    const made = adopt('homeassistant/device/big/config', {
      dev: { ids: ['__proto__'], name: `big\u0000\n: {x: "y"}` },
      cmps: components,
    });
    expect(made.profile.match).toHaveLength(64);
    expect(made.device.name).toBe('big : {x: "y"}');
    expect(made.yaml.length).toBeLessThan(200_000);
    const odd = adopt('homeassistant/binary_sensor/__proto__/config', {
      state_topic: 'x',
      device_class: '__proto__',
    });
    expect(odd.device.id).toMatch(/^[a-z0-9]/);
  });
});

test('whatever a message holds, there is a whole proposal or a reason', () => {
  const text = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.constantFrom(
      'x/state',
      'a b/ü',
      '{{ value_json.a }}',
      "{{ value_json['x y'] }}",
      'ON',
      '~/s',
      'null',
      '#',
    ),
  );
  const value = fc.oneof(
    text,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(text, { maxLength: 3 }),
  );
  const keys = [
    ...[
      'state_topic',
      'stat_t',
      'value_template',
      'payload_on',
      'pl_off',
      'device_class',
      'availability_topic',
      'name',
    ],
    ...[
      'availability',
      'command_topic',
      'unit_of_measurement',
      'event_types',
      'expire_after',
      'off_delay',
      '~',
      'uniq_id',
    ],
    ...['state_jammed', 'automation_type', 'type', 'subtype', 'topic', 'payload', 'dev', '__proto__'],
  ];
  const config = fc.dictionary(fc.constantFrom(...keys), value);
  const components = [
    'binary_sensor',
    'switch',
    'siren',
    'lock',
    'cover',
    'alarm_control_panel',
    'event',
    'device_automation',
    'sensor',
  ];
  fc.assert(
    fc.property(fc.constantFrom(...components), text, config, (component, object, body) => {
      const topic = `homeassistant/${component}/${object.replaceAll('/', '_') || 'x'}/config`;
      const made = offer(topic, {
        state_topic: 'x/state',
        topic: 'x/press',
        automation_type: 'trigger',
        ...body,
      });
      if (made === undefined || 'unsupported' in made) return;
      adopt(topic, { state_topic: 'x/state', topic: 'x/press', automation_type: 'trigger', ...body });
    }),
    { numRuns: 150 },
  );
});

test('a proposal makes no device trusted: it names no account and no password', () => {
  const made = adopt('homeassistant/binary_sensor/x/config', {
    state_topic: 'x',
    user: 'root',
    password: 'x',
  });
  expect(Object.keys(made.device).sort()).toEqual(['id', 'inputs', 'key', 'name', 'profile']);
});
