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
    if (form.ignore && !form.asks) {
      // it says that its topic is no news, not that what an earlier form could not read is none
      if (decoded !== undefined) continue;
      return { status: 'ignored', detail: 'a command or an echo' };
    }
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
    if (!fits(form, decoded.body)) continue;
    if (form.ignore) return { status: 'ignored', detail: 'a command or an echo' };
    return taken(form, raw, decoded, captures);
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
  { body, earlier = [], history = [], left }: Extract<Decoded, { body: unknown }>,
  captures: Captures,
): FoundForm {
  const own = form.readsCaptures ? (form.topic.match(raw.channel) ?? captures) : captures;
  const scope = { root: body, captures: own };
  const now = earlier.length === 0 ? [body] : [...earlier, body];
  const divided = form.divide === undefined ? undefined : now.map(form.divide);
  const list = divided?.flatMap((bodies) => bodies.list) ?? now.map((one) => ({ body: one, late: false }));
  const missed = left ?? divided?.find((bodies) => bodies.left !== undefined)?.left;
  const past = history.map((one) => ({ body: one, late: true }));
  const bodies = { list: past.length === 0 ? list : [...past, ...list] };
  return { form, bodies: missed === undefined ? bodies : { ...bodies, left: missed }, scope };
}

/** Publishing nothing with RETAIN is how a retained message is removed [MQTT-3.3.1-10]. */
function isRemoval(raw: RawMessage): boolean {
  return raw.retain === true || raw.stored === 'retained';
}
