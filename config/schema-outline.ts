import { z } from 'zod';

/** The parts of a JSON Schema that tell a person what to write. */
export interface Outline {
  type?: string;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  examples?: unknown[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  properties?: Record<string, Outline>;
  additionalProperties?: boolean | Outline;
  items?: Outline;
  anyOf?: Outline[];
  oneOf?: Outline[];
  allOf?: Outline[];
  $ref?: string;
  $defs?: Record<string, Outline>;
}

/** What a zod schema asks of the person who writes the file; made only when there is a fault to explain. */
export function outlineOf(schema: z.ZodType): Outline {
  try {
    return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Outline;
  } catch {
    // A schema that has no JSON form still validates; its faults have plainer words.
    return {};
  }
}

/** The outline at a path; where a value may have several forms, all that lead there. */
export function outlinesAt(root: Outline, path: readonly PropertyKey[]): Outline[] {
  let here = forms(root, root);
  for (const step of path) {
    here = here.flatMap((outline) => forms(child(outline, step), root));
  }
  return here;
}

function child(outline: Outline, step: PropertyKey): Outline | undefined {
  if (typeof step === 'number') return outline.items;
  const named = outline.properties?.[String(step)];
  const other = outline.additionalProperties;
  return named ?? (typeof other === 'object' ? other : undefined);
}

function forms(outline: Outline | undefined, root: Outline): Outline[] {
  if (outline === undefined) return [];
  if (outline.$ref !== undefined) {
    const { $ref, ...own } = outline;
    const target = $ref === '#' ? root : root.$defs?.[$ref.replace('#/$defs/', '')];
    return target === undefined ? [] : forms({ ...target, ...own }, root);
  }
  const types: unknown = outline.type;
  if (Array.isArray(types)) return types.map((type: string) => ({ ...outline, type }));
  const several = outline.anyOf ?? outline.oneOf ?? outline.allOf;
  if (several === undefined) return [outline];
  // What stands beside the alternatives (default, examples) holds for each.
  const { anyOf, oneOf, allOf, ...shared } = outline;
  return several.flatMap((form) => forms({ ...form, ...shared }, root));
}
