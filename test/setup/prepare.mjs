// What must be there before tests, demo and bench can run. Plain Node, no dependencies: it installs them.
//   node test/setup/prepare.mjs [dependencies] [build] [peers]

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { locate, PEERS, peersRequired } from './peers.mjs';

/** The project's folder. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const dist = join(root, 'dist');

/** Installs the npm packages of package-lock.json unless exactly they are installed already. */
export async function dependencies() {
  await withLock('dependencies', async () => {
    const stamp = join(root, 'node_modules', '.campus-gateway-lock');
    const wanted = digest(readFileSync(join(root, 'package-lock.json')));
    if (readIfThere(stamp) === wanted) return;
    if (!lockfileInstalled()) {
      say('Installing npm packages; sqlite3 may compile for 80-120 s.');
      await run('npm', ['ci', '--no-audit', '--no-fund']);
    }
    writeFileSync(stamp, wanted);
  });
}

/** Compiles the product, the simulators and the benches to dist/, and the console to dist/edge/console. */
export async function build() {
  await withLock('build', async () => {
    const stamp = join(dist, '.build-stamp');
    const wanted = sourcesDigest();
    if (readIfThere(stamp) === wanted) return;
    say('Building dist/.');
    // Built beside and then swapped in: a failed build leaves the last good one, and no stale file survives.
    const staging = join(root, `.build-${process.pid}`);
    try {
      const node = process.execPath;
      await Promise.all([
        run(node, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', staging]),
        run(node, [
          'node_modules/vite/bin/vite.js',
          'build',
          'edge/console',
          '--outDir',
          join(staging, 'edge', 'console'),
          '--emptyOutDir',
          '--logLevel',
          'warn',
        ]),
      ]);
      const profiles = join(staging, 'device-profiles');
      await run(node, [join(profiles, 'prepare.js'), join(profiles, 'prepared.json')]);
      writeFileSync(join(staging, '.build-stamp'), wanted);
      rmSync(dist, { recursive: true, force: true });
      renameSync(staging, dist);
    } finally {
      rmSync(staging, { recursive: true, force: true });
    }
  });
}

/**
 * Finds the real programs that tests talk to, and as root on Debian installs those missing.
 * Elsewhere it says what is missing; with CI=true that is a failure.
 * @param {readonly import('./peers.mjs').PeerName[]} [names] all peers if omitted
 */
export async function peers(names) {
  const chosen = PEERS.filter((peer) => names === undefined || names.includes(peer.name));
  let lacking = chosen.filter((peer) => locate(peer) === undefined);
  if (lacking.length === 0) return;
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    await withLock('peers', () => aptInstall(lacking.flatMap((peer) => peer.package.split(' '))));
    lacking = lacking.filter((peer) => locate(peer) === undefined);
    if (lacking.length === 0) return;
  }
  const packages = lacking.map((peer) => peer.package).join(' ');
  if (peersRequired) throw new Error(`CI=true and these peers are missing: ${packages}`);
  say(`Missing peers: ${packages}. Tests that need them are skipped; as root: apt-get install ${packages}`);
}

/**
 * Installs Debian packages without letting their services start.
 * @param {readonly string[]} packages
 */
async function aptInstall(packages) {
  say(`Installing Debian packages: ${packages.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const restore = denyServiceStarts();
  // With a handler in place an interrupt ends apt-get, and then this function, instead of skipping `restore`.
  const ignore = () => {};
  for (const signal of INTERRUPTS) process.on(signal, ignore);
  try {
    await run('apt-get', ['update', '-qq'], env);
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], env);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
  } finally {
    restore();
    for (const signal of INTERRUPTS) process.off(signal, ignore);
  }
}

/** @type {readonly NodeJS.Signals[]} */
const INTERRUPTS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Puts a policy-rc.d in place that forbids service starts; returns what puts the old state back. */
function denyServiceStarts() {
  const policy = '/usr/sbin/policy-rc.d';
  const saved = `${policy}.campus-gateway-saved`;
  const ours =
    '#!/bin/sh\n# campus-gateway test set-up: no service starts while packages install\nexit 101\n';
  // A run that was killed may have left ours behind.
  if (readIfThere(policy) === ours) rmSync(policy);
  if (lstatSync(saved, { throwIfNoEntry: false }) === undefined) {
    if (lstatSync(policy, { throwIfNoEntry: false }) !== undefined) renameSync(policy, saved);
  }
  writeFileSync(policy, ours, { mode: 0o755 });
  return () => {
    rmSync(policy, { force: true });
    if (lstatSync(saved, { throwIfNoEntry: false }) !== undefined) renameSync(saved, policy);
  };
}

// npm writes node_modules/.package-lock.json when it is done: the truth about what is installed.
function lockfileInstalled() {
  const installed = readIfThere(join(root, 'node_modules', '.package-lock.json'));
  if (installed === undefined) return false;
  const here = JSON.parse(installed).packages;
  /** @type {Record<string, { version: string, optional?: boolean }>} */
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const differs = Object.entries(wanted).some(([path, { version, optional }]) => {
    if (path === '') return false;
    return here[path] === undefined ? !optional : here[path].version !== version;
  });
  const extra = Object.keys(here).some((path) => wanted[path] === undefined);
  return !differs && !extra && existsSync(join(root, 'node_modules/sqlite3/build/Release/node_sqlite3.node'));
}

const SOURCE_FOLDERS = ['contract', 'device-profiles', 'config', 'edge', 'cloud-bridge'];
const COMPILED_TESTS = ['test/simulators', 'test/bench', 'test/support', 'test/setup'];
const BUILD_FILES = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];

function sourcesDigest() {
  const hash = createHash('sha256');
  for (const path of [...BUILD_FILES, ...[...SOURCE_FOLDERS, ...COMPILED_TESTS].flatMap(filesUnder)]) {
    const { size, mtimeMs } = statSync(join(root, path));
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/**
 * Paths of all files below a folder, relative to the project; none if there is no such folder.
 * @param {string} folder
 * @returns {string[]}
 */
function filesUnder(folder) {
  const start = join(root, folder);
  if (!existsSync(start)) return [];
  return readdirSync(start, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}

/**
 * Runs `work` while no other process does the same in this folder.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function withLock(name, work) {
  const lock = join(tmpdir(), `campus-gateway-${digest(root).slice(0, 12)}-${name}.lock`);
  const holder = join(lock, 'pid');
  for (let waits = 0; ; waits += 1) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    }
    const pid = Number(readIfThere(holder) ?? 0);
    if (pid !== 0 ? !isAlive(pid) : waits > 20) rmSync(lock, { recursive: true, force: true });
    else if (waits === 0) say(`Waiting for process ${pid}, which is busy with: ${name}`);
    await sleep(250);
  }
  writeFileSync(holder, String(process.pid));
  try {
    return await work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/**
 * Runs a program in the project's folder; rejects unless it exits with 0.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<void>}
 */
function run(program, args, env = process.env) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else
        reject(
          new Error(`${program} ${args.slice(0, 3).join(' ')} failed (${signal ?? `exit code ${code}`})`),
        );
    });
  });
}

/**
 * Runs a Node script as the rest of this process: passes signals on, and ends with the script's exit code.
 * @param {string} script
 * @param {readonly string[]} args
 */
export function become(script, args) {
  const child = spawn(process.execPath, [script, ...args], { stdio: 'inherit' });
  for (const signal of INTERRUPTS) {
    process.on(signal, () => {
      // Ctrl-C in a terminal reaches the child by itself; twice would mean "at once".
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  // npm passes SIGTERM to its shell only, which dies and leaves this process behind.
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    child.kill('SIGTERM');
  }, 250);
  child.on('error', (error) => {
    say(error.message);
    process.exit(1);
  });
  child.on('close', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/**
 * Runs steps one after the other; says why the first failed one did. Returns whether all succeeded.
 * @param {...(() => Promise<void>)} steps
 */
export async function prepare(...steps) {
  try {
    for (const step of steps) await step();
    return true;
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return false;
  }
}

/** @param {string} message */
export function say(message) {
  process.stderr.write(`campus-gateway: ${message}\n`);
}

/** @param {string | Buffer} data */
function digest(data) {
  return createHash('sha256').update(data).digest('hex');
}

/** @param {string} path */
function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  /** @type {Record<string, () => Promise<void>>} */
  const steps = { dependencies, build, peers: () => peers() };
  const wanted = process.argv.slice(2).map((name) => steps[name]);
  if (wanted.length === 0 || wanted.includes(undefined)) {
    say(`usage: node test/setup/prepare.mjs [${Object.keys(steps).join('] [')}]`);
    process.exit(2);
  }
  if (!(await prepare(...wanted.filter((step) => step !== undefined)))) process.exit(1);
}
