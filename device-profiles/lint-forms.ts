import { type CompiledForm, type CompiledProfile, isNamedByTopic } from './compile.ts';
import type { Complaint } from './complaint.ts';

/** Forms of one name, without what `device` needs, or behind a more general one. */
export function lintForms({ definition, forms }: CompiledProfile): Complaint[] {
  const complaints: Complaint[] = [];
  const names = new Set<string>();
  for (const [i, form] of forms.entries()) {
    const path = ['match', i];
    if (form.name !== undefined && names.has(form.name)) {
      complaints.push({ path: [...path, 'name'], message: `"${form.name}" is the name of an earlier form` });
    }
    if (form.name !== undefined) names.add(form.name);
    if (!form.skip && isNamedByTopic(definition)) {
      for (const [, name = ''] of definition.device.matchAll(/\{([^}]*)\}/g)) {
        if (form.topic.names.includes(name)) continue;
        complaints.push({ path: [...path, 'topic'], message: `has no {${name}}, which "device" needs` });
      }
    }
    const written = definition.match[i];
    const decode = written?.decode;
    if (
      written?.text !== undefined &&
      decode !== undefined &&
      typeof decode === 'string' &&
      decode !== 'json'
    )
      complaints.push({
        path: [...path, 'text'],
        message: `is not read with "decode: ${decode}"; remove one`,
      });
    const before = forms.slice(0, i).find((earlier) => reads(earlier) && overlaps(earlier, form));
    if (form.ignore && !form.asks && before !== undefined) {
      complaints.push({
        path: [...path, 'ignore'],
        message: `would ignore what "${before.topic.pattern}" before it does not understand; say with "has" or "is" what is no news`,
      });
    }
    const example = form.topic.fill({}, () => 'x');
    const taken = forms
      .slice(0, i)
      .find((earlier) => takesAll(earlier) && earlier.topic.match(example) !== undefined);
    if (taken !== undefined) {
      complaints.push({
        path,
        message: `is never reached: "${taken.topic.pattern}" before it takes its messages`,
      });
    }
  }
  return complaints;
}

/** A form that asks for no key takes every message of its topic. */
function takesAll(form: CompiledForm): boolean {
  return form.skip || !form.asks;
}

function reads(form: CompiledForm): boolean {
  return !form.skip && !form.ignore;
}

/** The topics of the later form are topics of the earlier one. */
function overlaps(earlier: CompiledForm, later: CompiledForm): boolean {
  return earlier.topic.match(later.topic.fill({}, () => 'x')) !== undefined;
}
