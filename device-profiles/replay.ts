import { Catalogue } from './catalogue.ts';
import type { CompiledProfile } from './compile.ts';
import type { Sample, SampleMessage } from './profile-schema.ts';
import type { Settings } from './settings.ts';
import { Trial, type TrialResult } from './trial.ts';

/** What a sample expected and did not get. `path` within the profile. */
export interface SampleFault {
  path: (string | number)[];
  message: string;
}

/** Plays all samples of a profile. `reached`: places in `map` of the entries that applied to any of them. */
export function replaySamples(profile: CompiledProfile): { faults: SampleFault[]; reached: Set<number> } {
  const faults: SampleFault[] = [];
  const reached = new Set<number>();
  for (const [i, sample] of profile.definition.samples.entries()) {
    faults.push(...replaySample(profile, sample, ['samples', i], reached));
  }
  return { faults, reached };
}

function replaySample(
  profile: CompiledProfile,
  sample: Sample,
  path: (string | number)[],
  reached: Set<number>,
): SampleFault[] {
  const trial = new Trial(Catalogue.of([profile]));
  const steps: [SampleMessage, (string | number)[]][] =
    'messages' in sample
      ? sample.messages.map((message, i) => [message, [...path, 'messages', i]])
      : [[sample, path]];
  const first = steps[0]?.[0];
  const device = first === undefined ? undefined : profile.match(first.topic)?.deviceKey;
  if (sample.state !== undefined && device !== undefined) trial.preset(profile, device, sample.state);
  return steps.flatMap(([message, at]) => {
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
      message: `expected ${expect.events.length} events, became ${got.length}: ${list}`,
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
