import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { configSchemas } from '../../config/schemas/config-schemas.ts';
import { packageFile } from '../../contract/package-root.ts';

function keysOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties } = schema as { properties?: Record<string, unknown> };
  const own = typeof properties === 'object' ? Object.keys(properties) : [];
  return [...own, ...Object.values(schema).flatMap(keysOf)];
}

/** What is not configuration of the gateway has its keys elsewhere. */
const pages = new Map([['receiver.schema.json', 'uplink.md']]);

it.each([...configSchemas()])('the documentation names every key of %s', (schema, text) => {
  const page = readFileSync(packageFile('docs', pages.get(schema) ?? 'configuration.md'), 'utf8');
  const missing = new Set(keysOf(JSON.parse(text)).filter((key) => !new RegExp(`\\b${key}\\b`).test(page)));
  expect([...missing]).toEqual([]);
});
