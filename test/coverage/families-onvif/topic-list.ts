import { readFileSync } from 'node:fs';

/** One topic of the ONVIF specifications with the items that its messages declare. */
export interface Topic {
  topic: string;
  /** `state`: a property with a last value; `happening`: an event without one. */
  kind: 'state' | 'happening';
  source: string[];
  data: Item[];
}

interface Item {
  name: string;
  type: string;
}

/** The list lost the last level of some names: as the specifications have them. */
const cut: Readonly<Record<string, string>> = {
  'tns1:RecordingConfig/': 'tns1:RecordingConfig/JobState',
  'tns1:RecordingHistory/Track/': 'tns1:RecordingHistory/Track/VideoParameters',
  'tns1:Resource/': 'tns1:Resource/Changed',
};

/** Every topic of the list beside this file, lists in braces written out. */
export function topicList(): Topic[] {
  const text = readFileSync(new URL('./onvif-topics.txt', import.meta.url), 'utf8');
  let video: string[] = [];
  return text
    .split('\n')
    .filter((line) => line.startsWith('tns1:'))
    .flatMap((line) => {
      const [names = '', kind = '', from = '', data = ''] = line.split(' | ');
      const said = from
        .replace(/^src\s*/, '')
        .replace(/;.*$/, '')
        .trim();
      const source = said.startsWith('as above') ? video : itemsOf(said).map(({ name }) => name);
      if (source.includes('Rule')) video = source;
      return names
        .split(', ')
        .flatMap(writtenOut)
        .map((topic) => ({
          topic: cut[topic.trim()] ?? topic.trim(),
          kind: kind.startsWith('P') ? ('state' as const) : ('happening' as const),
          source,
          data: itemsOf(data.replace(/^data\s*/, '').replace(/\(.*$/, '')),
        }));
    });
}

/** `a/{b,c}/{d,e}` as four topics. */
function writtenOut(text: string): string[] {
  const found = /^(.*?)\{([^{}]*)\}(.*)$/.exec(text);
  if (found === null) return [text];
  const [, before = '', list = '', after = ''] = found;
  return list.split(',').flatMap((one) => writtenOut(`${before}${one}${after}`));
}

function itemsOf(text: string): Item[] {
  return text.split(',').flatMap((item) => {
    const [name = '', ...type] = item.trim().split(':');
    return /^[A-Za-z]\w*$/.test(name) ? [{ name, type: type.at(-1) ?? '' }] : [];
  });
}
