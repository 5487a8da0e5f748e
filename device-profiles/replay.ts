import { isDeepStrictEqual } from 'node:util';
import { Catalogue } from './catalogue.ts';
import { renderCommand } from './command.ts';
import type { CompiledProfile } from './compile.ts';
import { decodeSparkplug } from './decoders/sparkplug.ts';
import type { CommandSample, Sample, SampleMessage } from './sample-schema.ts';
import type { Settings } from './settings.ts';
import { newTrace, type Trace } from './trace.ts';
import { Trial, type TrialResult, UNNAMED } from './trial.ts';

type SamplePath = (string | number)[];

/** What a sample expected and did not get. `path` within the profile. */
export interface SampleFault {
  path: (string | number)[];
  message: string;
}

/** The messages of a sample; a command has none. */
export function messagesOf(sample: Sample): SampleMessage[] {
  if ('command' in sample) return [];
  return 'messages' in sample ? sample.messages : [sample];
}

/** Plays all samples of a profile. */
export function replaySamples(profile: CompiledProfile): { faults: SampleFault[]; reached: Trace } {
  const reached = newTrace();
  const faults = profile.definition.samples.flatMap((sample, i) => {
    const path = ['samples', i];
    return 'command' in sample
      ? replayCommand(profile, sample, path)
      : replaySample(profile, sample, path, reached);
  });
  return { faults, reached };
}

function replayCommand(profile: CompiledProfile, sample: CommandSample, path: SamplePath): SampleFault[] {
  const { command, device = 'device', settings = {}, args, expect } = sample;
  const rendered = renderCommand(profile, command, device, settings as Settings, args);
  if ('fault' in rendered) return [{ path: [...path, 'command'], message: rendered.fault }];
  const at = [...path, 'expect'];
  if ('operation' in rendered || 'operation' in expect) return exactly(expect, rendered, at);
  const wanted = expect.payload;
  const got = readSent(profile, command, rendered.payload, typeof wanted === 'string');
  return [
    ...differences(expect.topic, rendered.topic, [...at, 'topic']),
    ...exactly(wanted, got, [...at, 'payload']),
    ...(expect.qos === undefined ? [] : differences(expect.qos, rendered.qos, [...at, 'qos'])),
  ];
}

/** What is sent, as a sample writes it: a text, JSON, or the metrics of a Sparkplug B payload. */
function readSent(profile: CompiledProfile, command: string, payload: Buffer, asText: boolean): unknown {
  if (profile.definition.commands[command]?.encode === 'sparkplug-b') {
    const decoded = decodeSparkplug(payload, { alias: () => undefined, nameAliases: () => undefined });
    if (!('body' in decoded)) return undefined;
    const { sparkplug: _head, ...metrics } = decoded.body;
    return metrics;
  }
  const text = payload.toString('utf8');
  return asText ? text : (parsed(text) ?? text);
}

/** What is sent is compared whole: a device may act on what is not written. */
function exactly(wanted: unknown, got: unknown, path: SamplePath): SampleFault[] {
  return isDeepStrictEqual(wanted, got)
    ? []
    : [{ path, message: `expected ${JSON.stringify(wanted)}, became ${JSON.stringify(got)}` }];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function replaySample(
  profile: CompiledProfile,
  sample: Exclude<Sample, CommandSample>,
  path: SamplePath,
  reached: Trace,
): SampleFault[] {
  const trial = new Trial(Catalogue.of([profile]));
  const messages = messagesOf(sample);
  const named = messages[0] === undefined ? undefined : profile.match(messages[0].topic)?.deviceKey;
  const device = named === '' ? UNNAMED : named;
  if (sample.state !== undefined && device !== undefined) trial.preset(profile, device, sample.state);
  return messages.flatMap((message, i) => {
    const at = 'messages' in sample ? [...path, 'messages', i] : path;
    const settings = sample.settings as Settings | undefined;
    let result: TrialResult;
    try {
      result = trial.play(message, { profile, settings }, reached);
    } catch (error) {
      return [{ path: at, message: error instanceof Error ? error.message : String(error) }];
    }
    return compare(message, result).map(({ path: within, message: text }) => ({
      path: [...at, 'expect', ...within],
      message: sample.name === undefined ? text : `${text} (sample "${sample.name}")`,
    }));
  });
}

function compare({ expect }: SampleMessage, result: TrialResult): SampleFault[] {
  const faults: SampleFault[] = [];
  if (result.status !== expect.status) {
    const why = result.detail === undefined ? '' : ` because ${result.detail}`;
    faults.push({ path: ['status'], message: `expected ${expect.status}, became ${result.status}${why}` });
  }
  if (expect.device !== undefined && result.device !== expect.device) {
    faults.push({ path: ['device'], message: `expected ${expect.device}, became ${String(result.device)}` });
  }
  if (expect.unknown !== undefined && (result.unknown ?? 0) !== expect.unknown) {
    faults.push({ path: ['unknown'], message: `expected ${expect.unknown}, became ${result.unknown ?? 0}` });
  }
  if (result.events.length !== expect.events.length) {
    const got = result.events.map(
      ({ type, edge, input }) => `${type} ${edge}${input === undefined ? '' : ` ${input}`}`,
    );
    const list = got.length === 0 ? 'none' : got.join(', ');
    faults.push({
      path: ['events'],
      message: `expected ${expect.events.length} events, became ${got.length}: ${list}${expect.events.length === 0 ? '; without "events" none may come' : ''}`,
    });
    return faults;
  }
  for (const [i, wanted] of expect.events.entries()) {
    faults.push(...differences(wanted, result.events[i], ['events', i]));
  }
  return faults;
}

/** What is written must be so; what is not written is free. */
function differences(wanted: unknown, got: unknown, path: (string | number)[]): SampleFault[] {
  if (typeof wanted === 'object' && wanted !== null && typeof got === 'object' && got !== null) {
    if (Array.isArray(wanted) && Array.isArray(got) && wanted.length !== got.length) {
      return [{ path, message: `expected ${wanted.length} elements, became ${got.length}` }];
    }
    return Object.entries(wanted).flatMap(([key, value]) =>
      differences(value, Object.hasOwn(got, key) ? (got as Record<string, unknown>)[key] : undefined, [
        ...path,
        key,
      ]),
    );
  }
  return Object.is(wanted, got)
    ? []
    : [{ path, message: `expected ${JSON.stringify(wanted)}, became ${JSON.stringify(got) ?? 'nothing'}` }];
}
