// npm run check: format and lint with the folder boundaries, types, types of the console, dead code.
// All of them run, so that one run shows every fault.

import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { dependencies, prepare, root, say } from './prepare.mjs';

if (!(await prepare(dependencies))) process.exit(1);

/** @param {string} path */
const inModules = (path) => join('node_modules', path);
const color = `--colors=${process.stdout.isTTY ? 'force' : 'off'}`;
const vueTsc = inModules('vue-tsc/bin/vue-tsc.js');
const hasConsoleTests = readdirSync(join(root, 'test/console'), { encoding: 'utf8', recursive: true }).some(
  (name) => name.endsWith('.ts'),
);

/** @type {[name: string, script: string, ...args: string[]][]} */
const checks = [
  [
    'format and lint',
    inModules('@biomejs/biome/bin/biome'),
    'ci',
    '--error-on-warnings',
    '--max-diagnostics=200',
    color,
    '.',
  ],
  ['types', inModules('typescript/bin/tsc'), '--noEmit'],
  ['types of the console', vueTsc, '--noEmit', '-p', 'edge/console'],
  ['dead code', inModules('knip/bin/knip.js')],
];
if (hasConsoleTests) {
  checks.splice(3, 0, ['types of its tests', vueTsc, '--noEmit', '-p', 'test/console']);
}

const failed = [];
for (const [name, script, ...args] of checks) {
  say(`check: ${name}`);
  if ((await exitCode(script, args)) !== 0) failed.push(name);
}
say(failed.length === 0 ? 'check: all good' : `check FAILED: ${failed.join(', ')}`);
process.exit(failed.length === 0 ? 0 : 1);

/**
 * @param {string} script
 * @param {readonly string[]} args
 * @returns {Promise<number | null>}
 */
function exitCode(script, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit' });
    child.on('error', reject);
    child.on('close', resolve);
  });
}
