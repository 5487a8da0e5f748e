import type { RawMessage } from '../contract/raw-message.ts';
import { normaliseValue } from './compare.ts';
import type { CompiledForm, CompiledProfile } from './compile.ts';
import type { Aliases } from './decoders/aliases.ts';
import type { Bodies } from './message-bodies.ts';
import type { Decoded } from './payload.ts';
import type { Scope } from './reference.ts';
import type { Captures } from './topic-pattern.ts';

/** The form of a message and the bodies it holds, or why there is nothing to read. */
export type FoundForm =
  | { form: CompiledForm; bodies: Bodies; scope: Scope }
  | { status: 'unmapped' | 'undecodable' | 'ignored'; detail: string };

/**
 * The first form with this topic whose keys are there. The payload is decoded once for each way to read it. `captures`
 * are those of the profile's first form on the topic.
 */
export function findForm(
  profile: CompiledProfile,
  raw: RawMessage,
  captures: Captures,
  aliases: Aliases,
): FoundForm {
  let decoded: Decoded | undefined;
  let way: string | undefined;
  let fault: string | undefined;
  let isRead = false;
  for (const form of profile.forms) {
    if (!form.topic.test(raw.channel)) continue;
    if (form.skip) break;
    if (form.ignore) return { status: 'ignored', detail: 'a command or an echo' };
    if (decoded === undefined || way !== form.decoder.way) {
      ({ way } = form.decoder);
      decoded = form.decoder.decode(raw.payload, aliases);
    }
    if ('empty' in decoded) {
      if (isRemoval(raw)) return { status: 'ignored', detail: 'an empty payload removes a retained message' };
      if (!form.empty) return { status: 'undecodable', detail: 'payload is empty' };
      decoded = { body: {} };
    }
    if ('fault' in decoded) {
      // a later form may read it in another way
      fault ??= decoded.fault;
      continue;
    }
    isRead = true;
    if (fits(form, decoded.body)) return taken(form, raw, decoded, captures);
  }
  if (fault !== undefined && !isRead) return { status: 'undecodable', detail: fault };
  const detail =
    decoded === undefined
      ? `the topic is none of profile ${profile.id}`
      : `no form of profile ${profile.id} has the keys of this message`;
  return { status: 'unmapped', detail };
}

function fits({ has, is }: CompiledForm, body: Record<string, unknown>): boolean {
  return (
    has.every((read) => read(body) !== undefined) &&
    is.every(({ read, values }) => values.has(normaliseValue(read(body))))
  );
}

function taken(
  form: CompiledForm,
  raw: RawMessage,
  { body, history = [], left }: Extract<Decoded, { body: unknown }>,
  captures: Captures,
): FoundForm {
  const own = form.readsCaptures ? (form.topic.match(raw.channel) ?? captures) : captures;
  const divided = form.divide?.(body) ?? { list: [{ body, late: false }] };
  const bodies = left === undefined ? divided : { ...divided, left };
  if (history.length === 0) return { form, bodies, scope: { root: body, captures: own } };
  const list = [...history.map((past) => ({ body: past, late: true })), ...bodies.list];
  return { form, bodies: { ...bodies, list }, scope: { root: body, captures: own } };
}

/** Publishing nothing with RETAIN is how a retained message is removed [MQTT-3.3.1-10]. */
function isRemoval(raw: RawMessage): boolean {
  return raw.retain === true || raw.stored === 'retained';
}
