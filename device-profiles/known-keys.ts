import { keyCapture, listOf } from './compile-each.ts';
import { type MapEntry, textsOfInput } from './expand-map.ts';
import type { FormDefinition } from './form-schema.ts';
import { type Condition, KeyTree, type Step } from './key-tree.ts';
import type { ProfileDefinition } from './profile-schema.ts';
import { payloadPaths, topPaths } from './reference.ts';
import { compileSetting, type Settings } from './settings.ts';

type Body = Readonly<Record<string, unknown>>;

/** The keys of a form's messages that its profile names. */
export interface KnownKeys {
  /** First keys of all paths, and `known`. */
  readonly names: ReadonlySet<string>;
  /** Keys of a body, at any depth that its profile goes to, that nothing names: a message of them is worth a report. */
  strange(body: Body, settings: Settings): string[];
  /** As `strange`, and what only stands beside a value (in `and`, in a template, the name of an input): alone it is no news. */
  unread(body: Body, settings: Settings): string[];
}

/** Collects what the entries of one form and the rest of its profile name. */
export function knownKeys(
  profile: ProfileDefinition,
  form: FormDefinition,
  here: readonly MapEntry[],
): KnownKeys {
  const tree = new KeyTree();
  for (const entry of here) addEntry(tree, entry, conditionOf(profile, entry));
  for (const path of quietPaths(profile, form)) tree.add(path.split('.'), 'quiet');
  for (const path of wholePaths(profile, form)) tree.add(path.split('.'), 'whole');
  tree.settle();
  const as = form.pivot?.as;
  // of a body that is itself the object of codes, its keys are the codes
  const codesOf = (body: Body) => (as === undefined || form.pivot?.in !== undefined ? undefined : body[as]);
  return {
    names: tree.names(),
    strange: (body, settings) => tree.strange(body, settings, codesOf(body), false),
    unread: (body, settings) => tree.strange(body, settings, codesOf(body), true),
  };
}

/** A setting decides whether it is read. */
function conditionOf(profile: ProfileDefinition, { if: asked }: MapEntry): Condition | undefined {
  if (asked === undefined || 'input' in asked) return undefined;
  const read = compileSetting(profile.settings, asked.setting);
  const values = new Set<unknown>(asked.in);
  return (settings) => values.has(read(settings));
}

function addEntry(
  tree: KeyTree,
  { each, when, and, input, emit }: MapEntry,
  condition: Condition | undefined,
): void {
  const beside = [
    when.text,
    ...(and ?? []).flatMap(({ path, text }) => [path, text].flat()),
    ...textsOfInput(input),
    ...(typeof each === 'object' ? [each.input].flat() : []),
  ];
  const within = each === undefined ? [] : elementOf(each);
  const value = payloadPaths(when.path).at(0);
  if (value !== undefined && topPaths(when.path).length > 0) tree.add(value.split('.'), 'value');
  else if (when.text === undefined && (value !== undefined || when.path === undefined))
    tree.add([...within, ...(value?.split('.') ?? [])], 'value', condition);
  for (const text of beside) {
    const top = new Set(topPaths(text));
    for (const path of payloadPaths(text))
      tree.add([...(top.has(path) ? [] : within), ...path.split('.')], 'beside', condition);
  }
  // an element is read, if not its values: what a table knows is told by its code
  const ofBody = [
    ...[emit?.voice].flat(),
    emit?.session,
    emit?.once,
    emit?.typeBy?.path,
    ...Object.values(emit?.data ?? {}).map((from) =>
      typeof from === 'object' && from !== null ? ('path' in from ? from.path : from.text) : undefined,
    ),
  ];
  for (const path of ofBody.flatMap(payloadPaths)) tree.add(path.split('.'), 'beside');
}

/** The steps to an element; undefined stands for any key. */
function elementOf(each: NonNullable<MapEntry['each']>): Step[] {
  const list = listOf(each);
  const key =
    typeof each === 'object' && each.key !== undefined ? keyCapture(each.key, each.names) : undefined;
  return [...(list === '' ? [] : list.split('.')), key];
}

/** What says nothing by itself. */
function quietPaths(profile: ProfileDefinition, form: FormDefinition): string[] {
  return [
    ...profile.readings.flatMap(({ path, unitPath }) => [path, unitPath]),
    ...profile.test.flatMap(({ each, path }) => (each === undefined ? path : [])),
    ...(form.has ?? []),
    ...Object.keys(form.is ?? {}),
    ...[form.unfold ?? []].flat().flatMap((level) => level.with ?? []),
    ...[profile.time?.path].flat(),
    profile.late?.path,
    ...(profile.dedup?.by ?? []).map((by) => (by.startsWith('path:') ? by.slice(5) : undefined)),
  ].flatMap(payloadPaths);
}

/** What is known with all that is in it: it carries no news, or is read in another way. */
function wholePaths({ known, mask, test }: ProfileDefinition, form: FormDefinition): string[] {
  const { decode } = form;
  const bytes = typeof decode === 'object' ? ['hex', 'base64'].flatMap((way) => openedAt(decode, way)) : [];
  return [
    ...known,
    ...mask,
    ...bytes,
    ...(decode === 'sparkplug-b' ? ['sparkplug'] : []),
    ...[form.unfold ?? []].flat().map((level) => level.in),
    ...(form.pivot?.in === undefined ? [] : [form.pivot.in]),
    ...test.flatMap(({ each, path }) => (each === undefined ? [] : `${each}.{any}.${path}`)),
  ];
}

function openedAt(decode: object, way: string): string[] {
  return Object.entries(decode).flatMap(([name, path]) => (name === way ? String(path) : []));
}
