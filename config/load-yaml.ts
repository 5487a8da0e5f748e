import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { z } from 'zod';
import { explainIssues, NO_MESSAGE } from './explain-issue.ts';
import { type ConfigFault, sortFaults } from './fault.ts';
import { YAML_MAX_BYTES, YamlSource } from './yaml-source.ts';

/** Either the value or everything that is wrong with the file, never one fault at a time. */
export type Loaded<T> = { value: T } | { faults: ConfigFault[] };

/** Reads a YAML file and checks it against a schema. */
export function loadYaml<T>(file: string, schema: z.ZodType<T>): Loaded<T> {
  const read = readYaml(file);
  return 'faults' in read ? read : settle(read.source, schema);
}

/** As `loadYaml` for text at hand; `file` is the name that faults carry. */
export function parseYaml<T>(text: string, file: string, schema: z.ZodType<T>): Loaded<T> {
  return settle(new YamlSource(file, text), schema);
}

/**
 * The file as data with positions, for loaders that check more than a schema can say. `edit` changes its text before it is
 * read.
 */
export function readYaml(
  file: string,
  { maxBytes = YAML_MAX_BYTES, edit }: { maxBytes?: number; edit?: (text: string) => string } = {},
): { source: YamlSource } | { faults: ConfigFault[] } {
  const refuse = (message: string, hint: string) => ({
    faults: [{ file, line: 1, column: 1, path: '', message, hint }],
  });
  let bytes: Buffer;
  try {
    const read = readBounded(file, maxBytes);
    if (read === undefined)
      return refuse(`is larger than ${maxBytes / 2 ** 20} MiB`, 'shorten it, or split it into several files');
    bytes = read;
  } catch (error) {
    const { message, hint } = explainReadError((error as NodeJS.ErrnoException).code);
    return refuse(message, hint);
  }
  const text = decodeUtf8(bytes);
  if (typeof text === 'string') return { source: new YamlSource(file, edit?.(text) ?? text) };
  const message = `is not UTF-8 text (byte 0x${text.byte.toString(16).padStart(2, '0')})`;
  return { faults: [{ file, ...text.at, path: '', message, hint: 'save the file as UTF-8' }] };
}

/**
 * Checks a read file against a schema. `faults` holds those of the text, too; `value` is there only without any.
 * Past a broken line the structure is guesswork, so faults there are left out. `raw`: what to check where the file
 * may be written shorter than its schema.
 */
export function checkYaml<T>(
  source: YamlSource,
  schema: z.ZodType<T>,
  raw: unknown = source.value,
): { value?: T; faults: ConfigFault[] } {
  const result = schema.safeParse(raw, { reportInput: true, error: () => NO_MESSAGE });
  if (result.success) {
    return source.faults.length === 0 ? { value: result.data, faults: [] } : { faults: source.faults };
  }
  const found = explainIssues(source, schema, result.error.issues);
  const named = new Set(source.faults.map((fault) => fault.path).filter((path) => path !== ''));
  const trusted = found.filter((fault) => {
    const lacks = /^is (?:missing|empty)$/.test(fault.message);
    // What the text itself left out is named already.
    if (lacks && named.has(fault.path)) return false;
    return source.brokenFrom === Infinity || (fault.line < source.brokenFrom && !lacks);
  });
  return { faults: sortFaults([...source.faults, ...trusted]) };
}

function settle<T>(source: YamlSource, schema: z.ZodType<T>): Loaded<T> {
  const { value, faults } = checkYaml(source, schema);
  return faults.length === 0 ? { value: value as T } : { faults };
}

/** At most `maxBytes` of an ordinary file; undefined where it is larger. A pipe would wait, a device never end. */
function readBounded(file: string, maxBytes: number): Buffer | undefined {
  const handle = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(handle);
    if (!stats.isFile())
      throw Object.assign(new Error(), { code: stats.isDirectory() ? 'EISDIR' : 'ENOTFILE' });
    if (stats.size > maxBytes) return undefined;
    // some files of the system say 0
    const buffer = Buffer.allocUnsafe(maxBytes + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < buffer.length; length += read)
      read = readSync(handle, buffer, length, buffer.length - length, null);
    return length > maxBytes ? undefined : buffer.subarray(0, length);
  } finally {
    closeSync(handle);
  }
}

function explainReadError(code: string | undefined): { message: string; hint: string } {
  switch (code) {
    case 'ENOENT':
      return { message: 'does not exist', hint: 'create it, or name another file' };
    case 'EACCES':
      return { message: 'may not be read', hint: 'let the user of the gateway read it' };
    case 'EISDIR':
      return { message: 'is a folder', hint: 'name a file in it' };
    case 'ENOTFILE':
    case 'ENXIO':
      return { message: 'is no ordinary file', hint: 'name a file with text in it' };
    default:
      return { message: `cannot be read (${code ?? 'unknown error'})`, hint: 'check the disk and the path' };
  }
}

function decodeUtf8(bytes: Buffer): string | { byte: number; at: { line: number; column: number } } {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // The first byte that a lossy decoding does not give back.
    const again = Buffer.from(bytes.toString('utf8'));
    let offset = 0;
    while (bytes[offset] === again[offset]) offset += 1;
    const before = bytes.toString('utf8', 0, offset).split('\n');
    return {
      byte: bytes[offset] ?? 0,
      at: { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 },
    };
  }
}
