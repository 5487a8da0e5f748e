import { readdirSync, readFileSync } from 'node:fs';
import { packageFile } from '../../contract/package-root.ts';

/** What people read: `README.md`, `CHANGELOG.md`... and `docs/*.md`, texts by path. */
export const pages: ReadonlyMap<string, string> = new Map(
  [
    ...readdirSync(packageFile()).filter((name) => /^[A-Z].*\.md$/.test(name)),
    ...readdirSync(packageFile('docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
  ].map((path) => [path, readFileSync(packageFile(path), 'utf8')]),
);

const fence = /^```[^\n]*\n([\s\S]*?)^```$/gm;

/** A page without its fenced blocks. */
export function proseOf(text: string): string {
  return text.replace(fence, '');
}

/** Everything that a page writes as code: spans, and the lines of fenced and indented blocks. */
export function codeOf(text: string): string[] {
  const fenced = [...text.matchAll(fence)].flatMap(([, block = '']) => block.split('\n'));
  const prose = proseOf(text);
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
  const indented = [...prose.matchAll(/^ {4}(\S.*)$/gm)].map(([, line = '']) => line);
  return [...fenced, ...spans, ...indented];
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(text: string): Set<string> {
  const headings = proseOf(text).matchAll(/^#{1,6} +(.+)$/gm);
  return new Set([...headings].map(([, title = '']) => anchorOf(title)));
}

function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_ -]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}
