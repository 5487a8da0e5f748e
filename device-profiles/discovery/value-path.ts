import { pathFault } from '../own-path.ts';

/** Where a value is: the whole payload as text, or a path in JSON. */
export type ValuePath = { whole: true } | { path: string };

/** Longest template that is looked at. */
const MAX_TEMPLATE = 300;
/** Characters of a template that are shown. */
const SHOWN = 100;

const OUTER =
  /^\{\{-?\s*(value|value_json)\s*((?:\.[A-Za-z_]\w*|\[\s*(?:'[^'\]]{1,80}'|"[^"\]]{1,80}"|\d{1,4})\s*\])*)\s*(?:\|\s*is_defined\s*)?-?\}\}$/;
const STEP = /\.([A-Za-z_]\w*)|\[\s*(?:'([^']*)'|"([^"]*)"|(\d+))\s*\]/g;

/**
 * Reads a template that only names a value: `{{ value }}`, `{{ value_json.a.b }}`, `{{ value_json['a'][0] }}`. No
 * template is the whole payload. Anything else (filters, conditions) is a fault that quotes the template.
 */
export function readTemplate(template: unknown, name: string): ValuePath | { fault: string } {
  if (template === undefined || template === null || template === '') return { whole: true };
  if (typeof template !== 'string') return { fault: `"${name}" is no text; remove it` };
  const text = template.trim();
  const found = text.length > MAX_TEMPLATE ? null : OUTER.exec(text);
  if (found === null) return { fault: notSimple(name, text) };
  const [, root, steps = ''] = found;
  if (root === 'value') return steps === '' ? { whole: true } : { fault: notSimple(name, text) };
  const keys = [...steps.matchAll(STEP)].map(([, a, b, c, d]) => a ?? b ?? c ?? d ?? '');
  const path = keys.join('.');
  // a key with a dot in it would be taken for two
  if (keys.length === 0 || keys.some((key) => key.includes('.')) || pathFault(path) !== undefined) {
    return { fault: notSimple(name, text) };
  }
  return path.length > 200 ? { fault: notSimple(name, text) } : { path };
}

function notSimple(name: string, text: string): string {
  const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  return `${name} ${JSON.stringify(shown)} is more than the name of a value; write a site profile for its topic by hand (docs/adding-a-device.md), or let the device publish the value itself`;
}
