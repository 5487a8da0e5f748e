import type { Logger } from 'pino';
import type { DeviceCommand } from '../../contract/command.ts';
import type { EventDraft } from '../../contract/event.ts';
import type { ProblemCode } from '../../contract/problem.ts';
import type { Text } from '../../contract/text.ts';
import {
  argumentFault,
  type RenderedCall,
  type RenderedCommand,
  renderCommand,
} from '../../device-profiles/command.ts';
import type { CommandDefinition } from '../../device-profiles/command-schema.ts';
import { MASK, maskPayload } from '../../device-profiles/mask.ts';
import type { Actor } from '../alarms/rights.ts';
import { within } from '../ops/within.ts';
import type { LiveDevice, LiveDevices } from '../pipeline/devices.ts';
import { ownDraft } from '../pipeline/own-event.ts';
import { callDevice, type OfferedCommand, type OutputPort, offer } from './outputs.ts';
import { type ReachOptions, sendTo } from './reach.ts';
import { mayCommand } from './rights.ts';
import { argumentText, text } from './text.ts';

/** How long the answer waits for the record to be on disk. */
const STORED_WITHIN_MS = 2_000;

/** What a device is asked to do. */
export interface CommandRequest {
  device: string;
  name: string;
  args: Readonly<Record<string, unknown>>;
}

/**
 * What became of it. `done`: the device says that it did it. `stored: false`: it was sent, but the record of it is not on disk
 * yet.
 */
export type CommandOutcome =
  | { sent: true; done?: true; stored: boolean; at: number }
  | { refused: ProblemCode; detail: Text; errors?: FieldError[] };

interface FieldError {
  path: string;
  message: Text;
}

type Refused = Extract<CommandOutcome, { refused: ProblemCode }> & {
  reason: NonNullable<DeviceCommand['reason']>;
};

export interface CommandDeskOptions extends ReachOptions {
  /** The way to devices over ONVIF. */
  calls?: OutputPort;
  devices: Pick<LiveDevices, 'get' | 'isReachedBy'>;
  /** Writes the record. */
  emit: (draft: EventDraft, device: string) => Promise<void>;
  /** Milliseconds since 1970. */
  clock: () => number;
  logger: Logger;
}

/** Commands of people to devices: judged, rendered, sent; each leaves a record in the journal, sent or not. */
export class CommandDesk {
  readonly #o: CommandDeskOptions;

  constructor(options: CommandDeskOptions) {
    this.#o = options;
  }

  /** What a registered device offers, by name: what its profile says, and of that what the device says it has. */
  async commandsOf(device: string): Promise<Readonly<Record<string, OfferedCommand>>> {
    const commands = Object.entries(this.#o.devices.get(device)?.profile.definition.commands ?? {});
    const { calls } = this.#o;
    const offered = await Promise.all(
      commands.map(async ([name, command]) => [name, await offer(device, command, calls)] as const),
    );
    return Object.fromEntries(offered.flatMap(([name, one]) => (one === undefined ? [] : [[name, one]])));
  }

  /** For a registered device. The record is written after the attempt: a full disk must not keep a siren silent. */
  async run({ device, name, args }: CommandRequest, actor: Actor): Promise<CommandOutcome> {
    const live = this.#o.devices.get(device);
    const command = this.#find(live, name);
    const judged = judge(live, name, command, args, actor);
    if (live === undefined || command === undefined || 'refused' in judged) {
      const refused = judged as Refused;
      await this.#record(device, actor, {
        command: name,
        ...(command === undefined ? {} : { output: command.output }),
        result: 'refused',
        reason: refused.reason,
      });
      return refused;
    }
    const what = {
      command: name,
      output: command.output,
      args: withoutSecrets(command, args, live.profile.definition.mask),
    };
    if ('operation' in judged) return this.#call(device, judged, actor, what);
    const notSent = await sendTo(live.device, judged, this.#o);
    const at = this.#o.clock();
    const stored = await this.#record(device, actor, {
      ...what,
      result: notSent === undefined ? 'sent' : 'failed',
      ...(notSent === undefined ? {} : { reason: notSent.reason }),
    });
    if (notSent === undefined) return { sent: true, stored, at };
    return {
      refused: notSent.reason === 'transport' ? 'not-ready' : 'not-possible',
      detail: notSent.detail,
    };
  }

  /** Once; a door that may have opened is not told again. */
  async #call(
    device: string,
    call: RenderedCall,
    actor: Actor,
    what: Pick<DeviceCommand, 'command' | 'output' | 'args'>,
  ): Promise<CommandOutcome> {
    const outcome = await callDevice(device, call, this.#o.calls);
    const at = this.#o.clock();
    const { result, reason, answer } = outcome;
    const stored = await this.#record(device, actor, {
      ...what,
      result,
      ...(reason === undefined ? {} : { reason }),
      ...(answer === undefined ? {} : { answer }),
    });
    if (outcome.refused === undefined) return { sent: true, done: true, stored, at };
    return { refused: outcome.refused, detail: outcome.detail };
  }

  /** Puts on record that somebody whose role may command nothing tried to. Nothing is sent. */
  async refuse({ device, name }: Pick<CommandRequest, 'device' | 'name'>, actor: Actor): Promise<void> {
    const output = this.#find(this.#o.devices.get(device), name)?.output;
    await this.#record(device, actor, {
      command: name,
      ...(output === undefined ? {} : { output }),
      result: 'refused',
      reason: 'not-allowed',
    });
  }

  #find(live: LiveDevice | undefined, name: string): CommandDefinition | undefined {
    const commands = live?.profile.definition.commands ?? {};
    return Object.hasOwn(commands, name) ? commands[name] : undefined;
  }

  /** Is it on disk? */
  async #record(
    device: string,
    { user, role, station, second }: Actor,
    what: Omit<DeviceCommand, 'actor' | 'role' | 'station' | 'second'>,
  ): Promise<boolean> {
    const data: DeviceCommand = {
      ...what,
      actor: user,
      role,
      station,
      ...(second === undefined ? {} : { second: second.user }),
    };
    this.#o.logger.info({ device, ...data }, 'command to a device');
    const stored = this.#o.emit(ownDraft('DEV.OUTPUT', 'pulse', this.#o.clock(), data), device).then(
      () => true,
      (err) => {
        this.#o.logger.warn({ err, device }, 'a command is not in the journal');
        return false;
      },
    );
    return (await within(STORED_WITHIN_MS, stored)) === true;
  }
}

function judge(
  live: LiveDevice | undefined,
  name: string,
  command: CommandDefinition | undefined,
  args: CommandRequest['args'],
  actor: Actor,
): RenderedCommand | Refused {
  // whoever may command nothing learns nothing of what there is
  const right = command === undefined ? mayCommand(actor, 'mute') : mayCommand(actor, command.output);
  if (right === 'refused') return { refused: 'not-allowed', reason: 'not-allowed', detail: text.notAllowed };
  if (live === undefined) return { refused: 'not-possible', reason: 'not-rendered', detail: text.noProfile };
  if (command === undefined) {
    const detail = text.unknownCommand(name, Object.keys(live.profile.definition.commands));
    return { refused: 'invalid', reason: 'unknown-command', detail };
  }
  if (right === 'second-person')
    return { refused: 'second-person-needed', reason: 'second-person-needed', detail: text.leaderNeeded };
  const errors = faultsOf(command, args);
  if (errors.length > 0)
    return { refused: 'invalid', reason: 'bad-arguments', detail: text.badArguments, errors };
  const { profile, device, settings } = live;
  const rendered = renderCommand(profile, name, device.key ?? device.id, settings, args);
  if ('fault' in rendered)
    return { refused: 'not-possible', reason: 'not-rendered', detail: text.notRendered(rendered.fault) };
  return rendered;
}

function faultsOf({ args: known }: CommandDefinition, given: CommandRequest['args']): FieldError[] {
  const strange = Object.keys(given)
    .filter((name) => !Object.hasOwn(known, name))
    .map((name) => ({ path: `args.${name}`, message: { zh: '没有这个参数', en: 'is no argument' } }));
  const wrong = Object.entries(known).flatMap(([name, argument]) => {
    const value = Object.hasOwn(given, name) ? given[name] : argument.default;
    const fault = value === undefined ? 'is missing' : argumentFault(argument, value);
    return fault === undefined ? [] : [{ path: `args.${name}`, message: argumentText(argument, fault) }];
  });
  return [...strange, ...wrong];
}

/**
 * The arguments as they were sent. Masked is what the profile masks and what sounds like a PIN or a card, by its own name or
 * by the name under which the message carries it.
 */
function withoutSecrets(
  { args: known, payload, text: line }: CommandDefinition,
  given: CommandRequest['args'],
  mask: readonly string[],
): NonNullable<DeviceCommand['args']> {
  const written = line ?? JSON.stringify(payload ?? null);
  const shown = masked(written, mask);
  const sent = Object.entries(known).map(([name, { default: preset }]) => {
    const isSecret = written.includes(`{${name}}`) && !shown.includes(`{${name}}`);
    return [name, isSecret ? MASK : (given[name] ?? preset)];
  });
  return JSON.parse(masked(JSON.stringify(Object.fromEntries(sent)), mask)) as NonNullable<
    DeviceCommand['args']
  >;
}

function masked(written: string, mask: readonly string[]): string {
  return maskPayload(maskPayload(Buffer.from(written), mask)).toString('utf8');
}
