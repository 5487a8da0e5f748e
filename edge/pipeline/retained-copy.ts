import type { RawMessage } from '../../contract/raw-message.ts';
import type { CompiledProfile } from '../../device-profiles/compile.ts';
import { isMasked, maskPayload } from '../../device-profiles/mask.ts';
import { maskStranger } from '../../device-profiles/mask-stranger.ts';
import type { RetainedMessage } from '../journal/batch.ts';
import { discoveryName } from '../registry/discovery-topic.ts';

/** What `maskPayload` leaves of something whose parts have no names. */
const onlyLength = /^\(\d+ bytes are not kept/;
const nothing = Buffer.alloc(0);

/**
 * A retained message as the journal keeps it for the next start: without card numbers, PINs and names. Until then the
 * broker has it whole. What cannot be masked is not kept: its device publishes it again. `profiles`: all that read this
 * topic; `isKnown`: a registered device's, whose profile says what is masked.
 */
export function retainedCopy(
  { channel, payload, qos }: Pick<RawMessage, 'channel' | 'payload' | 'qos'>,
  profiles: readonly Pick<CompiledProfile, 'definition' | 'forms'>[],
  isKnown: boolean,
): RetainedMessage {
  let kept = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  for (const profile of profiles) {
    kept = masked(kept, profile.definition.mask, isHarmlessText(profile, channel));
  }
  if (!isKnown) kept = masked(kept, undefined, false);
  if (!isKnown && discoveryName(channel) === undefined) kept = maskStranger(kept, channel);
  return { topic: channel, payload: kept, qos: qos ?? 0 };
}

function masked(payload: Buffer, mask: readonly string[] | undefined, isHarmless: boolean): Buffer {
  const shown = maskPayload(payload, mask);
  if (shown === payload || !onlyLength.test(shown.toString('latin1', 0, 40))) return shown;
  return isHarmless ? payload : nothing;
}

/** Does the profile read a plain text here, as something that is not masked, such as `online` or `21.5`? */
function isHarmlessText(
  { definition, forms }: Pick<CompiledProfile, 'definition' | 'forms'>,
  channel: string,
): boolean {
  const texts = forms.filter(({ topic, text }) => text !== undefined && topic.test(channel));
  return texts.length > 0 && texts.every(({ text }) => !isMasked(definition.mask, text ?? ''));
}
