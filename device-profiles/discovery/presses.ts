import { plain, readTopic } from './discovery-message.ts';
import { type Part, pathOf, scalarOf, spellings } from './part.ts';
import { type EntityReader, stateOf } from './states.ts';
import { unitOf } from './units.ts';
import { readTemplate } from './value-path.ts';

/** Presses that say by their name what they are. */
const named = /(?:^|[^a-z])(?:sos|panic|emergency)(?:$|[^a-z])/i;

function meansOfPress(name: string): string | undefined {
  return named.test(name) ? 'panic' : undefined;
}

/** `event`: each message is a press, named by `event_type`. */
export const readEvent: EntityReader = ({ id, config }) => {
  const state = stateOf(config);
  if ('fault' in state) return state;
  const path = 'whole' in state.at ? 'event_type' : state.at.path;
  const listed = config.get('event_types');
  const types = (Array.isArray(listed) ? listed : [])
    .slice(0, 32)
    .flatMap((one: unknown) => plain(one, 40) ?? []);
  const press = Object.fromEntries(
    types.flatMap((type) => {
      const means = meansOfPress(type) ?? meansOfPress(id);
      return means === undefined ? [] : [[`${id}/${type}`, means]];
    }),
  );
  const [first = 'press'] = types;
  const means = press[`${id}/${first}`] ?? 'none';
  return {
    parts: [
      {
        topic: state.topic,
        at: { path },
        entries: pressEntries(id, path),
        examples: [{ value: first, event: { type: means, edge: 'pulse', input: id } }],
      },
    ],
    press,
    notes: [
      `presses ${types.join(', ') || '(none listed)'}: give them a meaning in "press", such as {"${id}/${first}": panic}`,
    ],
  };
};

/** `device_automation`: a trigger is a press, named by its type and subtype. */
export const readTrigger: EntityReader = ({ id, config }) => {
  if (config.get('automation_type') !== 'trigger') return { fault: 'only triggers can be read' };
  const topic = readTopic(config.get('topic'), 'topic');
  if ('fault' in topic) return topic;
  const at = readTemplate(config.get('value_template'), 'value_template');
  if ('fault' in at) return at;
  const type =
    [config.get('type'), config.get('subtype')].flatMap((part) => plain(part, 30) ?? []).join('.') || id;
  const means = meansOfPress(type) ?? 'none';
  const input = { text: id };
  const payload = scalarOf(config.get('payload'), null);
  if (payload === undefined) return { fault: '"payload" is no single value' };
  const any = payload === null;
  const when = any ? { path: pathOf(at), any: true as const } : { path: pathOf(at), in: spellings(payload) };
  const value = any ? 'pressed' : payload;
  return {
    parts: [
      {
        ...topic,
        at,
        entries: [{ input, when, emit: { type: { input: 'means' }, edge: 'pulse', data: { press: type } } }],
        examples: [{ value, event: { type: means, edge: 'pulse', input: id } }],
      },
    ],
    input: { means },
    notes: [
      `the press ${JSON.stringify(type)} means ${means}; change it in "inputs"`,
      ...(any ? ['it names no payload: any text on its topic is a press, an empty message is none'] : []),
    ],
  };
};

/** `sensor`: a measured value is recorded when it changes; it judges nothing. */
export const readSensor: EntityReader = ({ id, name, config }) => {
  const state = stateOf(config);
  if ('fault' in state) return state;
  const path = pathOf(state.at);
  const unit = unitOf(config.get('unit_of_measurement'), config.get('device_class'));
  if (unit === undefined) {
    return {
      fault: `unit ${JSON.stringify(String(config.get('unit_of_measurement')).slice(0, 20))} has no place among the readings`,
    };
  }
  const reading =
    id
      .toLowerCase()
      .replace(/[^a-z0-9_-]/g, '_')
      .replace(/^[^a-z]+/, '')
      .slice(0, 40) || 'value';
  return {
    parts: [
      {
        ...state,
        entries: [
          {
            input: { text: id },
            when: { path, any: true },
            emit: { type: 'DEV.READING', edge: 'update', readings: [reading] },
          },
        ],
        examples: [{ value: 21, event: { type: 'DEV.READING', edge: 'update', input: id } }],
      },
    ],
    readings: [{ path, name: reading, ...unit }],
    notes: [`${name}: recorded, not judged; a limit needs a profile by hand`],
  };
};

function pressEntries(id: string, path: string): Part['entries'] {
  const input = { text: id };
  const data = { press: { path } };
  return [
    {
      input,
      when: { text: `${id}/{${path}}`, in: { setting: 'press' } },
      emit: { type: { setting: 'press' }, edge: 'pulse', data },
    },
    {
      input,
      when: { text: `${id}/{${path}}`, any: true },
      else: true,
      emit: { type: 'DEV.INPUT', edge: 'pulse', data },
    },
  ];
}
