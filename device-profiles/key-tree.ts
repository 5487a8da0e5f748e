import { type KeyCapture, keyCapture } from './compile-each.ts';
import type { Settings } from './settings.ts';

/**
 * What a key is to its profile. `value`: an entry reads it; `beside`: it is read beside a value; `quiet`: it says nothing by
 * itself; `whole`: it and all that is in it is known.
 */
type KeyUse = 'value' | 'beside' | 'quiet' | 'whole';

/** A key, a pattern of keys, or any key (undefined). */
export type Step = string | KeyCapture | undefined;

/** Holds under some settings only. */
export type Condition = (settings: Settings) => boolean;

interface Node {
  /** As it is told, where it stands for more than one key. */
  readonly pattern: string | undefined;
  whole: boolean;
  /** Its own value is read. */
  read: boolean;
  /** Its value alone is no news that was missed. */
  settled: boolean;
  /** Of a pattern, or of any key: under which settings it is read at all; empty: always. */
  conditions: Condition[] | undefined;
  readonly keys: Map<string, Node>;
  readonly patterns: Map<string, { readonly capture: KeyCapture; readonly node: Node }>;
  any: Node | undefined;
}

/** Keys of one message that are named; it may make up ever new ones. */
const MAX_STRANGE = 64;

/** The keys that a profile names in a form's messages, at every depth that it goes to. */
export class KeyTree {
  readonly #root = makeNode();

  /** Steps that are written as `input:{n}` are patterns of keys, too; `{name}` is any key. */
  add(steps: readonly Step[], use: KeyUse, condition?: Condition): void {
    let node = this.#root;
    for (const step of steps) {
      const before = sizeOf(node);
      const child = childOf(node, step);
      const isNew = sizeOf(node) > before;
      node = child;
      if (typeof step === 'string' && !step.includes('{')) continue;
      if (condition === undefined) child.conditions = undefined;
      else if (isNew) child.conditions = [condition];
      else child.conditions?.push(condition);
    }
    node.whole ||= use === 'whole';
    node.read = true;
    node.settled ||= use !== 'beside';
  }

  /** After the last: what a pattern says of a key holds for the key by its name as well. */
  settle(): void {
    settle(this.#root);
  }

  /** First keys by their names. */
  names(): Set<string> {
    return new Set(this.#root.keys.keys());
  }

  /**
   * Keys of a body that are not in the tree, by their patterns, each once. `codes`: an object whose keys are left out.
   * `strict`: also what is only read beside values.
   */
  strange(body: object, settings: Settings, codes: unknown, strict: boolean): string[] {
    const skip = typeof codes === 'object' && codes !== null ? codes : undefined;
    const look: Look = { settings, strict, found: undefined };
    walk(this.#root, body as Record<string, unknown>, '', look, skip);
    return look.found === undefined ? none : [...look.found];
  }
}

const none: string[] = [];

interface Look {
  readonly settings: Settings;
  readonly strict: boolean;
  /** Made for the first: nearly every message has none. */
  found: Set<string> | undefined;
}

function walk(
  node: Node,
  value: Readonly<Record<string, unknown>>,
  at: string,
  look: Look,
  skip?: object,
): void {
  for (const key of Object.keys(value)) {
    if (skip !== undefined && Object.hasOwn(skip, key)) continue;
    const child = node.keys.get(key) ?? likeOf(node, key, look.settings);
    if (child === undefined) {
      say(look, at + key);
      continue;
    }
    if (child.whole) continue;
    const inner = value[key];
    if (inner === null || inner === undefined) continue;
    if (typeof inner !== 'object') {
      if (!child.read || (look.strict && !child.settled)) say(look, at + (child.pattern ?? key));
    } else if (isOpen(child)) {
      const name = at + (child.pattern ?? key);
      // an empty list is none of the keys that should be there
      if (Array.isArray(inner) && inner.length === 0 && !child.read && child.any === undefined)
        say(look, name);
      walk(child, inner as Record<string, unknown>, `${name}.`, look);
    } else if (look.strict && !child.settled && Object.keys(inner).length > 0)
      say(look, at + (child.pattern ?? key));
  }
}

function say(look: Look, name: string): void {
  look.found ??= new Set();
  if (look.found.size < MAX_STRANGE) look.found.add(name);
}

/** What a pattern says of a key. */
function likeOf({ patterns, any }: Node, key: string, settings: Settings): Node | undefined {
  if (patterns.size > 0) {
    for (const { capture, node } of patterns.values())
      if (capture(key) !== undefined && holds(node, settings)) return node;
  }
  return any !== undefined && holds(any, settings) ? any : undefined;
}

function holds({ conditions }: Node, settings: Settings): boolean {
  return conditions === undefined || conditions.some((holds) => holds(settings));
}

function makeNode(pattern?: string): Node {
  return {
    pattern,
    whole: false,
    read: false,
    settled: false,
    conditions: undefined,
    keys: new Map(),
    patterns: new Map(),
    any: undefined,
  };
}

/** Something within it is named. */
function isOpen({ keys, patterns, any }: Node): boolean {
  return keys.size > 0 || patterns.size > 0 || any !== undefined;
}

function childOf(node: Node, step: Step): Node {
  const pattern = typeof step === 'function' ? step.pattern : step;
  if (pattern === undefined || /^\{[^{}]*\}$/.test(pattern)) {
    node.any ??= makeNode('*');
    return node.any;
  }
  if (typeof step === 'string' && !step.includes('{')) {
    const known = node.keys.get(step) ?? makeNode();
    node.keys.set(step, known);
    return known;
  }
  const capture = typeof step === 'function' ? step : keyCapture(pattern);
  const known = node.patterns.get(capture.id) ?? { capture, node: makeNode(capture.pattern) };
  node.patterns.set(capture.id, known);
  return known.node;
}

function sizeOf({ keys, patterns, any }: Node): number {
  return keys.size + patterns.size + (any === undefined ? 0 : 1);
}

function settle(node: Node): void {
  const { keys, patterns, any } = node;
  for (const [key, child] of keys) {
    for (const { capture, node: like } of patterns.values())
      if (capture(key) !== undefined) merge(child, like);
    // a place in a list whose elements are read one by one
    if (any !== undefined && /^\d+$/.test(key)) {
      merge(any, child);
      keys.delete(key);
    }
  }
  // `known` names no endpoints
  for (const { capture, node: like } of patterns.values()) {
    const wider = patterns.get(`${capture.pattern}\0`);
    if (wider !== undefined && wider.node !== like) merge(like, wider.node);
  }
  for (const child of keys.values()) settle(child);
  for (const { node: child } of patterns.values()) settle(child);
  if (any !== undefined) settle(any);
}

function merge(into: Node, from: Node): void {
  into.whole ||= from.whole;
  into.read ||= from.read;
  into.settled ||= from.settled;
  for (const [key, child] of from.keys) merge(childOf(into, key), child);
  for (const { capture, node } of from.patterns.values()) merge(childOf(into, capture), node);
  if (from.any !== undefined) merge(childOf(into, undefined), from.any);
}
