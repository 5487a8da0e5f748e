/** What a pattern read out of a topic, by capture name. */
export type Captures = Record<string, string>;

/** A compiled topic pattern. */
export interface TopicPattern {
  readonly pattern: string;
  /** Names of its captures, in order. */
  readonly names: readonly string[];
  /** Number of literal characters: the more, the more specific. */
  readonly weight: number;
  /** Does a topic match? Allocates nothing. */
  test(topic: string): boolean;
  /** The captures of a matching topic, undefined if it does not match. Linear in the topic's length. */
  match(topic: string): Captures | undefined;
  /** The topic with the captures put in; `fallback` for those not given. */
  fill(
    captures: Readonly<Record<string, string>>,
    fallback: (name: string, multi: boolean) => string,
  ): string;
}

interface Level {
  literal?: string;
  name?: string;
  multi?: boolean;
}

const captureLevel = /^\{([a-z][a-z0-9_]*)(\+?)\}$/;

/** What is wrong with a pattern, as a sentence; undefined if nothing. */
export function topicPatternFault(pattern: string): string | undefined {
  const names = new Set<string>();
  let multi = 0;
  for (const level of pattern.split('/')) {
    const capture = captureLevel.exec(level);
    if (capture === null) {
      if (/[{}]/.test(level)) {
        return `level "${level}" must be a whole capture; write "{device}", or "{device+}" for several levels`;
      }
      if (level === '+' || level === '#')
        return `level "${level}" has no name; write a named capture, "{name}" or "{name+}"`;
      continue;
    }
    const name = capture[1] ?? '';
    if (names.has(name)) return `capture "${name}" is there twice; rename one`;
    names.add(name);
    if (capture[2] === '+') multi++;
  }
  return multi > 1
    ? 'only one capture of several levels ("{name+}") may be in a topic; write "{name}" for the others'
    : undefined;
}

/** Compiles literal levels, `{name}` (one level) and `{name+}` (one or more levels). Throws on a faulty pattern. */
export function compileTopic(pattern: string): TopicPattern {
  const fault = topicPatternFault(pattern);
  if (fault !== undefined) throw new Error(`topic pattern "${pattern}": ${fault}`);
  const levels = pattern.split('/').map(toLevel);
  const names = levels.flatMap((level) => level.name ?? []);
  const source = levels.map(levelSource).join('/');
  // one `+` capture at most, so the expression never backtracks more than once over the topic
  const expression = new RegExp(`^${source}$`, 's');
  return {
    pattern,
    names,
    weight: levels.reduce((sum, level) => sum + (level.literal?.length ?? 0), 0),
    test: (topic) => expression.test(topic),
    match(topic) {
      const found = expression.exec(topic);
      if (found === null) return undefined;
      const captures: Captures = {};
      for (const [i, name] of names.entries()) captures[name] = found[i + 1] ?? '';
      return captures;
    },
    fill(captures, fallback) {
      return levels
        .map(({ literal, name, multi }) =>
          name === undefined ? (literal ?? '') : (captures[name] ?? fallback(name, multi === true)),
        )
        .join('/');
    },
  };
}

function toLevel(text: string): Level {
  const capture = captureLevel.exec(text);
  return capture === null ? { literal: text } : { name: capture[1] ?? '', multi: capture[2] === '+' };
}

function levelSource(level: Level): string {
  if (level.name === undefined) return (level.literal ?? '').replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return level.multi ? '(.+)' : '([^/]+)';
}
