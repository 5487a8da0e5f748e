import { argumentFault, keyParts, placesOf } from './command.ts';
import type { CompiledProfile } from './compile.ts';
import type { Complaint } from './complaint.ts';

/** A name for each part of a topic that is not known before a device is. */
const EXAMPLE = 'x';

/** Commands that no device hears, or that need what is not there. */
export function lintCommands(profile: CompiledProfile): Complaint[] {
  const { commands, settings, device, samples, source } = profile.definition;
  const complaints = Object.entries(commands).flatMap(([name, command]) => {
    const path = ['commands', name];
    const known = new Set([
      'device',
      ...[...device.matchAll(/\{([a-z][a-z0-9_]*)\}/g)].map(([, part = '']) => part),
      ...Object.keys(settings).map((setting) => `setting.${setting}`),
      ...Object.keys(command.args),
    ]);
    const places = placesOf(command);
    const strange = (names: string[], key: string) =>
      names
        .filter((place) => !known.has(place))
        .map((place) => ({
          path: [...path, key],
          message: `nothing is known for {${place}}; write one of ${[...known].map((k) => `{${k}}`).join(', ')}`,
        }));
    const used = new Set([...places.topic, ...places.payload]);
    return [
      ...strange(places.topic, 'topic'),
      ...strange(
        places.payload,
        command.call !== undefined ? 'call' : command.text === undefined ? 'payload' : 'text',
      ),
      ...(command.topic === undefined ? [] : lintTopic(profile, command.topic, [...path, 'topic'])),
      ...lintWay(source, command.call !== undefined, path),
      ...Object.entries(command.args).flatMap(([arg, argument]) => [
        ...(used.has(arg)
          ? []
          : [{ path: [...path, 'args', arg], message: `is not used; write {${arg}} into the payload` }]),
        ...faultOfDefault(argument.default, (value) => argumentFault(argument, value)).map((message) => ({
          path: [...path, 'args', arg, 'default'],
          message,
        })),
      ]),
    ];
  });
  const unknown = samples.flatMap((sample, i) =>
    'command' in sample && !Object.hasOwn(commands, sample.command)
      ? [{ path: ['samples', i, 'command'], message: `there is no command "${sample.command}"` }]
      : [],
  );
  return [...complaints, ...unknown];
}

function faultOfDefault(value: unknown, faultOf: (value: unknown) => string | undefined): string[] {
  const fault = value === undefined ? undefined : faultOf(value);
  return fault === undefined ? [] : [fault];
}

/** A device over ONVIF is called, any other is written to. */
function lintWay(source: string, isCall: boolean, path: (string | number)[]): Complaint[] {
  if (isCall === (source === 'onvif')) return [];
  const message = isCall
    ? 'is for devices over ONVIF; write a topic and a payload'
    : 'cannot be sent over ONVIF; write a call';
  return [{ path: [...path, isCall ? 'call' : 'topic'], message }];
}

/** The device must be allowed to hear the command. */
function lintTopic(profile: CompiledProfile, topic: string, path: (string | number)[]): Complaint[] {
  const { device } = profile.definition;
  const key = device.replace(/\{[a-z][a-z0-9_]*\}/g, EXAMPLE);
  const parts = new Map([['device', key], ...keyParts(device, key)]);
  const example = topic.replace(/\{([^}]*)\}/g, (_whole, name: string) => parts.get(name) ?? EXAMPLE);
  const filters = profile.filters(key).subscribe;
  if (filters.some((filter) => covers(filter, example))) return [];
  const hint = `add "${topic.replace(/\{(?!device\})[^}]*\}/g, '+')}" to it`;
  return [{ path, message: `is not within "subscribes"; ${hint}` }];
}

function covers(filter: string, topic: string): boolean {
  const levels = filter.split('/');
  const given = topic.split('/');
  for (const [i, level] of levels.entries()) {
    if (level === '#') return true;
    if (given[i] === undefined || (level !== '+' && level !== given[i])) return false;
  }
  return levels.length === given.length;
}
