/** One thing wrong in a configuration file, with where it is and what to write instead. */
export interface ConfigFault {
  /** As the person named it. */
  file: string;
  /** From 1. */
  line: number;
  /** From 1, in characters. */
  column: number;
  /** Such as `mqtt.listeners[0].port`; empty for the file as a whole. */
  path: string;
  message: string;
  /** What to do. */
  hint?: string;
}

/** `config/edge.yaml:12:5 mqtt.listeners[0].port: must be 0-65535 (is "abc"); write e.g. 1883` */
export function formatFault(fault: ConfigFault): string {
  const where = `${fault.file}:${fault.line}:${fault.column}`;
  const what = fault.path === '' ? fault.message : `${fault.path}: ${fault.message}`;
  return fault.hint === undefined ? `${where} ${what}` : `${where} ${what}; ${fault.hint}`;
}

/** Keys and list positions as a person writes them: `a.b[0]["c d"]`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    const key = String(step);
    if (!/^[\p{L}\p{N}_-]+$/u.test(key)) return `${text}[${JSON.stringify(key)}]`;
    return text === '' ? key : `${text}.${key}`;
  }, '');
}

/** A text in which no address shows its user's password: `mqtt://user:***@host`. */
export function withoutCredentials(text: string): string {
  // Greedy up to the last "@" of the word: a password may hold one.
  return text.replace(/\/\/([^\s:/@"]*):[^\s"]*@/g, '//$1:***@');
}

/** A message of the form "what is wrong; what to do" in its two parts. */
export function splitHint(text: string): { message: string; hint?: string } {
  const [message = '', ...hints] = text.split('; ');
  return hints.length === 0 ? { message } : { message, hint: hints.join('; ') };
}

/** In the order of the file; faults of one position keep the order in which they were found. */
export function sortFaults(faults: readonly ConfigFault[]): ConfigFault[] {
  return [...faults].sort((a, b) => a.line - b.line || a.column - b.column);
}
