import type { CommandArgument, CommandDefinition } from './command-schema.ts';
import type { CompiledProfile } from './compile.ts';
import { encodeSparkplug } from './decoders/sparkplug.ts';
import type { OnvifOperation } from './onvif-operations.ts';
import type { ProfileDefinition } from './profile-schema.ts';
import { compileSetting, type Settings } from './settings.ts';

/** A call of a device over ONVIF, ready to be made. */
export interface RenderedCall {
  operation: OnvifOperation;
  with: Readonly<Record<string, string>>;
}

/** A message to a device, ready to be published. */
export interface RenderedMessage {
  topic: string;
  payload: Buffer;
  qos: 0 | 1 | 2;
  /** A command that a broker keeps would be carried out again at each connection. */
  retain: false;
}

export type RenderedCommand = RenderedMessage | RenderedCall;

/** Longest text argument. */
const MAX_TEXT = 200;
const PLACE = /\{([a-z][a-z0-9_.-]*)\}/g;
const WHOLE = /^\{([a-z][a-z0-9_.-]*)\}$/;

/**
 * The message or call of a command of `profile` for the device of this key, sent at `sentAt` (ms since 1970). Pure. `fault`: why there
 * is none, to be shown to the person who asked: no such command, an argument that is missing, unknown or out of its range.
 */
export function renderCommand(
  profile: Pick<CompiledProfile, 'id' | 'definition'>,
  name: string,
  deviceKey: string,
  settings: Settings,
  args: Readonly<Record<string, unknown>>,
  sentAt = Date.now(),
): RenderedCommand | { fault: string } {
  const { commands } = profile.definition;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) return { fault: `profile ${profile.id} has no command "${name}"` };
  try {
    return render(profile.definition, command, deviceKey, settings, args, sentAt);
  } catch (error) {
    if (error instanceof CommandFault) return { fault: error.message };
    throw error;
  }
}

/** Why a command cannot be sent. */
class CommandFault extends Error {}

function render(
  definition: ProfileDefinition,
  command: CommandDefinition,
  deviceKey: string,
  settings: Settings,
  args: Readonly<Record<string, unknown>>,
  sentAt: number,
): RenderedCommand {
  const parts = new Map<string, unknown>([
    ['device', deviceKey],
    ...keyParts(definition.device, deviceKey),
    ...settingParts(definition, settings),
    ...readArguments(command, args),
  ]);
  if (command.call !== undefined) return call(command.call, parts);
  const { topic: template = '' } = command;
  const topic = fill(template, parts);
  // an empty level is what an empty argument or setting leaves
  const levels = template.startsWith('/') ? topic.slice(1) : topic;
  if (/[+#\0]|^$|^\/|\/\/|\/$/.test(levels)) throw new CommandFault(`"${topic}" is no topic to publish to`);
  const { text, qos, encode } = command;
  if (text !== undefined) return { topic, payload: Buffer.from(fill(text, parts)), qos, retain: false };
  const value = fillValue(command.payload, parts);
  const payload =
    encode === undefined
      ? Buffer.from(JSON.stringify(value))
      : encodeSparkplug(value as Record<string, unknown>, sentAt);
  return { topic, payload, qos, retain: false };
}

function call(
  { operation, with: given }: NonNullable<CommandDefinition['call']>,
  parts: ReadonlyMap<string, unknown>,
): RenderedCall {
  const values = Object.entries(given).map(([name, template]) => [name, fill(template, parts)] as const);
  const empty = values.find(([, value]) => value === '');
  if (empty !== undefined) throw new CommandFault(`${operation} needs a ${empty[0]}`);
  return { operation, with: Object.fromEntries(values) };
}

/** Names in braces that a command's topic, payload, text or call needs. */
export function placesOf({ topic = '', payload, text, call }: CommandDefinition): {
  topic: string[];
  payload: string[];
} {
  const written = text ?? JSON.stringify(call?.with ?? payload ?? null);
  const names = (from: string) => [...from.matchAll(PLACE)].map(([, name = '']) => name);
  return { topic: names(topic), payload: names(written) };
}

/** The parts of a device's key, where the profile puts it together from several captures. */
export function keyParts(template: string, deviceKey: string): [string, string][] {
  const names: string[] = [];
  const source = template
    .split(/(\{[a-z][a-z0-9_]*\})/)
    .map((piece, i) => {
      if (i % 2 === 0) return piece.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
      names.push(piece.slice(1, -1));
      // the last part may hold what parts the others
      return '(.+?)';
    })
    .join('');
  const found = new RegExp(`^${source}$`, 's').exec(deviceKey);
  return found === null ? [] : names.map((name, i) => [name, found[i + 1] ?? '']);
}

function settingParts({ settings }: ProfileDefinition, given: Settings): [string, unknown][] {
  return Object.keys(settings).flatMap((name): [string, unknown][] => {
    const value = compileSetting(settings, name)(given);
    return value === undefined ? [] : [[`setting.${name}`, value]];
  });
}

function readArguments(
  { args }: CommandDefinition,
  given: Readonly<Record<string, unknown>>,
): [string, unknown][] {
  const strange = Object.keys(given).find((name) => !Object.hasOwn(args, name));
  if (strange !== undefined) {
    const names = Object.keys(args);
    const known = names.length === 0 ? 'it has none' : `write one of ${names.join(', ')}`;
    throw new CommandFault(`there is no argument "${strange}"; ${known}`);
  }
  return Object.entries(args).map(([name, argument]) => {
    const value = Object.hasOwn(given, name) ? given[name] : argument.default;
    const fault = value === undefined ? 'is missing' : argumentFault(argument, value);
    if (fault !== undefined) throw new CommandFault(`argument "${name}" ${fault}`);
    return [name, value];
  });
}

/** What is wrong with the value of an argument; undefined if nothing. */
export function argumentFault(argument: CommandArgument, value: unknown): string | undefined {
  const { type, minimum, maximum } = argument;
  const isOfType = type === 'integer' ? Number.isSafeInteger(value) : typeof value === type;
  if (!isOfType || (type === 'number' && !Number.isFinite(value)))
    return `must be ${type === 'integer' ? 'a whole number' : `a ${type}`}`;
  if (argument.enum !== undefined && !argument.enum.includes(value as string))
    return `must be one of ${argument.enum.join(', ')}`;
  if (typeof value === 'number' && minimum !== undefined && value < minimum)
    return `must be at least ${minimum}`;
  if (typeof value === 'number' && maximum !== undefined && value > maximum)
    return `must be at most ${maximum}`;
  if (typeof value !== 'string') return undefined;
  if (value.length > MAX_TEXT) return `must have at most ${MAX_TEXT} characters`;
  return /\p{Cc}/u.test(value) ? 'must not hold control characters' : undefined;
}

/** `'{arg}'` alone keeps the type of the argument. */
function fillValue(value: unknown, parts: ReadonlyMap<string, unknown>): unknown {
  if (typeof value === 'string') {
    const whole = WHOLE.exec(value)?.[1];
    return whole === undefined ? fill(value, parts) : partOf(parts, whole);
  }
  if (Array.isArray(value)) return value.map((element: unknown) => fillValue(element, parts));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fillValue(inner, parts)]));
}

function fill(template: string, parts: ReadonlyMap<string, unknown>): string {
  return template.replace(PLACE, (_whole, name: string) => String(partOf(parts, name)));
}

function partOf(parts: ReadonlyMap<string, unknown>, name: string): unknown {
  if (!parts.has(name)) throw new CommandFault(`nothing is known for {${name}}`);
  return parts.get(name);
}
