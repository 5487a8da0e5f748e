// npm test [-- vitest arguments]: all set-up, every test, and as the last line the totals, which CI reads.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, dependencies, peers, prepare, root, say } from './prepare.mjs';

say('npm test installs what is missing first; sqlite3 may compile for 80-120 s.');
if (!(await prepare(dependencies, () => peers(), build))) finish(1, { passed: 0, failed: 1, skipped: 0 });

const folder = mkdtempSync(join(tmpdir(), 'campus-gateway-test-'));
const report = join(folder, 'report.json');
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
const { status } = spawnSync(process.execPath, [vitest, 'run', ...reporters, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
const totals = readTotals(report);
rmSync(folder, { recursive: true, force: true });
// An error outside every test (an unhandled rejection, a file that does not load) is a failure too.
if (status !== 0 && totals.failed === 0) totals.failed = 1;
finish(status ?? 1, totals);

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Totals
 * @typedef {{ status: string, fullName: string }} Assertion
 * @typedef {{ testResults: { status: string, assertionResults: Assertion[] }[] }} Report
 */

/**
 * Counts vitest's JSON report, and names every skipped test (its name holds the reason).
 * @param {string} path
 */
function readTotals(path) {
  /** @type {Totals} */
  const result = { passed: 0, failed: 0, skipped: 0 };
  /** @type {Report} */
  let report;
  try {
    report = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    say('vitest wrote no report.');
    return result;
  }
  for (const file of report.testResults) {
    const failedBefore = result.failed;
    for (const test of file.assertionResults) {
      if (test.status === 'passed') result.passed += 1;
      else if (test.status === 'failed') result.failed += 1;
      else {
        result.skipped += 1;
        process.stdout.write(`skipped: ${test.fullName}\n`);
      }
    }
    if (file.status === 'failed' && result.failed === failedBefore) result.failed += 1;
  }
  return result;
}

/**
 * @param {number} exitCode
 * @param {Totals} totals
 * @returns {never}
 */
function finish(exitCode, { passed, failed, skipped }) {
  process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  process.exit(exitCode);
}
