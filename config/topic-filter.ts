/** Is this a topic filter (MQTT 5 section 4.7)? */
export function isFilter(text: string): boolean {
  const levels = text.split('/');
  return levels.every(
    (level, i) => !/[#+\0]/.test(level) || level === '+' || (level === '#' && i === levels.length - 1),
  );
}

/** Is there a topic that both filters match? */
export function overlaps(a: string, b: string): boolean {
  const [left, right] = [a.split('/'), b.split('/')];
  for (let i = 0; ; i++) {
    const [one, other] = [left[i], right[i]];
    // `a/#` matches `a`, too
    if (one === '#' || other === '#') return true;
    if (one === undefined || other === undefined) return one === other;
    if (one !== '+' && other !== '+' && one !== other) return false;
  }
}
