import { z } from 'zod';
import { pathFault } from './own-path.ts';
import { isTemplate, referenceFault, templateFault } from './reference.ts';

// Messages are written "what is wrong; what to do". Where the second part is left out, examples and types give it.

const NAME = 'must be 1-40 of a-z, 0-9, "-" and "_", starting with a letter; write e.g. front_door';

/** A name that other parts of the profile refer to. */
export const nameSchema = z.string(NAME).regex(/^[a-z][a-z0-9_-]{0,39}$/, NAME);

export const scalarSchema = z.union(
  [z.string().max(200), z.number(), z.boolean(), z.null()],
  'must be a single value: text, a number, true, false or null',
);

/** Keys joined by `.`, from the top of the payload (or of the `each` element); a number is a place in a list. */
export const pathSchema = checkedText(pathFault, 'state.smoke');

/** A path; or `$name`, a capture of the topic; or `$.path`, from the top of the message wherever it stands. */
export const referenceSchema = checkedText(referenceFault, 'state.smoke');

/** A text made of references in braces: `{major}-{minor}`. */
export const templateSchema = checkedText(templateFault, '{major}-{minor}');

/** A reference or a template. */
export const textSchema = checkedText(
  (text) => (isTemplate(text) ? templateFault(text) : referenceFault(text)),
  'door.id',
);

function checkedText(faultOf: (text: string) => string | undefined, example: string) {
  return z
    .string()
    .max(200)
    .superRefine((text, ctx) => {
      const fault = faultOf(text);
      if (fault === undefined) return;
      const message = fault.includes('; ') ? fault : `${fault}; write e.g. ${example}`;
      ctx.addIssue({ code: 'custom', message });
    })
    .meta({ examples: [example] });
}

const DURATION = 'must be a duration; write e.g. 10m';
const duration = /^\d{1,6}(?:s|m|h)$/;

/** `30s`, `10m`, `24h`, as milliseconds. */
export const durationSchema = z
  .string(DURATION)
  .regex(duration, DURATION)
  .transform((text) => durationMs(text) ?? 0);

/** Milliseconds of a duration as people write it; undefined if it is none. */
export function durationMs(text: unknown): number | undefined {
  if (typeof text !== 'string' || !duration.test(text)) return undefined;
  return Number(text.slice(0, -1)) * { s: 1_000, m: 60_000, h: 3_600_000 }[text.slice(-1) as 's' | 'm' | 'h'];
}

/** A mark that is there or not. */
export const markSchema = z.literal(true, 'must be true; write true, or remove the key');

export const settingRefSchema = z.strictObject({ setting: nameSchema });

/** The place of one bit in a whole number, from 0. */
export const bitSchema = z.int().min(0).max(52).optional();

/** How a text writes bits: bit 0 is its first character, its last one, or the text is hexadecimal. */
export const bitsSchema = z.enum(['left', 'right', 'hex']).optional();

/** Names that inputs can have; `#` stands for a number of up to four digits, without a leading zero. */
export const inputNamesSchema = z
  .array(z.string().min(1).max(64, 'must be a name of 1-64 characters, such as left, "l#" or "#"'))
  .min(1)
  .max(40);

const KEY = 'must hold one {name}; write e.g. "input:{n}"';

/** A pattern of keys with one capture. */
export const keyPatternSchema = z
  .string()
  .max(100)
  .regex(/^[^{}]*\{[a-z][a-z0-9_]*\}[^{}]*$/, KEY);
