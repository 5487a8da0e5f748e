import type { CompiledProfile } from '../../device-profiles/compile.ts';
import { isMasked, MASK, maskPayload } from '../../device-profiles/mask.ts';
import { maskStranger } from '../../device-profiles/mask-stranger.ts';
import { discoveryName } from './discovery-topic.ts';
import { INBOX_SAMPLE_BYTES, type InboxGroup, type InboxSample } from './inbox.ts';
import type { Profiles } from './strangers.ts';

/** 4 KiB of a payload are shown. */
const PREVIEW_BYTES = 4 * 1024;

/**
 * The beginning of a payload as it may be shown: masked are what sounds or looks like a PIN, a card number or a name, and
 * the paths that any profile masks that its topic may belong to.
 */
export function preview(group: InboxGroup, sample: InboxSample, profiles: Pick<Profiles, 'match'>): Buffer {
  const owners = profiles.match(group.source, sample.channel).map(({ profile }) => profile);
  if (owners.some((profile) => isWhollyMasked(profile, sample))) return Buffer.from(MASK);
  const masks = owners.flatMap(({ definition }) => definition.mask);
  // half a character at its end would make it no text
  const kept = cutText(sample.payload, INBOX_SAMPLE_BYTES);
  const shown = maskPayload(masks.length === 0 ? kept : maskPayload(kept, masks));
  // what a device says of itself is of no person
  const isOfItself = discoveryName(sample.channel) !== undefined;
  return cutText(isOfItself ? shown : maskStranger(shown, sample.channel), PREVIEW_BYTES);
}

/** At most so many bytes, without half a character at the end of a UTF-8 text. */
function cutText(payload: Buffer, bytes: number): Buffer {
  let end = Math.min(bytes, payload.length);
  const isCut = end < payload.length || payload.length >= INBOX_SAMPLE_BYTES;
  if (isCut) while (end > 0 && ((payload[end] ?? 0x80) & 0xc0) === 0x80) end--;
  return payload.subarray(0, end);
}

/** A plain text that is a card number altogether. */
function isWhollyMasked({ definition, forms }: CompiledProfile, { channel, payload }: InboxSample): boolean {
  const masked = forms.some(
    ({ topic, text }) => text !== undefined && isMasked(definition.mask, text) && topic.test(channel),
  );
  return masked && payload[0] !== OPEN_BRACE;
}

const OPEN_BRACE = 0x7b;
