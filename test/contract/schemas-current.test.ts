import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { configSchemas } from '../../config/schemas/config-schemas.ts';
import { packageFile } from '../../contract/package-root.ts';
import { contractSchemas } from '../../contract/schemas/contract-schemas.ts';

describe.each([
  ['contract/schemas', contractSchemas()],
  ['config', configSchemas()],
])('the JSON Schemas in %s', (folder, schemas) => {
  const committed = readdirSync(packageFile(folder)).filter((name) => name.endsWith('.schema.json'));
  // Other parts may keep schemas of their own beside these in config/.
  const unexpected = folder === 'config' ? [] : committed.filter((name) => !schemas.has(name));

  it('are all there and no others', () => {
    expect([...schemas.keys()].filter((name) => !committed.includes(name))).toEqual([]);
    expect(unexpected).toEqual([]);
  });

  it.each([...schemas])('%s is what the code says; run: npm run schemas', (name, text) => {
    expect(readFileSync(packageFile(folder, name), 'utf8')).toBe(text);
  });

  it.each([...schemas])('%s refers only to what it holds', (_, text) => {
    const schema = JSON.parse(text);
    const names = Object.keys(schema.$defs ?? schema.definitions ?? {});
    const referred = [...text.matchAll(/"\$ref": "#\/(?:\$defs|definitions)\/([^"]+)"/g)].map(
      ([, name]) => name,
    );
    expect(referred.filter((name) => !names.includes(name ?? ''))).toEqual([]);
    expect(text).not.toContain('__schema');
  });
});
