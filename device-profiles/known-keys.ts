import { keyCapture, listOf } from './compile-each.ts';
import { type MapEntry, textsOfInput } from './expand-map.ts';
import type { FormDefinition } from './form-schema.ts';
import type { ProfileDefinition } from './profile-schema.ts';
import { payloadPaths } from './reference.ts';

/** The keys of a form's messages that its profile names. */
export interface KnownKeys {
  /** First keys of all paths, and `known`. */
  readonly names: ReadonlySet<string>;
  /** Keys of a body, and codes of its pivot, that nothing names: a message of them is worth a report. */
  strange(body: Readonly<Record<string, unknown>>): string[];
}

/** Collects what the entries of one form and the rest of its profile name. */
export function knownKeys(
  profile: ProfileDefinition,
  form: FormDefinition,
  here: readonly MapEntry[],
): KnownKeys {
  const paths = [...textsOf(profile, form, here).flatMap(payloadPaths), ...profile.known];
  const names = new Set(paths.map((path) => firstKey(path)));
  const patterns = here.flatMap(({ each }) => patternOf(each, undefined));
  const knows = (key: string) => names.has(key) || patterns.some((capture) => capture(key) !== undefined);
  const as = form.pivot?.as;
  if (as === undefined) return { names, strange: (body) => Object.keys(body).filter((key) => !knows(key)) };
  const codes = new Set(
    paths.flatMap((path) => (path.startsWith(`${as}.`) ? firstKey(path.slice(as.length + 1)) : [])),
  );
  const codePatterns = here.flatMap(({ each }) => patternOf(each, as));
  const all =
    profile.known.includes(as) ||
    here.some(({ each }) => each !== undefined && listOf(each) === as && patternOf(each, as).length === 0);
  const knowsCode = (code: string) =>
    all || codes.has(code) || codePatterns.some((capture) => capture(code) !== undefined);
  return {
    names,
    strange(body) {
      const pivoted = body[as];
      const isObject = typeof pivoted === 'object' && pivoted !== null;
      // of a body that is itself the object of codes, its keys are the codes
      const own = form.pivot?.in === undefined && isObject ? new Set(Object.keys(pivoted)) : undefined;
      const strange = Object.keys(body).filter((key) => key !== as && !knows(key) && own?.has(key) !== true);
      if (!isObject) return strange;
      return [...strange, ...Object.keys(pivoted).filter((code) => !knowsCode(code))];
    },
  };
}

function patternOf(each: MapEntry['each'], list: string | undefined) {
  return typeof each === 'object' && each.in === list && each.key !== undefined ? [keyCapture(each.key)] : [];
}

function firstKey(path: string): string {
  return path.split('.')[0] ?? '';
}

function textsOf(
  profile: ProfileDefinition,
  form: FormDefinition,
  here: readonly MapEntry[],
): (string | undefined)[] {
  return [
    ...here.flatMap(({ each, when, and, input, emit }) => [
      ...(each === undefined
        ? [when.path, when.text, ...(and ?? []).flatMap(({ path, text }) => [path, text].flat())]
        : [listOf(each) || undefined]),
      ...textsOfInput(input),
      ...[emit?.voice].flat(),
      emit?.session,
    ]),
    ...profile.readings.flatMap(({ path, unitPath }) => [path, unitPath]),
    ...profile.test.map(({ each, path }) => each ?? path),
    ...(form.has ?? []),
    ...Object.keys(form.is ?? {}),
    ...[form.unfold ?? []].flat().flatMap((level) => [level.in, ...(level.with ?? [])]),
    form.pivot?.in,
    ...[profile.time?.path].flat(),
    profile.late?.path,
    ...(profile.dedup?.by ?? []).map((by) => (by.startsWith('path:') ? by.slice(5) : undefined)),
    ...profile.mask,
  ];
}
