import { z } from 'zod';
import { siteSchema } from '../../contract/site.ts';
import { edgeSchema } from '../edge-schema.ts';
import { receiverConfigSchema } from '../receiver.ts';

/** JSON Schemas for editors, by the file they are written to. Draft 7: what editors of YAML know. */
export function configSchemas(): Map<string, string> {
  return new Map([
    ['edge.schema.json', textOf('edge.yaml of campus-gateway', edgeSchema)],
    ['campus.schema.json', textOf('Site import of campus-gateway', siteSchema)],
    ['receiver.schema.json', textOf('receiver.yaml of campus-gateway', receiverConfigSchema)],
  ]);
}

function textOf(title: string, schema: z.ZodType): string {
  const { $schema, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
  });
  return `${JSON.stringify({ $schema, title, ...rest }, null, 2)}\n`;
}
