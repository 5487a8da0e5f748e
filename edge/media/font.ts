import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

const folders = ['/usr/share/fonts', '/usr/local/share/fonts'];
/** Fonts that have Chinese, the plain ones first. */
const known = [
  /^NotoSansCJK-Regular\./,
  /^NotoSansSC-Regular\./,
  /^SourceHanSans.*Regular\./,
  /^wqy-microhei\./,
  /^wqy-zenhei\./,
  /^DroidSansFallback/,
  /^NotoSansCJK/,
];

/** A font of this machine that has Chinese; undefined: none is installed. */
export async function chineseFont(): Promise<string | undefined> {
  const files: string[] = [];
  for (const folder of folders) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries)
      if (/\.(?:ttc|ttf|otf)$/.test(entry.name)) files.push(join(entry.parentPath, entry.name));
  }
  for (const pattern of known) {
    const found = files.find((file) => pattern.test(file.slice(file.lastIndexOf('/') + 1)));
    if (found !== undefined) return found;
  }
  return undefined;
}
