// npm run demo [-- --seconds N]: all set-up, then a gateway, a province and a simulated campus.

import { join } from 'node:path';
import { become, build, dependencies, prepare, root, say } from './prepare.mjs';

say('The demo installs what is missing first; sqlite3 may compile for 80-120 s.');
if (!(await prepare(dependencies, build))) process.exit(1);
become(join(root, 'dist/test/simulators/demo.js'), process.argv.slice(2));
