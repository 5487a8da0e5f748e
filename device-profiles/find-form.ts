import type { RawMessage } from '../contract/raw-message.ts';
import type { CompiledForm, CompiledProfile } from './compile.ts';
import { type Decoded, decodePayload } from './payload.ts';

/** The form of a message and its decoded payload, or why there is nothing to read. */
export type FoundForm =
  | { form: CompiledForm; body: Record<string, unknown> }
  | { status: 'unmapped' | 'undecodable' | 'ignored'; detail: string };

/** The first form with this topic whose keys are there. The payload is decoded once for each way to read it. */
export function findForm(profile: CompiledProfile, raw: RawMessage): FoundForm {
  let decoded: Decoded | undefined;
  let textKey: string | undefined;
  for (const form of profile.forms) {
    if (!form.topic.test(raw.channel)) continue;
    if (form.skip) break;
    if (form.ignore) return { status: 'ignored', detail: 'a command or an echo' };
    if (decoded === undefined || textKey !== form.text) {
      textKey = form.text;
      decoded = decodePayload(raw.payload, textKey);
    }
    if ('empty' in decoded) return empty(raw);
    if ('fault' in decoded) return { status: 'undecodable', detail: decoded.fault };
    const { body } = decoded;
    if (form.has.every((read) => read(body) !== undefined)) return { form, body };
  }
  const detail =
    decoded === undefined
      ? `the topic is none of profile ${profile.id}`
      : `no form of profile ${profile.id} has the keys of this message`;
  return { status: 'unmapped', detail };
}

/** Publishing nothing with RETAIN is how a retained message is removed [MQTT-3.3.1-10]. */
function empty(raw: RawMessage): FoundForm {
  return raw.retain === true || raw.stored === 'retained'
    ? { status: 'ignored', detail: 'an empty payload removes a retained message' }
    : { status: 'undecodable', detail: 'payload is empty' };
}
