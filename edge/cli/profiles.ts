import { createReadStream } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { Command } from 'commander';
import { z } from 'zod';
import { type ConfigFault, formatFault } from '../../config/fault.ts';
import type { EventDraft } from '../../contract/event.ts';
import { eventType } from '../../contract/event-type.ts';
import { nearest } from '../../contract/nearest.ts';
import { storedSchema } from '../../contract/raw-message.ts';
import { builtinProfiles, Catalogue, profileFiles } from '../../device-profiles/catalogue.ts';
import type { CompiledProfile } from '../../device-profiles/compile.ts';
import { lint } from '../../device-profiles/lint.ts';
import { loadProfileFile } from '../../device-profiles/load-profile.ts';
import { nameKeys } from '../../device-profiles/normalise.ts';
import { checkSettings, type Settings } from '../../device-profiles/settings.ts';
import {
  Trial,
  type TrialMessage,
  type TrialOptions,
  type TrialResult,
} from '../../device-profiles/trial.ts';
import { isXml, onvifMessages } from './onvif-xml.ts';

/** What the commands read and write; the process by default. */
export interface ProfilesIo {
  stdin: NodeJS.ReadableStream;
  out: (text: string) => void | Promise<void>;
  err: (text: string) => void;
  /** 0 ok, 1 failed, 2 usage. */
  exit: (code: 0 | 1 | 2) => void;
}

const processIo: ProfilesIo = {
  get stdin() {
    return process.stdin;
  },
  out: (text) =>
    process.stdout.write(text) ? undefined : new Promise((resolve) => process.stdout.once('drain', resolve)),
  err: (text) => {
    process.stderr.write(text);
  },
  exit: (code) => {
    process.exitCode = code;
  },
};

/** A wrong argument: exit code 2. */
class UsageError extends Error {}

interface CommonOptions {
  siteProfiles?: string;
  json?: boolean;
}

interface TryOptions extends CommonOptions {
  topic?: string;
  retained?: boolean;
  profile?: string;
  device?: string;
  settings?: string;
  batch?: string;
}

/** `profiles list | check | try`: what an installer needs to teach the gateway a device. */
export function profilesCommand(io: ProfilesIo = processIo): Command {
  const profiles = new Command('profiles')
    .description('device profiles: list them, check a file, try a captured message')
    // a usage error is 2 everywhere; help is none
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

  profiles
    .command('list')
    .description('the profiles the gateway would use')
    .option(
      '--site-profiles <dir>',
      'folder of the site, whose profiles replace built-in ones of the same id',
    )
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  campus-gateway profiles list --site-profiles config/profiles')
    .action((options: CommonOptions) => guarded(io, () => list(io, options)));

  profiles
    .command('check')
    .description(
      'check profile files or folders: schema, sense, and every sample replayed; default all profiles',
    )
    .argument('[files...]')
    .option('--site-profiles <dir>', 'folder of the site, checked with the built-in profiles')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  campus-gateway profiles check config/profiles/acme-smoke.yaml')
    .action((files: string[], options: CommonOptions) => guarded(io, () => check(io, files, options)));

  profiles
    .command('try')
    .description('turn a captured message (stdin) into events, without a gateway')
    .option('--topic <topic>', 'MQTT topic the message came on')
    .option('--retained', 'it was delivered from the retained store of a broker')
    .option('--profile <id>', 'try this profile; default: every profile, the best fit is shown')
    .option('--device <key>', 'take it for a message of this device')
    .option('--settings <json>', 'settings of the device, its inputs under "inputs"')
    .option('--batch <file>', 'try a file of JSON lines ("-": stdin); one line of JSON comes out for each')
    .option(
      '--site-profiles <dir>',
      'folder of the site, whose profiles replace built-in ones of the same id',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  echo '{"action":"emergency"}' | campus-gateway profiles try --topic zigbee2mqtt/sos
  campus-gateway profiles try --topic io/gate-1/state --settings '{"inputs":{"1":{"means":"panic"}}}' < payload.json
  campus-gateway profiles try --batch cases.jsonl
  campus-gateway profiles try --topic tns1:VideoSource/MotionAlarm --profile onvif.camera < payload.json
A line of a batch is {topic, payload | payloadBase64, retained?, initial?, profile?, device?, settings?, receivedAt?}, or
{messages: [...]} for a sequence in which the state of each device is kept.`,
    )
    .action((options: TryOptions) => guarded(io, () => tryMessages(io, options)));

  return profiles;
}

async function guarded(io: ProfilesIo, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    io.err(`${error instanceof Error ? error.message : String(error)}\n`);
    io.exit(error instanceof UsageError ? 2 : 1);
  }
}

function load(io: ProfilesIo, options: CommonOptions, { samples }: { samples: boolean }): Catalogue {
  const { siteProfiles } = options;
  const dirs = siteProfiles === undefined ? {} : { site: siteProfiles };
  const { catalogue, faults } = Catalogue.load({ builtin: builtinProfiles(), ...dirs }, { samples });
  for (const fault of faults) io.err(`left out: ${formatFault(fault)}\n`);
  return catalogue;
}

async function list(io: ProfilesIo, options: CommonOptions): Promise<void> {
  const profiles = load(io, options, { samples: true })
    .list()
    .map((profile) => ({
      id: profile.id,
      version: profile.version,
      title: profile.definition.title ?? '',
      origin: profile.origin,
      source: profile.source,
      topics: profile.forms.filter((form) => !form.ignore && !form.skip).map((form) => form.topic.pattern),
      settings: Object.keys(profile.definition.settings),
      meanings: Object.keys(profile.definition.meanings),
      samples: profile.definition.samples.length,
      file: profile.file,
    }));
  if (options.json === true) {
    await io.out(`${JSON.stringify(profiles)}\n`);
    return;
  }
  const width = Math.max(...profiles.map(({ id }) => id.length));
  for (const { id, version, title, origin, topics, settings, meanings } of profiles) {
    await io.out(`${id.padEnd(width)}  v${version}  ${origin.padEnd(7)}  ${topics.join('  ')}\n`);
    const more = [title, named('settings', settings), named('meanings', meanings)];
    for (const line of more) if (line !== '') await io.out(`${' '.repeat(width)}  ${line}\n`);
  }
}

function named(what: string, names: readonly string[]): string {
  return names.length === 0 ? '' : `${what}: ${names.join(', ')}`;
}

async function check(io: ProfilesIo, files: readonly string[], options: CommonOptions): Promise<void> {
  const { siteProfiles } = options;
  const wanted =
    files.length > 0 ? files : [builtinProfiles(), ...(siteProfiles === undefined ? [] : [siteProfiles])];
  const profiles: { id: string; version: number; file: string; samples: number }[] = [];
  const faults: ConfigFault[] = [];
  const notes: ConfigFault[] = [];
  for (const path of wanted) {
    // an id may be there once in a folder; a site's folder may have it again
    const seen = new Map<string, string>();
    const found = filesOf(path, faults);
    if (found?.length === 0 && files.length > 0) {
      const message = 'holds no profile (.yaml)';
      faults.push({
        file: path,
        line: 1,
        column: 1,
        path: '',
        message,
        hint: 'name a folder or file with one',
      });
    }
    for (const file of found ?? []) {
      const loaded = loadProfileFile(file, path === builtinProfiles() ? 'builtin' : 'site');
      const report = lint(loaded);
      faults.push(...report.faults);
      notes.push(...report.notes);
      if (loaded.profile === undefined) continue;
      const { id, version, definition } = loaded.profile;
      const first = seen.get(id);
      if (first !== undefined)
        faults.push(
          loaded.source.faultAtKey(['id'], `"${id}" is the id of ${first} already`, 'give this one another'),
        );
      seen.set(id, file);
      profiles.push({ id, version, file, samples: definition.samples.length });
    }
  }
  const ok = faults.length === 0;
  if (options.json === true) await io.out(`${JSON.stringify({ ok, profiles, faults, notes })}\n`);
  else await printCheck(io, { profiles, faults, notes });
  io.exit(ok ? 0 : 1);
}

/** Undefined, and a fault, where they cannot be read. */
function filesOf(path: string, faults: ConfigFault[]): string[] | undefined {
  try {
    return profileFiles(path);
  } catch {
    const message = 'there is no such file or folder';
    faults.push({ file: path, line: 1, column: 1, path: '', message, hint: 'correct its name' });
    return undefined;
  }
}

async function printCheck(
  io: ProfilesIo,
  report: { profiles: { id: string; samples: number }[]; faults: ConfigFault[]; notes: ConfigFault[] },
): Promise<void> {
  for (const fault of report.faults) await io.out(`${formatFault(fault)}\n`);
  for (const note of report.notes) await io.out(`note: ${formatFault(note)}\n`);
  const samples = report.profiles.reduce((sum, profile) => sum + profile.samples, 0);
  const result = report.faults.length === 0 ? 'all good' : counted(report.faults.length, 'fault');
  await io.out(`${counted(report.profiles.length, 'profile')}, ${counted(samples, 'sample')}: ${result}\n`);
}

function counted(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

async function tryMessages(io: ProfilesIo, options: TryOptions): Promise<void> {
  if (options.batch !== undefined && options.topic !== undefined) {
    throw new UsageError('use either --topic or --batch: a batch names the topic in each line');
  }
  const settings = options.settings === undefined ? undefined : parseSettings(options.settings);
  const catalogue = load(io, options, { samples: false });
  const defaults: LineDefaults = { profile: options.profile, device: options.device, settings };
  const { source } = profileOf(catalogue, options.profile) ?? {};
  if (options.batch !== undefined) {
    await tryBatch(io, catalogue, options.batch, defaults);
    return;
  }
  const bytes = source === 'onvif' || options.topic !== undefined ? await stdinOf(io) : Buffer.alloc(0);
  if (source === 'onvif' && isXml(bytes.toString('utf8'))) {
    const trial = new Trial(catalogue);
    for (const message of onvifMessages(bytes.toString('utf8'))) {
      const result = trial.play(message, trialOptions(catalogue, defaults));
      refuseSettings(catalogue, result, settings);
      await io.out(options.json === true ? `${JSON.stringify(result)}\n` : describeResult(result));
    }
    return;
  }
  if (options.topic === undefined) {
    throw new UsageError(
      'say which topic the message came on: --topic zigbee2mqtt/hall (or --batch cases.jsonl)',
    );
  }
  const message: TrialMessage = {
    topic: options.topic,
    payloadBase64: bytes.toString('base64'),
    retained: options.retained,
  };
  const result = new Trial(catalogue).play(message, trialOptions(catalogue, defaults));
  refuseSettings(catalogue, result, settings);
  await io.out(options.json === true ? `${JSON.stringify(result)}\n` : describeResult(result));
}

function stdinOf(io: ProfilesIo): Promise<Buffer> {
  return buffer(io.stdin as NodeJS.ReadStream);
}

function parseSettings(text: string): Settings {
  try {
    return settingsSchema.parse(JSON.parse(text)) as Settings;
  } catch {
    throw new UsageError(`--settings must be a JSON object, such as '{"inputs":{"1":{"means":"panic"}}}'`);
  }
}

const settingsSchema = z.record(z.string(), z.unknown());

const messageShape = {
  topic: z.string(),
  payload: z.unknown().optional(),
  payloadBase64: z.base64().optional(),
  retained: z.boolean().optional(),
  stored: storedSchema.optional(),
  dup: z.boolean().optional(),
  initial: z.boolean().optional(),
  receivedAt: z.union([z.string(), z.number()]).optional(),
};

const headShape = {
  profile: z.string().optional(),
  device: z.string().optional(),
  settings: settingsSchema.optional(),
};

const lineMessageSchema = z.looseObject({ ...messageShape, ...headShape });

const lineSchema = z.union([
  z.looseObject({
    messages: z.array(lineMessageSchema).min(1),
    ...headShape,
    receivedAt: messageShape.receivedAt,
  }),
  lineMessageSchema,
]);

type LineMessage = z.infer<typeof lineMessageSchema>;

interface LineDefaults {
  profile?: string | undefined;
  device?: string | undefined;
  settings?: Settings | undefined;
  receivedAt?: string | number | undefined;
}

async function tryBatch(
  io: ProfilesIo,
  catalogue: Catalogue,
  file: string,
  defaults: LineDefaults,
): Promise<void> {
  const bad = await playLines(io, catalogue, file === '-' ? io.stdin : createReadStream(file), defaults);
  if (bad > 0) {
    io.err(`${counted(bad, 'line')} could not be tried: see "error" in the output\n`);
    io.exit(1);
  }
}

/** Lines end with LF alone: a JSON text may hold other separators (U+2028), at which readline would cut it. */
async function* linesOf(input: NodeJS.ReadableStream): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of input) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

/** Number of lines that could not be tried. */
async function playLines(
  io: ProfilesIo,
  catalogue: Catalogue,
  input: NodeJS.ReadableStream,
  defaults: LineDefaults,
): Promise<number> {
  let index = -1;
  let bad = 0;
  for await (const line of linesOf(input)) {
    index++;
    if (line.trim() === '') continue;
    let result: object;
    try {
      result = { index, ...playLine(catalogue, line, defaults) };
    } catch (error) {
      bad++;
      const message = error instanceof Error ? error.message : String(error);
      result = { index, status: 'error', profile: null, events: [], error: message };
    }
    await io.out(`${JSON.stringify(result)}\n`);
  }
  return bad;
}

function playLine(catalogue: Catalogue, text: string, defaults: LineDefaults): object {
  const line = parseLine(text);
  const trial = new Trial(catalogue);
  const { profile, device, settings, receivedAt } = line;
  const inherited = { ...defaults, ...defined({ profile, device, settings, receivedAt }) };
  const messages = ('messages' in line ? (line.messages as LineMessage[]) : [line]).flatMap((message) =>
    withXmlRead(catalogue, message, inherited),
  );
  const [only] = messages;
  if (!('messages' in line) && messages.length === 1 && only !== undefined)
    return playMessage(catalogue, trial, only, defaults);
  const results = messages.map((message) => playMessage(catalogue, trial, message, inherited));
  const last = results.at(-1);
  return {
    status: last?.status ?? 'ignored',
    profile: results.findLast((result) => result.profile !== null)?.profile ?? null,
    events: results.flatMap(({ events }) => events),
    results,
  };
}

/** XML of a camera becomes the notifications it holds; anything else stays as it is. */
function withXmlRead(catalogue: Catalogue, message: LineMessage, defaults: LineDefaults): LineMessage[] {
  const { payload } = message;
  const isOnvif = profileOf(catalogue, message.profile ?? defaults.profile)?.source === 'onvif';
  if (!isOnvif || typeof payload !== 'string' || !isXml(payload)) return [message];
  return onvifMessages(payload).map((read) => ({ ...message, topic: read.topic, payload: read.payload }));
}

function parseLine(text: string): z.infer<typeof lineSchema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error('the line is not JSON');
  }
  const parsed = lineSchema.safeParse(value);
  if (parsed.success) {
    const { data } = parsed;
    if (!('messages' in data)) refuseKeys(data, messageKeys);
    else {
      refuseKeys(data, sequenceKeys);
      for (const message of data.messages as LineMessage[]) refuseKeys(message, messageKeys);
    }
    return data;
  }
  throw new Error(
    'the line must be {topic, payload | payloadBase64, ...} or {messages: [{topic, ...}, ...]}',
  );
}

/** What a line may say about itself beside the case: not read. */
const notes = ['name', 'note', 'expect'];
const messageKeys = [...Object.keys(messageShape), ...Object.keys(headShape), ...notes];
const sequenceKeys = ['messages', 'receivedAt', ...Object.keys(headShape), ...notes];

/** A key that is misspelt would be tried as if it were not there. */
function refuseKeys(line: object, known: readonly string[]): void {
  const strange = Object.keys(line).find((key) => !known.includes(key));
  if (strange !== undefined) {
    const near = nearest(strange, known);
    const hint = near === undefined ? `write one of ${known.join(', ')}` : `did you mean "${near}"?`;
    throw new Error(`"${strange.slice(0, 40)}" is no key of a line; ${hint}`);
  }
  if (Object.hasOwn(line, 'payload') && Object.hasOwn(line, 'payloadBase64'))
    throw new Error('the line has both "payload" and "payloadBase64"; write one of the two');
}

function playMessage(
  catalogue: Catalogue,
  trial: Trial,
  message: LineMessage,
  defaults: LineDefaults,
): TrialResult {
  const { profile, device, settings, receivedAt = defaults.receivedAt } = message;
  const options = { ...defaults, ...defined({ profile, device, settings }) };
  const result = trial.play({ ...message, receivedAt }, trialOptions(catalogue, options));
  refuseSettings(catalogue, result, options.settings);
  return result;
}

/** Throws for settings that the profile does not have: a gateway would not import such a device. */
function refuseSettings(catalogue: Catalogue, { profile }: TrialResult, settings: Settings = {}): void {
  const definition = profile === null ? undefined : catalogue.get(profile)?.definition;
  const faults = definition === undefined ? [] : checkSettings(definition, settings);
  if (faults.length > 0) throw new Error(faults.map(({ path, message }) => `${path}: ${message}`).join('\n'));
}

/** Without the keys that are not there, so that defaults show through. */
function defined<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function trialOptions(catalogue: Catalogue, { profile, device, settings }: LineDefaults): TrialOptions {
  return { profile: profileOf(catalogue, profile), device, settings };
}

function profileOf(catalogue: Catalogue, id: string | undefined): CompiledProfile | undefined {
  const profile = id === undefined ? undefined : catalogue.get(id);
  if (id === undefined || profile !== undefined) return profile;
  const ids = catalogue.list().map((known) => known.id);
  throw new UsageError(`there is no profile "${id}"; write one of ${ids.join(', ')}`);
}

function describeResult(result: TrialResult): string {
  const { status, profile, device, events, detail, unknown, strange } = result;
  const lines = [`${status}  profile ${profile ?? 'none'}  device ${device ?? 'unknown'}`];
  if (detail !== undefined) lines.push(`  ${detail}`);
  if (unknown !== undefined)
    lines.push(`  ${unknown} ${unknown === 1 ? 'value is' : 'values are'} not known`);
  if (strange !== undefined) lines.push(`  profile ${profile} does not know its keys ${nameKeys(strange)}`);
  return `${[...lines, ...events.map(describeEvent)].join('\n')}\n`;
}

function describeEvent(event: EventDraft): string {
  const { type, edge, severity, mode, freshness, input, occurredAt, readings, data } = event;
  const names = eventType(type);
  const parts = [
    `  ${type} ${edge}`,
    `${names?.zh ?? ''} ${names?.en ?? ''}`,
    `severity ${severity}`,
    `${mode}, ${freshness}`,
    ...(input === undefined ? [] : [`input ${input}`]),
    occurredAt,
    ...(readings ?? []).map(
      ({ name, value, unit }) => `${name} ${value}${unit === undefined ? '' : ` ${unit}`}`,
    ),
    ...(data === undefined ? [] : [JSON.stringify(data)]),
  ];
  return parts.join('  ');
}
