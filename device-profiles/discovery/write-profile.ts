import { meanings } from './device-class.ts';
import { type DiscoveryMessage, plain } from './discovery-message.ts';
import { type EntityParts, type Example, type Part, pathOf, spellings, type WrittenProfile } from './part.ts';
import type { Proposal } from './proposal.ts';

interface Source {
  topic: string;
  message: DiscoveryMessage;
  device: Proposal['device'];
  parts: readonly Part[];
  made: readonly EntityParts[];
}

type Form = WrittenProfile['match'][number];
type SampleMessage = {
  topic: string;
  payload: string;
  expect: { status: 'mapped'; events: Record<string, string>[] };
};

/** The profile of a proposal: one form for each topic, the entries of its parts, a sample for each value. */
export function writeProfile({ topic, message, device, parts, made }: Source): WrittenProfile {
  const names = new Map<string, string>();
  for (const part of parts) if (!names.has(part.topic)) names.set(part.topic, `topic-${names.size + 1}`);
  const match = [...names].map(([at, name]): Form => ({ name, topic: at, text: 'value' }));
  const readings = made.flatMap((one) => one.readings ?? []);
  const commands = Object.assign({}, ...made.map((one) => one.commands ?? {})) as WrittenProfile['commands'];
  const press = made.some((one) => one.press !== undefined);
  const heartbeats = made.flatMap(({ heartbeatS }) => heartbeatS ?? []);
  return {
    id: device.profile,
    version: 1,
    title: [message.name, ...makerOf(message)].join(' — ').slice(0, 80),
    about:
      'Proposed from a discovery message of Home Assistant, in which a device describes itself; nobody has checked it. ' +
      'Look at each input and its meaning before the device is adopted, then test the alarm.',
    sources: [`Home Assistant MQTT discovery: ${topic}`],
    match,
    device: String(device.key),
    ...(commands !== undefined &&
      Object.keys(commands).length > 0 && {
        commands,
        subscribes: [...new Set(Object.values(commands).flatMap(({ topic: to }) => to ?? []))],
      }),
    ...(press && {
      settings: { press: { type: 'object', format: 'meaning', title: 'What each press means', default: {} } },
    }),
    meanings: { ...meanings },
    ...(heartbeats.length > 0 && { heartbeat: `${Math.max(...heartbeats)}s` }),
    // what a broker kept comes first: it may be old
    republishes: true,
    map: parts.flatMap((part) =>
      part.entries.map((entry) => ({ on: names.get(part.topic) ?? '', ...entry })),
    ),
    ...(readings.length > 0 && { readings }),
    samples: samplesOf(parts, device),
  };
}

function samplesOf(parts: readonly Part[], device: Proposal['device']): WrittenProfile['samples'] {
  const known = {
    ...(device.inputs !== undefined && { inputs: device.inputs }),
    ...device.settings,
  };
  const samples = parts.flatMap((part, i): WrittenProfile['samples'] => {
    const others = parts.filter((other, at) => at !== i && other.topic === part.topic);
    // a value that another input reads as well would tell of both
    const own = part.examples.filter(({ value }) => !others.some((other) => readsToo(other, part, value)));
    if (own.length === 0) return [];
    const messages = own.map((example) => sampleOf(part, example));
    return [
      {
        name: `as ${part.topic} says it`,
        ...(Object.keys(known).length > 0 && { settings: known }),
        messages,
      },
    ];
  });
  const [first] = parts;
  if (samples.length > 0 || first === undefined) return samples;
  return [
    {
      name: 'an empty message says nothing',
      topic: first.topic,
      payload: '{}',
      expect: { status: 'ignored' },
    },
  ];
}

function readsToo(other: Part, part: Part, value: Example['value']): boolean {
  if (pathOf(other.at) !== pathOf(part.at)) return false;
  const spelt = new Set(spellings(value).map(String));
  return other.entries.some(
    ({ when }) => !Array.isArray(when.in) || when.in.some((one) => spelt.has(String(one))),
  );
}

function sampleOf(part: Part, { value, event }: Example): SampleMessage {
  const { type, edge, input } = event;
  const code = (meanings as Readonly<Record<string, string>>)[type] ?? type;
  const expected = { type: code, edge, ...(input !== undefined && { input }) };
  const payload =
    'whole' in part.at ? String(value) : JSON.stringify(nest(pathOf(part.at).split('.'), value));
  return { topic: part.topic, payload, expect: { status: 'mapped', events: [expected] } };
}

function nest(keys: readonly string[], value: unknown): unknown {
  const [key, ...rest] = keys;
  return key === undefined ? value : { [key]: nest(rest, value) };
}

/** Who made the device, as it says itself. */
function makerOf({ device }: DiscoveryMessage): string[] {
  const parts = ['manufacturer', 'model'].flatMap((key) => plain(device.get(key)) ?? []);
  return parts.length === 0 ? [] : [parts.join(' ')];
}
