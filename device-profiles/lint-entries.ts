import { eventType } from '../contract/event-type.ts';
import { isNumeric } from './compare.ts';
import { type CompiledProfile, isReachable } from './compile.ts';
import type { Complaint } from './complaint.ts';
import type { ConditionDefinition } from './entry-schema.ts';
import { type MapEntry, textsOfInput, type When } from './expand-map.ts';
import { concerns } from './place.ts';
import { captureNames } from './reference.ts';
import { isStateEdge } from './voices.ts';

type Say = (at: (string | number)[], message: string) => void;
type Needs = (at: (string | number)[], name: string, type: string) => void;

/** An entry that can never act, refers to what is not there, or says what it cannot mean. */
export function lintEntry(profile: CompiledProfile, entry: MapEntry): Complaint[] {
  const { definition } = profile;
  const complaints: Complaint[] = [];
  const say: Say = (at, message) => complaints.push({ path: [...entry.at, ...at], message });
  const needsAt =
    (speak: Say): Needs =>
    (at, name, type) => {
      const setting = Object.hasOwn(definition.settings, name) ? definition.settings[name] : undefined;
      if (setting === undefined) speak(at, `there is no setting "${name}"`);
      else if (type !== '' && setting.type !== type && !(type === 'number' && setting.type === 'integer')) {
        speak(at, `setting "${name}" must be of type ${type}`);
      }
    };
  const needs = needsAt(say);
  if (!isReachable(definition, entry)) {
    const forms = definition.match.flatMap(({ name, ignore, skip }) => (ignore || skip ? [] : (name ?? [])));
    say(['on'], `is never reached: no form is named so; write one of ${forms.join(', ')}`);
  }
  if (entry.if !== undefined && 'setting' in entry.if) needs(['if', 'setting'], entry.if.setting, '');
  if (entry.if !== undefined && 'input' in entry.if && entry.each === undefined && entry.input === undefined)
    say(['if', 'input'], 'only an input of "each" or "input" has a meaning');
  lintComparison(entry.when, ['when'], say, needs);
  for (const [i, condition] of (entry.and ?? []).entries()) {
    const at = ['and', i];
    lintComparison(condition, at, say, needs);
    if (comparesNothing(condition)) say(at, 'compares nothing; add "in", "any: true" or "missing: true"');
  }
  lintCaptures(profile, entry, say);
  const sayEmit: Say = (at, message) => complaints.push({ path: [...entry.emitAt, ...at], message });
  lintEmit(profile, entry, say, sayEmit, needsAt(sayEmit));
  return complaints;
}

function lintComparison(
  when: When | ConditionDefinition,
  at: (string | number)[],
  say: Say,
  needs: Needs,
): void {
  if (when.in !== undefined && !Array.isArray(when.in))
    needs([...at, 'in', 'setting'], when.in.setting, 'object');
  for (const limit of ['above', 'below', 'atLeast', 'atMost'] as const) {
    const value = when[limit];
    if (typeof value === 'object') needs([...at, limit, 'setting'], value.setting, 'number');
  }
  const low = numeric(when.above) ?? numeric(when.atLeast);
  const high = numeric(when.below) ?? numeric(when.atMost);
  if (low !== undefined && high !== undefined && low >= high) say(at, 'is never reached: no number is in it');
}

function comparesNothing(condition: ConditionDefinition): boolean {
  const { any, missing, not, word } = condition;
  const listed = condition.in ?? not ?? word ?? any ?? missing;
  return listed === undefined && !isNumeric(condition);
}

function numeric(limit: When['above']): number | undefined {
  return typeof limit === 'number' ? limit : undefined;
}

/** Captures that no topic of the entry's forms has. */
function lintCaptures({ definition, forms }: CompiledProfile, entry: MapEntry, say: Say): void {
  const here = forms.filter((form) => !form.ignore && !form.skip && concerns(entry, form.name));
  const names = new Set(here.flatMap(({ topic }) => topic.names));
  const check = (at: (string | number)[], text: string | undefined) => {
    for (const name of text === undefined ? [] : captureNames(text)) {
      if (names.has(name) || here.length === 0) continue;
      const known = [...names].map((known) => `$${known}`).join(', ');
      say(at, `no topic of its forms has {${name}}; write one of ${known}`);
    }
  };
  check(['when'], entry.when.path);
  check(['when', 'text'], entry.when.text);
  for (const [i, { path, text }] of (entry.and ?? []).entries())
    for (const one of [path, text].flat()) check(['and', i], one);
  for (const text of textsOfInput(entry.input)) check(['input'], text);
  for (const path of [entry.emit?.voice].flat()) check(['emit', 'voice'], path);
  check(['emit', 'typeBy'], entry.emit?.typeBy?.path);
  if (definition.map.length === 0) return;
  for (const [name, from] of Object.entries(entry.emit?.data ?? {})) {
    if (typeof from === 'object' && from !== null)
      check(['emit', 'data', name], 'path' in from ? from.path : from.text);
  }
}

function lintEmit(
  { definition }: CompiledProfile,
  { when, each, input, emit }: MapEntry,
  say: Say,
  sayEmit: Say,
  needs: Needs,
): void {
  if (emit === undefined) return;
  const hasInput = each !== undefined || input !== undefined;
  const compares = when.in !== undefined || when.word !== undefined || isNumeric(when);
  if (!compares && emit.edge !== 'update' && !(when.any === true && emit.edge !== 'clear'))
    say(['when'], `any value would ${emit.edge}; say which ("in")`);
  if (emit.by !== undefined && emit.edge !== 'update') sayEmit(['by'], 'is for edge "update" only');
  if (emit.once !== undefined && emit.edge !== 'pulse') sayEmit(['once'], 'is for edge "pulse" only');
  for (const key of ['voice', 'maxActive', 'session'] as const)
    if (emit[key] !== undefined && !isStateEdge(emit.edge))
      sayEmit([key], 'is for edges "raise" and "clear" only');
  if (emit.typeBy !== undefined) needs(['typeBy', 'setting'], emit.typeBy.setting, 'object');
  if (typeof emit.type === 'string') {
    const momentary =
      eventType(emit.type)?.stateful === false && (emit.edge === 'raise' || emit.edge === 'clear');
    if (momentary) sayEmit(['edge'], `${emit.type} is momentary; write "pulse" or "update"`);
  } else if ('setting' in emit.type) {
    needs(['type', 'setting'], emit.type.setting, '');
  } else {
    if (!hasInput) sayEmit(['type'], 'only an input of "each" or "input" has a meaning');
    if (definition.meanings.none === undefined)
      sayEmit(['type'], '"meanings" needs "none", for inputs of no use yet');
  }
  if (emit.flip === 'polarity' && !hasInput) sayEmit(['flip'], 'only an input has a polarity');
  if (emit.flip !== undefined && emit.flip !== 'polarity') needs(['flip'], emit.flip, 'boolean');
  for (const [i, name] of (emit.readings ?? []).entries()) {
    if (!definition.readings.some((reading) => reading.name === name)) {
      sayEmit(['readings', i], `there is no reading "${name}"`);
    }
  }
}
