import { type Document, isMap, isScalar, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import type { ProfileFault } from './profile-fault.ts';

type Path = readonly PropertyKey[];

/** A YAML text that knows where its keys are. */
export interface YamlSource {
  /** Plain data; undefined when the text could not be read. */
  readonly value: unknown;
  /** Faults of the text itself: syntax, the same key twice, runaway aliases. */
  readonly faults: ProfileFault[];
  /** A fault at a key. Where the key is missing, its nearest parent is shown. */
  fault(path: Path, message: string): ProfileFault;
}

/** Reads one YAML 1.2 document. Never throws. */
export function readYaml(text: string, file: string): YamlSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number, key: string, message: string): ProfileFault => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col, key, message };
  };
  const faults = document.errors.map((error) => at(error.pos[0], '', `not YAML: ${error.message}`));
  let value: unknown;
  if (faults.length === 0) {
    try {
      value = document.toJS({ maxAliasCount: 1_000 });
    } catch (error) {
      faults.push(at(0, '', `not YAML: ${error instanceof Error ? error.message : String(error)}`));
    }
  }
  return {
    value,
    faults,
    fault: (path, message) => at(offsetOf(document, path), formatKey(path), message),
  };
}

/** Keys and list positions as a person writes them: `map[2].emit.type`. */
function formatKey(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? String(step) : `${text}.${String(step)}`;
  }, '');
}

/** Of the key itself; of its nearest parent where it is missing. */
function offsetOf(document: Document, path: Path): number {
  let node: unknown = document.contents;
  let offset = (document.contents as Node | null)?.range?.[0] ?? 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair: Pair | undefined = node.items.find(
        ({ key }) => isScalar(key) && String(key.value) === String(step),
      );
      if (pair === undefined) continue;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else {
      const items = (node as { items?: unknown[] } | null)?.items;
      const item = items?.[Number(step)];
      if (item === undefined) continue;
      offset = (item as Node).range?.[0] ?? offset;
      node = item;
    }
  }
  return offset;
}
