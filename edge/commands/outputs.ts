import type { DeviceCommand } from '../../contract/command.ts';
import type { Text } from '../../contract/text.ts';
import type { RenderedCall } from '../../device-profiles/command.ts';
import type { CommandDefinition } from '../../device-profiles/command-schema.ts';
import type { OnvifOutputs } from '../adapters/onvif/outputs.ts';
import { text } from './text.ts';

/** Devices that are called, and say what they have. */
export type OutputPort = Pick<OnvifOutputs, 'targets' | 'run'>;

/** Something of the device that an argument may name. */
export interface Choice {
  value: string;
  title: Text;
}

/** A command, and for an argument that names something of the device what there is to choose from. */
export interface OfferedCommand extends CommandDefinition {
  choices: Readonly<Record<string, readonly Choice[]>>;
}

/** Words of the device that are kept. */
const MAX_ANSWER = 300;

/** The command as it is offered; undefined: the device has nothing for it. */
export async function offer(
  device: string,
  command: CommandDefinition,
  calls: OutputPort | undefined,
): Promise<OfferedCommand | undefined> {
  const { call } = command;
  if (call === undefined) return { ...command, choices: {} };
  // a token that the profile names itself is no choice
  const argument = Object.values(call.with).flatMap(
    (value) => /^\{([a-z][a-z0-9_]*)\}$/.exec(value)?.[1] ?? [],
  );
  const [name] = argument.filter((one) => Object.hasOwn(command.args, one));
  const targets = await calls?.targets(device, call.operation);
  if (targets === undefined) return { ...command, choices: {} };
  if (targets.length === 0) return undefined;
  if (name === undefined) return { ...command, choices: {} };
  return { ...command, choices: { [name]: targets.map(choiceOf) } };
}

function choiceOf({
  token,
  name,
  mode,
  delayMs,
}: NonNullable<Awaited<ReturnType<OutputPort['targets']>>>[number]): Choice {
  const title = name === token ? token : `${name}（${token}）`;
  if (mode !== 'monostable') return { value: token, title: { zh: title, en: title } };
  const seconds = delayMs === undefined ? undefined : delayMs / 1_000;
  return {
    value: token,
    title: {
      zh: `${title}，${seconds === undefined ? '自动复位' : `${seconds} 秒后自动复位`}`,
      en: `${title}, falls back ${seconds === undefined ? 'by itself' : `after ${seconds} s`}`,
    },
  };
}

type Called = Pick<DeviceCommand, 'result' | 'reason' | 'answer'> &
  ({ refused?: undefined } | { refused: 'not-possible' | 'not-ready'; detail: Text });

/** Makes a call, and says what became of it: for the record and for the person. */
export async function callDevice(
  device: string,
  call: RenderedCall,
  calls: OutputPort | undefined,
): Promise<Called> {
  const outcome = await calls?.run(device, call);
  if (outcome === undefined) return notSent('no way to devices over ONVIF');
  if (outcome.is === 'done') return { result: 'done' };
  const answer = outcome.reason.slice(0, MAX_ANSWER);
  switch (outcome.is) {
    case 'refused':
      return {
        result: 'failed',
        reason: 'device-refused',
        answer,
        refused: 'not-possible',
        detail: text.deviceRefused(answer),
      };
    case 'not-permitted':
      return {
        result: 'failed',
        reason: 'not-permitted',
        answer,
        refused: 'not-possible',
        detail: text.notPermitted(answer),
      };
    case 'no-answer':
      return {
        result: 'unanswered',
        reason: 'no-answer',
        answer,
        refused: 'not-ready',
        detail: text.noAnswer(answer),
      };
    default:
      return notSent(answer);
  }
}

function notSent(answer: string): Called {
  return {
    result: 'failed',
    reason: 'not-connected',
    answer,
    refused: 'not-possible',
    detail: text.unreachable(answer),
  };
}
