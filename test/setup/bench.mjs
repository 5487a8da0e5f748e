// npm run bench [-- --quick] [--json FILE]: all set-up, then every figure beside its baseline.

import { join } from 'node:path';
import { become, build, dependencies, peers, prepare, root, say } from './prepare.mjs';

say('The bench installs what is missing first; sqlite3 may compile for 80-120 s.');
if (!(await prepare(dependencies, () => peers(['mosquitto']), build))) process.exit(1);
become(join(root, 'dist/test/bench/bench.js'), process.argv.slice(2));
