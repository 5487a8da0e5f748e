/** Codings that RTP numbers without a name (RFC 3551). */
const staticTypes: Readonly<Record<string, string>> = { '26': 'JPEG', '32': 'MPV' };

/** Coding of the first video in a session description, as RTP calls it: `H264`, `H265`, `JPEG`; undefined: no video. */
export function videoCodec(sdp: string): string | undefined {
  const [, section] = sdp.split(/^m=video /m, 2);
  if (section === undefined) return undefined;
  const [media = ''] = section.split(/^m=/m, 1);
  const type = media.match(/^\S+ \S+ (\d+)/)?.[1];
  if (type === undefined) return undefined;
  const name = media.match(new RegExp(`^a=rtpmap:${type} ([^/\\s]+)`, 'm'))?.[1];
  return (name ?? staticTypes[type])?.toUpperCase();
}
