import { nameTest } from './compile-each.ts';
import type { Complaint } from './complaint.ts';
import type { ProfileDefinition } from './profile-schema.ts';

/** Inputs of samples that are none of those that "inputs" names. */
export function lintInputs({ inputs, samples }: ProfileDefinition): Complaint[] {
  if (inputs === undefined) return [];
  const isName = nameTest(inputs);
  return samples.flatMap((sample, i): Complaint[] => {
    if ('command' in sample) return [];
    const messages = 'messages' in sample ? sample.messages : [sample];
    const named = messages.flatMap(({ expect }) => expect.events.map(({ input }) => input));
    const odd = named.find((name) => typeof name === 'string' && !isName(name));
    return odd === undefined
      ? []
      : [{ path: ['inputs'], message: `has no ${JSON.stringify(odd)}, which samples[${i}] expects; add it` }];
  });
}
