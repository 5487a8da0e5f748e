import type { Reading } from '../../../contract/reading.ts';
import { t } from '../i18n/i18n.ts';
import { typeName } from '../names.ts';
import type { Read } from './answers.ts';

/** What an event says, in plain words: 烟雾报警 触发 · 第 1 路 · 电量 90 %. */
export function readText({ type, edge, input, readings }: Read): string {
  const words = [
    `${typeName(type)} ${t(`edge.${edge}`)}`,
    input === undefined ? undefined : inputText(input),
    ...(readings ?? []).slice(0, 3).map(readingText),
  ];
  return words.filter((word) => word !== undefined).join(' · ');
}

/** `第 3 路` of a module; `输入 alarm` of what has names. */
export function inputText(name: string): string {
  return t(/^\d+$/.test(name) ? 'inbox.input' : 'inbox.namedInput', { name });
}

function readingText({ name, value, unit }: Reading): string {
  const shown = unit === 'Cel' ? '°C' : unit;
  return shown === undefined || shown === '1' ? `${name} ${value}` : `${name} ${value} ${shown}`;
}

/** The language's half of a title that holds both, `中文 — English`. */
export function halfOf(title: string, language: 'zh-CN' | 'en'): string {
  const [first = '', second] = title.split(' — ');
  return language === 'en' && second !== undefined ? second : first;
}
