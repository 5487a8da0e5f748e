import type { CompiledProfile } from './compile.ts';
import type { Complaint } from './complaint.ts';
import { textsOfInput } from './expand-map.ts';
import { isMasked, readsMasked } from './mask.ts';

/** What is masked must not be used. */
export function lintMasks({ definition, entries }: CompiledProfile): Complaint[] {
  const { mask, readings, dedup } = definition;
  const used: [(string | number)[], string | undefined][] = [
    ...readings.map(({ path }, i): [(string | number)[], string] => [['readings', i, 'path'], path]),
    ...(dedup?.by ?? []).flatMap((by, i): [(string | number)[], string][] =>
      by.startsWith('path:') ? [[['dedup', 'by', i], by.slice(5)]] : [],
    ),
    ...entries.flatMap(
      ({ at, emitAt, each, input, when, emit }): [(string | number)[], string | undefined][] => [
        ...textsOfInput(input).map((text): [(string | number)[], string] => [[...at, 'input'], text]),
        ...[emit?.voice]
          .flat()
          .map((path): [(string | number)[], string | undefined] => [[...emitAt, 'voice'], path]),
        ...(typeof each === 'object' ? [each.input].flat() : []).map(
          (text): [(string | number)[], string | undefined] => [[...at, 'each', 'input'], text],
        ),
        // its last value is kept
        [[...at, 'when'], emit?.edge === 'update' ? (when.text ?? when.path) : undefined],
        [[...emitAt, 'once'], emit?.once],
        [[...emitAt, 'session'], emit?.session],
        ...Object.entries(emit?.data ?? {}).flatMap(([name, from]): [(string | number)[], string][] =>
          typeof from === 'object' && from !== null
            ? [[[...emitAt, 'data', name], 'path' in from ? from.path : from.text]]
            : [],
        ),
      ],
    ),
  ];
  return used.flatMap(([path, text]) => {
    if (text === undefined || !readsMasked(mask, text)) return [];
    const read = isMasked(mask, text) ? text : text.replace(/\s+/g, ' ');
    return [{ path, message: `"${read}" is masked: it must not reach an event` }];
  });
}
