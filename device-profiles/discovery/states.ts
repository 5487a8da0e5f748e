import type { Config } from './abbreviations.ts';
import { meaningOfClass } from './device-class.ts';
import { type Entity, readTopic } from './discovery-message.ts';
import { type EntityParts, type Part, pathOf, readWords, spellings } from './part.ts';
import { readTemplate, type ValuePath } from './value-path.ts';

/** What an entity becomes, or why it cannot be read. */
export type EntityReader = (entity: Entity) => EntityParts | { fault: string };

/** Where the state of an entity is. */
export function stateOf(
  config: Config,
  templateKey = 'value_template',
): { topic: string; at: ValuePath } | { fault: string } {
  const topic = readTopic(config.get('state_topic'), 'state_topic');
  if ('fault' in topic) return topic;
  const at = readTemplate(config.get(templateKey), templateKey);
  return 'fault' in at ? at : { ...topic, at };
}

/** `binary_sensor`: on and off, with the meaning of its class. */
export const readBinarySensor: EntityReader = ({ id, config }) => {
  const state = stateOf(config);
  if ('fault' in state) return state;
  const words = readWords(config, { payload_on: 'ON', payload_off: 'OFF' });
  if ('fault' in words) return words;
  const { payload_on: on, payload_off: off } = words;
  const { means, inverse, note } = meaningOfClass(config.get('device_class'));
  const notes = note === undefined ? [] : [note];
  const path = pathOf(state.at);
  const input = { text: id };
  const silent = config.get('off_delay') !== undefined;
  if (silent) {
    // Home Assistant takes the alarm back by itself; nobody says that it is over
    notes.push('"off_delay": the device sends no end; each message is told as a press');
    const entries: Part['entries'] = [
      { input, when: { path, in: spellings(on) }, emit: { type: { input: 'means' }, edge: 'pulse' } },
      { when: { path, in: spellings(off) }, ignore: true },
    ];
    const part = {
      ...state,
      entries,
      examples: [{ value: on, event: { type: means, edge: 'pulse', input: id } }],
    };
    return { parts: [part], input: { means }, notes };
  }
  const say = (value: typeof on, edge: 'raise' | 'clear'): Part['entries'][number] => ({
    input,
    when: { path, in: spellings(value) },
    emit: { type: { input: 'means' }, edge, flip: 'polarity' },
  });
  const edges = inverse ? (['clear', 'raise'] as const) : (['raise', 'clear'] as const);
  const expireS = config.get('expire_after');
  return {
    parts: [
      {
        ...state,
        entries: [say(on, 'raise'), say(off, 'clear')],
        examples: [
          { value: on, event: { type: means, edge: edges[0], input: id } },
          { value: off, event: { type: means, edge: edges[1], input: id } },
        ],
      },
    ],
    input: inverse ? { means, polarity: 'nc' } : { means },
    ...(typeof expireS === 'number' &&
      expireS >= 1 &&
      expireS <= 999_999 && { heartbeatS: Math.ceil(expireS) }),
    notes,
  };
};

/** `switch` and `siren`: an output; with its commands where they are plain. */
export const readOutput: EntityReader = ({ component, id, name, config }) => {
  const state = stateOf(config, component === 'siren' ? 'state_value_template' : 'value_template');
  if ('fault' in state) return state;
  const words = readWords(config, { payload_on: 'ON', payload_off: 'OFF' });
  if ('fault' in words) return words;
  const { payload_on: on, payload_off: off } = words;
  const states = readWords(config, { state_on: on, state_off: off });
  if ('fault' in states) return states;
  const { state_on: stateOn, state_off: stateOff } = states;
  const path = pathOf(state.at);
  // a siren may also say it in an object
  const paths = component === 'siren' && 'whole' in state.at ? [path, 'state'] : path;
  const input = { text: id };
  const notes: string[] = [];
  const part: Part = {
    ...state,
    entries: [
      {
        input,
        when: { path: paths, in: spellings(stateOn) },
        emit: { type: 'DEV.OUTPUT', edge: 'raise', source: 'state' },
      },
      {
        input,
        when: { path: paths, in: spellings(stateOff) },
        emit: { type: 'DEV.OUTPUT', edge: 'clear', source: 'state' },
      },
    ],
    examples: [
      { value: stateOn, event: { type: 'output', edge: 'raise', input: id } },
      { value: stateOff, event: { type: 'output', edge: 'clear', input: id } },
    ],
  };
  const command = readTopic(config.get('command_topic'), 'command_topic');
  if ('fault' in command || config.get('command_template') !== undefined) {
    notes.push(`${name}: its commands are not proposed`);
    return { parts: [part], notes };
  }
  const output = component === 'siren' ? ('siren' as const) : ('relay' as const);
  const word =
    id
      .toLowerCase()
      .replace(/[^a-z0-9_-]/g, '_')
      .replace(/^[^a-z]+/, '')
      .slice(0, 30) || 'output';
  const make = (value: typeof on, zh: string, en: string) => ({
    title: { zh: `${zh} ${name}`, en: `${en} ${name}` },
    topic: command.topic,
    text: String(value).replace(/[{}]/g, ''),
    output,
  });
  return {
    parts: [part],
    commands: { [`${word}_on`]: make(on, '打开', 'Turn on'), [`${word}_off`]: make(off, '关闭', 'Turn off') },
    notes,
  };
};

/** `lock`: jammed is a fault; locked and unlocked are recorded. */
export const readLock: EntityReader = ({ id, config }) => {
  const state = stateOf(config);
  if ('fault' in state) return state;
  const words = readWords(config, {
    state_locked: 'LOCKED',
    state_unlocked: 'UNLOCKED',
    state_jammed: 'JAMMED',
    state_locking: 'LOCKING',
    state_unlocking: 'UNLOCKING',
  });
  if ('fault' in words) return words;
  const { state_locked: locked, state_unlocked: unlocked, state_jammed: jammed } = words;
  const moving = [...spellings(words.state_locking), ...spellings(words.state_unlocking)];
  const path = pathOf(state.at);
  const input = { text: id };
  const at = { path, in: [...spellings(locked), ...spellings(unlocked)] };
  const entries: Part['entries'] = [
    {
      input,
      when: { path, in: spellings(jammed) },
      emit: { type: 'ACC.LOCK', edge: 'raise', data: { lock: 'jammed' } },
    },
    { input, when: at, emit: { type: 'ACC.LOCK', edge: 'clear' } },
    { input, when: at, emit: { type: 'ACC.MODE', edge: 'update', data: { lock: { path } } } },
    { when: { path, in: moving }, ignore: true },
  ];
  return {
    parts: [
      {
        ...state,
        entries,
        examples: [{ value: jammed, event: { type: 'ACC.LOCK', edge: 'raise', input: id } }],
      },
    ],
    notes: ['opening it is no proposal: write the command by hand after a look at the door'],
  };
};

/** `cover`: a garage door or a gate. */
export const readCover: EntityReader = ({ id, config }) => {
  const state = stateOf(config);
  if ('fault' in state) return state;
  const words = readWords(config, {
    state_open: 'open',
    state_closed: 'closed',
    state_opening: 'opening',
    state_closing: 'closing',
    state_stopped: 'stopped',
  });
  if ('fault' in words) return words;
  const { state_open: open, state_closed: closed, ...others } = words;
  const moving = Object.values(others).flatMap(spellings);
  const path = pathOf(state.at);
  const input = { text: id };
  return {
    parts: [
      {
        ...state,
        entries: [
          {
            input,
            when: { path, in: spellings(open) },
            emit: { type: { input: 'means' }, edge: 'raise', flip: 'polarity' },
          },
          {
            input,
            when: { path, in: spellings(closed) },
            emit: { type: { input: 'means' }, edge: 'clear', flip: 'polarity' },
          },
          { when: { path, in: moving }, ignore: true },
        ],
        examples: [
          { value: open, event: { type: 'door-state', edge: 'raise', input: id } },
          { value: closed, event: { type: 'door-state', edge: 'clear', input: id } },
        ],
      },
    ],
    input: { means: 'door-state' },
    notes: [],
  };
};

/** `alarm_control_panel`: its alarm, and who armed it is not said. */
export const readPanel: EntityReader = ({ id, config }) => {
  const state = stateOf(config);
  if ('fault' in state) return state;
  const path = pathOf(state.at);
  const input = { text: id };
  const armed = ['armed_home', 'armed_away', 'armed_night', 'armed_vacation', 'armed_custom_bypass'];
  const data = { panel: { path } };
  return {
    parts: [
      {
        ...state,
        entries: [
          { input, when: { path, in: ['triggered'] }, emit: { type: 'INT.24H', edge: 'raise', data } },
          { input, when: { path, in: ['disarmed', ...armed] }, emit: { type: 'INT.24H', edge: 'clear' } },
          {
            input,
            when: { path, in: ['armed_away', 'armed_vacation'] },
            emit: { type: 'ARM.SET', edge: 'pulse', data },
          },
          {
            input,
            when: { path, in: ['armed_home', 'armed_night', 'armed_custom_bypass'] },
            emit: { type: 'ARM.STAY', edge: 'pulse', data },
          },
          { input, when: { path, in: ['disarmed'] }, emit: { type: 'ARM.UNSET', edge: 'pulse' } },
          { when: { path, in: ['pending', 'arming', 'disarming'] }, ignore: true },
        ],
        examples: [{ value: 'triggered', event: { type: 'INT.24H', edge: 'raise', input: id } }],
      },
    ],
    notes: ['its alarm is taken as a 24-hour zone, whoever armed it'],
  };
};
