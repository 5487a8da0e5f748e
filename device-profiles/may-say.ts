import type { CompiledProfile } from './compile.ts';
import { expandMap } from './expand-map.ts';
import { compileSetting, type Settings } from './settings.ts';

/**
 * Whether a device with these settings can say something of this type at all, at this input (undefined: of itself).
 * When in doubt it can. Not for the hot path.
 */
export function maySay(
  { definition }: CompiledProfile,
  settings: Settings,
  input: string | undefined,
  type: string,
): boolean {
  const { meanings } = definition;
  const isIt = (name: unknown): boolean =>
    name === type || (typeof name === 'string' && Object.hasOwn(meanings, name) && meanings[name] === type);
  return expandMap(definition).some(({ emit }) => {
    if (emit === undefined) return false;
    const table =
      emit.typeBy === undefined
        ? undefined
        : compileSetting(definition.settings, emit.typeBy.setting)(settings);
    if (typeof table === 'object' && table !== null && Object.values(table).some(isIt)) return true;
    if (typeof emit.type === 'string') return emit.type === type;
    if ('setting' in emit.type) {
      const value = compileSetting(definition.settings, emit.type.setting)(settings);
      return typeof value === 'object' && value !== null ? Object.values(value).some(isIt) : isIt(value);
    }
    return isIt((input === undefined ? undefined : settings.inputs?.[input]?.means) ?? 'none');
  });
}

/** Names of the settings that hold event types or meanings of them. */
export function settingsOfTypes(definition: CompiledProfile['definition']): Set<string> {
  const names = new Set<string>();
  for (const { emit } of expandMap(definition)) {
    if (emit?.typeBy !== undefined) names.add(emit.typeBy.setting);
    if (typeof emit?.type === 'object' && 'setting' in emit.type) names.add(emit.type.setting);
  }
  return names;
}
