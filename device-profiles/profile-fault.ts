/** One thing wrong in a profile, with where it is and what to write instead. */
export interface ProfileFault {
  file: string;
  /** From 1; 0 where the file as a whole is meant. */
  line: number;
  column: number;
  /** Such as `map[2].emit.type`; empty for the file as a whole. */
  key: string;
  message: string;
}

/** `builtin/io/wired.yaml:12:5 map[2].emit.type: "FIR.SMOK" is no event type; did you mean "FIR.SMOKE"?` */
export function formatProfileFault({ file, line, column, key, message }: ProfileFault): string {
  const where = line === 0 ? file : `${file}:${line}:${column}`;
  return key === '' ? `${where} ${message}` : `${where} ${key}: ${message}`;
}
