import { compilePath, pathFault } from './own-path.ts';
import type { Captures } from './topic-pattern.ts';

/** The message that a reference reads in: its top and what its topic said. */
export interface Scope {
  /** The whole decoded payload, whatever part of it is being read. */
  readonly root: unknown;
  readonly captures: Captures;
}

/** Reads one value of a message; `body` is the part that is being read. Undefined when it is not there. */
export type Reader = (body: unknown, scope: Scope) => unknown;

const CAPTURE = /^\$([a-z][a-z0-9_]*)$/;
/** Prefix of a path from the top of the message. */
const TOP = '$.';
const PART = /\{([^{}]*)\}/g;
/** Parts of one template. */
const MAX_PARTS = 8;
/** Longest text that a template makes; codes and names are far shorter. */
const MAX_TEXT = 400;

/** What is wrong with a reference, as a sentence; undefined if nothing. */
export function referenceFault(text: string): string | undefined {
  if (text.startsWith(TOP)) return pathFault(text.slice(TOP.length));
  if (!text.startsWith('$') || CAPTURE.test(text)) return pathFault(text);
  return `"${text}" is no capture; write "$name" for {name} of the topic, or "$.key" from the top of the message`;
}

/** What is wrong with a template such as `{major}-{$n}`, as a sentence; undefined if nothing. */
export function templateFault(text: string): string | undefined {
  const parts = partsOf(text);
  if (parts.length === 0) return `"${text}" has no part; write paths in braces, such as "{major}-{minor}"`;
  if (parts.length > MAX_PARTS) return `has ${parts.length} parts; write at most ${MAX_PARTS}`;
  if (/[{}]/.test(text.replace(PART, ''))) return `"${text}" has a lone brace; write "{path}"`;
  return parts.map(referenceFault).find((fault) => fault !== undefined);
}

/** Is it a template rather than a path? */
export function isTemplate(text: string): boolean {
  return /[{}]/.test(text);
}

/** Paths, captures and parts that a path or template reads: `$n`, `$.a`, `a.b`. */
function partsOf(text: string): string[] {
  return [...text.matchAll(PART)].map(([, part = '']) => part);
}

/** The paths of the payload that a path or template reads, without captures and without `$.`. */
export function payloadPaths(text: string | undefined): string[] {
  if (text === undefined) return [];
  const parts = isTemplate(text) ? partsOf(text) : [text];
  return parts.filter((part) => !CAPTURE.test(part)).map((part) => part.replace(TOP, ''));
}

/** Those of the paths that are from the top of the message. */
export function topPaths(text: string | undefined): string[] {
  if (text === undefined) return [];
  const parts = isTemplate(text) ? partsOf(text) : [text];
  return parts.filter((part) => part.startsWith(TOP)).map((part) => part.slice(TOP.length));
}

/** Names of the topic's captures that a path or template reads. */
export function captureNames(text: string): string[] {
  const parts = isTemplate(text) ? partsOf(text) : [text];
  return parts.flatMap((part) => CAPTURE.exec(part)?.[1] ?? []);
}

/** Compiles a path: of the body, `$name` of the topic, `$.path` of the whole message; undefined: the body itself. */
export function compileReference(text: string | undefined): Reader {
  const capture = text === undefined ? undefined : CAPTURE.exec(text)?.[1];
  if (capture !== undefined)
    return (_body, { captures }) => (Object.hasOwn(captures, capture) ? captures[capture] : undefined);
  if (text?.startsWith(TOP)) {
    const read = compilePath(text.slice(TOP.length));
    return (_body, { root }) => read(root);
  }
  return compilePath(text);
}

/** Reads the first of several paths or templates that is there. */
export function compileFirst(texts: readonly string[]): Reader {
  const readers = texts.map(compileText);
  if (readers.length === 1 && readers[0] !== undefined) return readers[0];
  return (body, scope) => {
    for (const read of readers) {
      const value = read(body, scope);
      if (value !== undefined && value !== null) return value;
    }
    return undefined;
  };
}

/** Compiles a path or a template. A template is absent when one of its parts is, or is no single value. */
export function compileText(text: string): Reader {
  if (!isTemplate(text)) return compileReference(text);
  const literals = text.split(PART).filter((_, i) => i % 2 === 0);
  const readers = partsOf(text).map(compileReference);
  return (body, scope) => {
    let made = literals[0] ?? '';
    for (const [i, read] of readers.entries()) {
      const part = read(body, scope);
      if (part === undefined || part === null || typeof part === 'object') return undefined;
      made += String(part).slice(0, MAX_TEXT) + (literals[i + 1] ?? '');
    }
    return made.slice(0, MAX_TEXT);
  };
}
