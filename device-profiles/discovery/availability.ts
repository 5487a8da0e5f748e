import { type Config, writeOut } from './abbreviations.ts';
import { readTopic } from './discovery-message.ts';
import { type Part, pathOf, readWords, spellings } from './part.ts';
import { readTemplate } from './value-path.ts';

/** Availability topics of one entity that are read. */
const MAX_TOPICS = 4;

/** Where a device says that it is there. Each topic is a voice of its own: it is offline while any of them says so. */
export function readAvailability(config: Config): { parts: Part[]; notes: string[] } {
  const several = config.get('availability');
  const list: Config[] = Array.isArray(several)
    ? several.slice(0, MAX_TOPICS).map((one: unknown) => writeOut(one))
    : config.has('availability_topic')
      ? [
          new Map([
            ...config,
            ['topic', config.get('availability_topic')],
            ['value_template', config.get('availability_template')],
          ]),
        ]
      : [];
  const parts: Part[] = [];
  const notes: string[] = [];
  const latest = config.get('availability_mode') !== 'all' && list.length > 1;
  // "any": one voice suffices, which a profile cannot say; the first is the device's own
  const read = config.get('availability_mode') === 'any' ? list.slice(0, 1) : list;
  if (read.length < list.length) notes.push('availability_mode "any": only its first topic is read');
  for (const one of read) {
    const topic = readTopic(one.get('topic'), 'availability topic');
    const at = readTemplate(one.get('value_template'), 'availability template');
    const words = readWords(new Map([...config, ...one]), {
      payload_available: 'online',
      payload_not_available: 'offline',
    });
    if ('fault' in topic || 'fault' in at || 'fault' in words) {
      const why = [topic, at, words].flatMap((part) => ('fault' in part ? part.fault : []));
      notes.push(`its availability is not read: ${why.join('; ')}`);
      continue;
    }
    const { payload_available: there, payload_not_available: gone } = words;
    const path = pathOf(at);
    const source = latest ? 'availability' : `availability-${parts.length + 1}`;
    parts.push({
      ...topic,
      at,
      entries: [
        { when: { path, in: spellings(gone) }, emit: { type: 'DEV.OFFLINE', edge: 'raise', source } },
        { when: { path, in: spellings(there) }, emit: { type: 'DEV.OFFLINE', edge: 'clear', source } },
      ],
      examples: [
        { value: gone, event: { type: 'DEV.OFFLINE', edge: 'raise' } },
        { value: there, event: { type: 'DEV.OFFLINE', edge: 'clear' } },
      ],
    });
  }
  return { parts, notes };
}
