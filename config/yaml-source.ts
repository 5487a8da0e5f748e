import type { Alias, CST, Document, Pair, Scalar, YAMLError, YAMLMap } from 'yaml';
import { Composer, isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, type Node, Parser } from 'yaml';
import { detached } from '../contract/detached.ts';
import { type ConfigFault, formatPath, withoutCredentials } from './fault.ts';

/** 8 MiB: a campus of 20,000 devices is about 4 MiB. */
export const YAML_MAX_BYTES = 8 * 1024 * 1024;
/** Deeper than any file of ours; the parser's own recursion ends the process somewhere above 5,000. */
const MAX_DEPTH = 64;
/** Nodes that aliases may add by being written out; anchors used for shared settings need tens. */
const MAX_ALIAS_NODES = 10_000;

/** A file that is no YAML at all has a fault in every line; these are enough to see that. */
const MAX_SYNTAX_FAULTS = 50;

type Path = readonly PropertyKey[];

/**
 * A YAML file as plain data that still knows where every value stands.
 * `value` is always usable: what could not be read is left out and named in `faults`.
 */
export class YamlSource {
  readonly file: string;
  readonly value: unknown;
  /** What is wrong with the text itself; the schema comes later. */
  readonly faults: ConfigFault[] = [];
  /** Line of the first fault after which the structure cannot be trusted. */
  brokenFrom = Number.POSITIVE_INFINITY;
  readonly #text: string;
  readonly #lines = new LineCounter();
  readonly #document: Document.Parsed | undefined;
  readonly #pairs = new WeakMap<Node, Map<string, Pair<Node, Node | null>>>();
  readonly #anchors = new Map<string, Node>();
  readonly #targets = new Map<Alias, Node>();
  #aliasNodes = 0;

  constructor(file: string, text: string) {
    this.file = file;
    this.#text = text;
    this.#document = this.#compose();
    this.brokenFrom = Math.min(...this.faults.map((fault) => fault.line));
    this.value = detached(this.#plain(this.#document?.contents ?? null, [], new Set()));
  }

  /** A fault at a value, or where the value is missing at the nearest thing around it. */
  fault(path: Path, message: string, hint?: string): ConfigFault {
    return this.#faultAt(this.#offset(path, false), path, message, hint);
  }

  /** A fault at a key itself: unknown, given twice. */
  faultAtKey(path: Path, message: string, hint?: string): ConfigFault {
    return this.#faultAt(this.#offset(path, true), path, message, hint);
  }

  /** The value as it is written, without its quotes: `0012` stays `0012`. Undefined for lists and mappings. */
  written(path: Path): string | undefined {
    const node = this.#resolve(this.#find(path)?.value);
    return isScalar(node) ? (node.source ?? String(node.value)) : undefined;
  }

  #compose(): Document.Parsed | undefined {
    const tokens: CST.Token[] = [];
    this.#lines.addNewLine(0);
    const parser = new Parser(this.#lines.addNewLine);
    for (const lexeme of new Lexer().lex(this.#text)) {
      for (const token of parser.next(lexeme)) tokens.push(token);
      if (parser.stack.length > 2 * MAX_DEPTH) {
        const message = `is nested deeper than ${MAX_DEPTH} levels`;
        this.faults.push(this.#faultAt(parser.offset, [], message, 'flatten it'));
        return undefined;
      }
    }
    for (const token of parser.end()) tokens.push(token);
    // Duplicate keys are found in #map in linear time; the library compares every pair.
    const composer = new Composer({ lineCounter: this.#lines, prettyErrors: false, uniqueKeys: false });
    const [document, second] = composer.compose(tokens, true, this.#text.length);
    const errors = [...(document?.errors ?? []), ...(document?.warnings ?? [])];
    const seen = new Set<number>();
    const lines = errors.length === 0 ? [] : this.#text.split(/\r\n|\n|\r/);
    for (const error of errors) {
      const { line, col } = this.#lines.linePos(error.pos[0]);
      // One mistake makes several errors on its line; the first is the one to repair.
      if (seen.has(line) || seen.size >= MAX_SYNTAX_FAULTS) continue;
      seen.add(line);
      const { message, hint } = explainSyntax(error, lines[line - 1] ?? '');
      this.faults.push({ file: this.file, line, column: col, path: '', message, hint });
    }
    if (second !== undefined) {
      const message = 'a second document starts here';
      this.faults.push(this.#faultAt(second.range[0], [], message, 'keep one document in a file'));
    }
    return document;
  }

  #plain(node: Node | null, path: Path, inside: Set<Node>): unknown {
    if (isAlias(node)) return this.#alias(node, path, inside);
    if (node?.anchor !== undefined && inside.size === 0) this.#anchors.set(node.anchor, node);
    if (isScalar(node)) return node.value;
    if (!isMap(node) && !isSeq(node)) return null;
    if (path.length > MAX_DEPTH) {
      this.faults.push(
        this.#faultAt(offsetOf(node), path, `is nested deeper than ${MAX_DEPTH} levels`, 'flatten it'),
      );
      return null;
    }
    if (isMap(node)) return this.#map(node as YAMLMap<Node, Node | null>, path, inside);
    return (node.items as Node[]).map((item, index) => this.#counted(item, [...path, index], inside));
  }

  #map(map: YAMLMap<Node, Node | null>, path: Path, inside: Set<Node>): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    const pairs = new Map<string, Pair<Node, Node | null>>();
    this.#pairs.set(map, pairs);
    for (const pair of map.items) {
      const key = keyOf(pair);
      const offset = offsetOf(pair.key);
      if (key === undefined) {
        this.faults.push(this.#faultAt(offset, path, 'a key must be plain text', 'write "key: value"'));
      } else if (key === '__proto__') {
        this.faults.push(this.#faultAt(offset, [...path, key], 'is not allowed as a key', 'remove it'));
      } else if (pairs.has(key)) {
        const { line } = this.#lines.linePos(offsetOf(pairs.get(key)?.key));
        const message = `is given twice (first in line ${line})`;
        this.faults.push(this.#faultAt(offset, [...path, key], message, 'keep one of the two'));
      } else {
        pairs.set(key, pair);
        value[key] = this.#counted(pair.value, [...path, key], inside);
      }
    }
    return value;
  }

  #counted(node: Node | null, path: Path, inside: Set<Node>): unknown {
    if (inside.size > 0) this.#aliasNodes += 1;
    return this.#aliasNodes > MAX_ALIAS_NODES ? null : this.#plain(node, path, inside);
  }

  #alias(alias: Alias, path: Path, inside: Set<Node>): unknown {
    const fault = (message: string, hint: string) => {
      this.faults.push(this.#faultAt(offsetOf(alias), path, message, hint));
      return null;
    };
    // An anchor given again counts from there on, so an alias means the last one above it.
    const target = this.#targets.get(alias) ?? this.#anchors.get(alias.source);
    const anchor = `anchor "&${alias.source}"`;
    if (target === undefined)
      return fault(`${anchor} is not defined above`, 'define it first, or quote the value');
    if (contains(target, alias)) return fault(`${anchor} contains itself`, 'remove the alias');
    this.#targets.set(alias, target);
    const value = this.#counted(target, path, new Set(inside).add(target));
    if (this.#aliasNodes <= MAX_ALIAS_NODES) return value;
    if (this.faults.some((known) => known.message.includes('aliases'))) return null;
    this.brokenFrom = Math.min(this.brokenFrom, this.#lines.linePos(offsetOf(alias)).line);
    return fault(
      `aliases write out more than ${MAX_ALIAS_NODES} values`,
      'write the values instead of the aliases',
    );
  }

  #resolve(node: Node | null | undefined): Node | undefined {
    return isAlias(node) ? this.#targets.get(node) : (node ?? undefined);
  }

  /** The pair or item at a path, as deep as it exists. */
  #find(path: Path): { key: Node | undefined; value: Node | null; depth: number } | undefined {
    let found: { key: Node | undefined; value: Node | null; depth: number } | undefined;
    let node: Node | null | undefined = this.#document?.contents;
    if (node == null) return undefined;
    found = { key: undefined, value: node, depth: 0 };
    for (const [index, step] of path.entries()) {
      node = this.#resolve(node);
      if (isMap(node)) {
        const pair = this.#pairs.get(node)?.get(String(step));
        if (pair !== undefined) found = { key: pair.key, value: pair.value, depth: index + 1 };
        // A list may be written as its only element.
        else if (step === 0) found = { ...found, depth: index + 1 };
        else break;
      } else if (isSeq(node) && typeof step === 'number') {
        const item = (node.items as Node[])[step];
        if (item === undefined) break;
        found = { key: undefined, value: item, depth: index + 1 };
      } else break;
      node = found.value;
    }
    return found;
  }

  #offset(path: Path, atKey: boolean): number {
    const found = this.#find(path);
    if (found === undefined) return 0;
    const { key, value, depth } = found;
    // A value that is not there is reported at the key of the mapping that lacks it.
    const missing = depth < path.length || !hasText(value);
    return key !== undefined && (atKey || missing) ? offsetOf(key) : offsetOf(value ?? key);
  }

  #faultAt(offset: number, path: Path, message: string, hint?: string): ConfigFault {
    const { line, col } = this.#lines.linePos(offset);
    const fault = {
      file: this.file,
      line: Math.max(1, line),
      column: Math.max(1, col),
      path: withoutCredentials(formatPath(path)),
      message: withoutCredentials(message),
    };
    return hint === undefined ? fault : { ...fault, hint: withoutCredentials(hint) };
  }
}

function keyOf(pair: Pair<Node, Node | null>): string | undefined {
  if (!isScalar(pair.key)) return undefined;
  // As written: the number 01 and the word true are names here.
  const key = pair.key as Scalar;
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value));
}

function offsetOf(node: Node | null | undefined): number {
  return node?.range?.[0] ?? 0;
}

function hasText(node: Node | null): boolean {
  return node?.range != null && node.range[1] > node.range[0];
}

function contains(outer: Node, inner: Node): boolean {
  const a = outer.range;
  const b = inner.range;
  return a != null && b != null && a[0] <= b[0] && b[1] <= a[1];
}

function explainSyntax(error: YAMLError, line: string): { message: string; hint: string } {
  if (line.includes('：'))
    return { message: 'has a full-width colon "："', hint: 'write ": ", a plain colon and a space' };
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return { message: 'is indented with a tab', hint: 'indent with spaces' };
    case 'BAD_INDENT':
      if (error.message.startsWith('Flow')) {
        return { message: 'a "[" or "{" above is not closed', hint: 'close it, or indent this line further' };
      }
      return {
        message: 'is not indented like the lines it belongs to',
        hint: 'align it with its neighbours',
      };
    case 'BLOCK_AS_IMPLICIT_KEY':
      return {
        message: 'has a second ": " in one value',
        hint: 'quote the value, or check the indentation of this line and the next',
      };
    case 'MULTILINE_IMPLICIT_KEY':
      return { message: 'has no ": "', hint: 'write "key: value" with a space after the colon' };
    case 'BAD_SCALAR_START':
      return { message: 'a value cannot start with this character', hint: 'put the value in quotes' };
    case 'MISSING_CHAR':
      return { message: `something above is not closed (${error.message.toLowerCase()})`, hint: 'close it' };
    case 'TAG_RESOLVE_FAILED':
      return { message: 'tags ("!...") have no meaning here', hint: 'remove the tag, or quote the value' };
    default:
      return {
        message: error.message.charAt(0).toLowerCase() + error.message.slice(1),
        hint: 'check the indentation and the line above',
      };
  }
}
