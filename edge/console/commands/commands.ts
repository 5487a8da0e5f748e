import { ref, shallowRef } from 'vue';
import type { AlarmActionRequest } from '../../../contract/alarm.ts';
import type { Problem } from '../../../contract/problem.ts';
import type { Text } from '../../../contract/text.ts';
import { type Answer, call, isProblem, succeeded, Unreachable } from '../api.ts';
import { currentLanguage } from '../i18n/i18n.ts';

export interface CommandArgument {
  readonly type: 'string' | 'number' | 'integer' | 'boolean';
  readonly title?: Text;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  /** What the device says it has. */
  readonly choices?: readonly { readonly value: string; readonly title: Text }[];
  readonly minimum?: number;
  readonly maximum?: number;
}

/** What a device can be told (GET devices/{id}/commands). */
export interface DeviceCommand {
  readonly name: string;
  readonly title: Text;
  readonly output: 'siren' | 'strobe' | 'lock' | 'relay' | 'mute' | 'view' | 'other';
  readonly right: 'allowed' | 'second-person' | 'refused';
  readonly args: Readonly<Record<string, CommandArgument>>;
}

/** The commands of one device: asks for them, and sends one. */
export class Commands {
  readonly list = shallowRef<readonly DeviceCommand[]>();
  readonly trouble = shallowRef<Problem | 'unreachable'>();
  /** What became of what was sent last. */
  readonly sent = ref<'sent' | 'done'>();
  readonly busy = ref(false);
  readonly #device: string;
  readonly #station: string;
  readonly #onSessionEnded: () => void;

  constructor(device: string, station: string, onSessionEnded: () => void) {
    this.#device = device;
    this.#station = station;
    this.#onSessionEnded = onSessionEnded;
  }

  async load(): Promise<void> {
    const answer = await this.#ask<{ commands: DeviceCommand[] }>('GET', 'commands');
    if (answer?.body !== undefined) this.list.value = answer.body.commands;
    else this.#fail(answer);
  }

  /** True once it was handed to the device's connection. */
  async send(
    { name }: DeviceCommand,
    args: Readonly<Record<string, unknown>>,
    second: AlarmActionRequest['second'],
  ): Promise<boolean> {
    if (this.busy.value) return false;
    this.busy.value = true;
    this.trouble.value = undefined;
    this.sent.value = undefined;
    try {
      const body = { args, station: this.#station, ...(second === undefined ? {} : { second }) };
      const answer = await this.#ask<{ result?: 'sent' | 'done' }>('POST', `commands/${name}`, body);
      if (answer === undefined || answer.problem !== undefined) this.#fail(answer);
      const isSent = answer !== undefined && succeeded(answer);
      if (isSent) this.sent.value = answer.body?.result ?? 'sent';
      return isSent;
    } finally {
      this.busy.value = false;
    }
  }

  #fail(answer: Answer<unknown> | undefined): void {
    this.trouble.value = answer?.problem ?? 'unreachable';
  }

  async #ask<Body>(method: string, path: string, body?: unknown): Promise<Answer<Body> | undefined> {
    try {
      const answer = await call<Body>(method, `devices/${encodeURIComponent(this.#device)}/${path}`, body);
      if (isProblem(answer, 'expired-session')) this.#onSessionEnded();
      return answer;
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      return undefined;
    }
  }
}

export function titleOf({ zh, en }: Text): string {
  return currentLanguage() === 'en' ? en : zh;
}

/** What a person typed as the value that the gateway asks for; what is empty is not sent. */
export function argumentsOf(
  { args }: DeviceCommand,
  typed: Readonly<Record<string, string>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(args).flatMap(([name, argument]) => {
      const text = typed[name]?.trim() ?? '';
      return text === '' ? [] : [[name, typedValue(argument, text)]];
    }),
  );
}

function typedValue({ type, enum: choices }: CommandArgument, text: string): unknown {
  const choice = choices?.find((one) => String(one) === text);
  if (choice !== undefined) return choice;
  if (type === 'boolean') return text === 'true';
  if (type === 'string') return text;
  const number = Number(text);
  // the gateway says what is wrong with it
  return Number.isNaN(number) ? text : number;
}
