// npm run schemas: writes the JSON Schemas that editors use for the files in config/. A test keeps them current.
import { writeFileSync } from 'node:fs';
import { packageFile } from '../../contract/package-root.ts';
import { configSchemas } from './config-schemas.ts';

for (const [name, text] of configSchemas()) writeFileSync(packageFile('config', name), text);
