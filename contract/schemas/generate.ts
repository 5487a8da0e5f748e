// npm run schemas: writes the JSON Schemas of the contract beside this file. A test keeps them current.
import { writeFileSync } from 'node:fs';
import { packageFile } from '../package-root.ts';
import { contractSchemas } from './contract-schemas.ts';

for (const [name, text] of contractSchemas()) writeFileSync(packageFile('contract', 'schemas', name), text);
