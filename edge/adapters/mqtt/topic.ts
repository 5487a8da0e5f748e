/** Topic names and filters of MQTT 3.1.1, section 4.7. Pure. */

/** Why a topic name or filter is not taken. `ill-formed`: U+0000, or bytes that are not UTF-8. */
export type TopicFault = 'ill-formed' | 'empty' | 'wildcard' | 'too-long' | 'too-deep';

export interface TopicLimits {
  /** Levels, counted as the separators plus one. */
  maxTopicLevels: number;
  /** Length in UTF-8 bytes. */
  maxTopicBytes: number;
}

/**
 * Whether a decoded string must be refused under [MQTT-1.5.3-1] and [MQTT-1.5.3-2].
 *
 * The parser replaces bad bytes by U+FFFD. A genuine U+FFFD has been through such a decoder before: refused too.
 */
export function isIllFormed(text: string): boolean {
  return text.includes('\ufffd') || text.includes('\0');
}

/** Why `topic` cannot be published to; undefined if it can. */
export function topicFault(topic: string, limits: TopicLimits): TopicFault | undefined {
  if (topic === '') return 'empty';
  if (isIllFormed(topic)) return 'ill-formed';
  if (topic.includes('+') || topic.includes('#')) return 'wildcard';
  return sizeFault(topic, limits);
}

/** Why `filter` cannot be subscribed to; undefined if it can. */
export function filterFault(filter: string, limits: TopicLimits): TopicFault | undefined {
  if (filter === '') return 'empty';
  if (isIllFormed(filter)) return 'ill-formed';
  const levels = filter.split('/');
  for (const [index, level] of levels.entries()) {
    if (level.includes('#') && (level !== '#' || index !== levels.length - 1)) return 'wildcard';
    if (level.includes('+') && level !== '+') return 'wildcard';
  }
  return sizeFault(filter, limits);
}

function sizeFault(topic: string, limits: TopicLimits): TopicFault | undefined {
  if (Buffer.byteLength(topic) > limits.maxTopicBytes) return 'too-long';
  let levels = 1;
  for (let at = topic.indexOf('/'); at !== -1; at = topic.indexOf('/', at + 1)) levels++;
  return levels > limits.maxTopicLevels ? 'too-deep' : undefined;
}

/**
 * Whether every topic that `requested` can match is also matched by `allowed`.
 *
 * A topic name is a filter without wildcards: so this also answers whether a message reaches a subscription.
 */
export function covers(allowed: string, requested: string): boolean {
  if (allowed === requested) return true;
  // A leading wildcard does not reach topics that begin with $ [MQTT-4.7.2-1].
  if (requested.startsWith('$') && (allowed.startsWith('#') || allowed.startsWith('+'))) return false;
  const wide = allowed.split('/');
  const narrow = requested.split('/');
  for (const [index, level] of wide.entries()) {
    // `a/#` includes `a` itself: then narrow has ended, which is fine.
    if (level === '#') return true;
    const other = narrow[index];
    if (other === undefined || other === '#') return false;
    if (level !== '+' && level !== other) return false;
  }
  return wide.length === narrow.length;
}

/** Whether `filter` asks for everything whatever its depth or at one depth: `#`, `+/#`, `+/+`. */
export function isCatchAll(filter: string): boolean {
  return filter.split('/').every((level) => level === '+' || level === '#');
}
