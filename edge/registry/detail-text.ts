import type { Text } from '../../contract/text.ts';

type Rule = [pattern: RegExp, text: (...groups: string[]) => string];

/** What the normaliser says of a message, in Chinese. */
const rules: Rule[] = [
  [/^a value of "(.*)" is not known to profile (\S+)$/, (key, id) => `模板 ${id} 不认识“${key}”的值`],
  [/^no form of profile (\S+) has the keys of this message$/, (id) => `模板 ${id} 没有与此报文相符的格式`],
  [/^profile (\S+) knows none of its keys: (.*)$/, (id, keys) => `模板 ${id} 不认识其中任何字段：${keys}`],
  [
    /^profile (\S+) knows (.*) only beside other keys, which are missing$/,
    (id, keys) => `模板 ${id} 只在与其他字段同时出现时才读取 ${keys}，而那些字段缺失`,
  ],
  [/^what is at "(.*)" is no list and no object$/, (key) => `“${key}”处既不是列表也不是对象`],
  [/^an element of "(.*)" has no "(.*)"$/, (list, key) => `“${list}”中有一项缺少“${key}”`],
  [/^profile (\S+) does not know its keys (.*)$/, (id, keys) => `模板 ${id} 不认识字段：${keys}`],
  [
    /^profile (\S+) reads messages of (\S+), this one came over (\S+): /,
    (id, source, came) => `模板 ${id} 读取 ${source} 报文，此报文来自 ${came}：请为该设备改用其他模板登记`,
  ],
  [/^the topic is none of profile (\S+)$/, (id) => `模板 ${id} 不读取这个主题`],
  [/^nothing in this message is news$/, () => '其中没有需要上报的内容'],
  [/^payload is empty$/, () => '报文是空的'],
  [
    /^payload is (\d+) JSON objects, one a line/,
    (n) => `一条报文里有 ${n} 个 JSON 对象，每行一个；每条报文只能有一个`,
  ],
];

/** A detail in both languages; one that has no translation stands as it is. */
export function detailText(detail: string): Text {
  for (const [pattern, write] of rules) {
    const found = pattern.exec(detail);
    if (found !== null) return { en: detail, zh: write(...found.slice(1)) };
  }
  return { en: detail, zh: detail };
}
