import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import {
  brokerSchema,
  type EdgeConfig,
  edgeSchema,
  mqttListenerSchema,
  uplinkSchema,
} from './edge-schema.ts';
import { type ConfigFault, sortFaults } from './fault.ts';
import { checkYaml, type Loaded, readYaml } from './load-yaml.ts';
import { absolutePaths, checkNamedFiles } from './named-files.ts';
import { overlaps } from './topic-filter.ts';
import type { YamlSource } from './yaml-source.ts';

/** Environment of the process: where `password_env` looks. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads and checks `edge.yaml`: its text, its schema, what its parts say together, and the files it names. */
export function loadEdgeConfig(file: string, environment: Environment = process.env): Loaded<EdgeConfig> {
  const { value, faults } = checkEdgeConfig(file, environment);
  return value === undefined ? { faults } : { value };
}

/** Where the other parts of the configuration are, absolute, also beside faults; absent: faulty, or not known. */
export interface EdgePaths {
  siteImport?: string;
  dataDir?: string;
  profiles?: { dir?: string };
}

/** As `loadEdgeConfig`; `paths` is what a check can still go on with. `value` is there only without faults. */
export function checkEdgeConfig(
  file: string,
  environment: Environment = process.env,
): { value?: EdgeConfig; faults: ConfigFault[]; paths: EdgePaths } {
  const read = readYaml(file);
  if ('faults' in read) return { faults: read.faults, paths: {} };
  const { source } = read;
  const checked = checkYaml(source, edgeSchema);
  const faults = [...checked.faults, ...checkTogether(source, environment), ...checkNamedFiles(source)];
  const paths = pathsOf(source, faults);
  if (faults.length > 0 || checked.value === undefined) return { faults: sortFaults(faults), paths };
  return { value: absolutePaths(checked.value, dirname(resolve(file))), faults: [], paths };
}

function pathsOf(source: YamlSource, faults: readonly ConfigFault[]): EdgePaths {
  const base = dirname(resolve(source.file));
  const raw = fields(edgeSchema, source.value).values;
  const has = (key: string) => Object.hasOwn(Object(source.value), key);
  // What is not there may be below a broken line.
  const isKnown = (key: string) => has(key) || source.brokenFrom === Number.POSITIVE_INFINITY;
  const isFaulty = (path: string) =>
    faults.some((fault) => fault.path === path || fault.path.startsWith(`${path}.`));
  const siteImport = fields(edgeSchema.shape.site, (source.value as { site?: unknown } | null)?.site).values
    .import;
  const paths: EdgePaths = {};
  if (siteImport !== undefined && !isFaulty('site.import')) paths.siteImport = resolve(base, siteImport);
  if (raw.data_dir !== undefined && isKnown('data_dir') && !isFaulty('data_dir'))
    paths.dataDir = resolve(base, raw.data_dir);
  if (raw.profiles !== undefined && isKnown('profiles') && !isFaulty('profiles')) {
    const { dir } = raw.profiles;
    paths.profiles = dir === undefined ? {} : { dir: resolve(base, dir) };
  }
  return paths;
}

/** Outcome of reading a changed file while the gateway runs. */
export interface Reloaded {
  /** The new configuration, or the current one while the file has faults. */
  config: EdgeConfig;
  faults: ConfigFault[];
  /** Top-level keys that differ from the current configuration. */
  changed: (keyof EdgeConfig)[];
}

/** Reads the file again; a running gateway keeps what it has until every fault is gone. */
export function reloadEdgeConfig(
  current: EdgeConfig,
  file: string,
  environment: Environment = process.env,
): Reloaded {
  const loaded = loadEdgeConfig(file, environment);
  if ('faults' in loaded) return { config: current, faults: loaded.faults, changed: [] };
  const keys = Object.keys(edgeSchema.shape) as (keyof EdgeConfig)[];
  const changed = keys.filter((key) => JSON.stringify(current[key]) !== JSON.stringify(loaded.value[key]));
  return { config: loaded.value, faults: [], changed };
}

/** The secret in a file: its text without the line break that editors add. Throws where it cannot be read. */
export function readSecretFile(file: string): string {
  return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
}

/** The password of an uplink or broker from its file or variable; undefined where it has none. */
export function passwordOf(
  { password_file, password_env }: Pick<EdgeConfig['uplinks'][number], 'password_file' | 'password_env'>,
  environment: Environment = process.env,
): string | undefined {
  if (password_file !== undefined) return readSecretFile(password_file);
  return password_env === undefined ? undefined : environment[password_env];
}

// Each key is judged by itself, so that a fault in one hides none in another.
function checkTogether(source: YamlSource, environment: Environment): ConfigFault[] {
  const raw = source.value as {
    mqtt?: { listeners?: unknown };
    brokers?: unknown;
    console?: unknown;
    uplinks?: unknown;
  } | null;
  const listeners = entries(raw?.mqtt?.listeners ?? [{}], mqttListenerSchema);
  const uplinks = entries(raw?.uplinks, uplinkSchema);
  const console = fields(edgeSchema.shape.console.unwrap(), raw?.console);
  return [
    ...checkConsole(source, console),
    ...checkAddresses(source, listeners, console.values),
    ...checkBrokers(source, entries(raw?.brokers, brokerSchema), environment),
    ...checkUplinks(source, uplinks, environment),
  ];
}

/** The keys of a mapping that are right in themselves, defaults included, and those that are not. */
interface Fields<T> {
  values: Partial<T>;
  faulty: ReadonlySet<string>;
}

function fields<S extends z.ZodObject>(schema: S, raw: unknown): Fields<z.output<S>> {
  const keys = Object.keys(schema.shape);
  if (raw !== undefined && (typeof raw !== 'object' || raw === null || Array.isArray(raw)))
    return { values: {}, faulty: new Set(keys) };
  const given = (raw ?? {}) as Record<string, unknown>;
  const parsed = Object.entries(schema.shape as Record<string, z.ZodType>).map(
    ([key, inner]) => [key, inner.safeParse(given[key])] as const,
  );
  return {
    values: Object.fromEntries(
      parsed.flatMap(([key, { data }]) => (data === undefined ? [] : [[key, data]])),
    ) as Partial<z.output<S>>,
    faulty: new Set(parsed.flatMap(([key, { success }]) => (success ? [] : [key]))),
  };
}

interface Entry<T> extends Fields<T> {
  index: number;
}

function entries<S extends z.ZodObject>(raw: unknown, schema: S): Entry<z.output<S>>[] {
  return (Array.isArray(raw) ? raw : []).map((item: unknown, index) => ({ index, ...fields(schema, item) }));
}

function checkConsole(source: YamlSource, { values, faulty }: Fields<EdgeConfig['console']>): ConfigFault[] {
  const { host, tls, allow_plain_http } = values;
  // Faulty keys are named already; what they were meant to say is not known.
  if (host === undefined || faulty.has('tls') || faulty.has('allow_plain_http')) return [];
  if (tls !== undefined || allow_plain_http === true || isLoopback(host)) return [];
  const hint = 'add tls, listen on 127.0.0.1, or accept the risk with "allow_plain_http: true"';
  return [
    source.fault(
      ['console', 'host'],
      `"${host}" would take passwords over plain HTTP from the network`,
      hint,
    ),
  ];
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function checkAddresses(
  source: YamlSource,
  listeners: Entry<{ host: string; port: number }>[],
  console: Partial<EdgeConfig['console']>,
): ConfigFault[] {
  const all = listeners.map(({ index, values }) => ({ path: ['mqtt', 'listeners', index], ...values }));
  const taken = [...all, { path: ['console'], host: console.host, port: console.port }].flatMap(
    ({ path, host, port }) => (host === undefined || port === undefined ? [] : [{ path, host, port }]),
  );
  return taken.flatMap(({ path, host, port }, position) => {
    const rival = taken
      .slice(0, position)
      .find((other) => port !== 0 && other.port === port && meets(other.host, host));
    if (rival === undefined) return [];
    const where = rival.path.length === 1 ? 'console' : `mqtt.listeners[${rival.path[2]}]`;
    return [source.fault([...path, 'port'], `${port} is taken by ${where}`, 'write another port')];
  });
}

function meets(a: string, b: string): boolean {
  return a === b || [a, b].some((host) => host === '0.0.0.0' || host === '::');
}

function checkBrokers(
  source: YamlSource,
  brokers: Entry<EdgeConfig['brokers'][number]>[],
  environment: Environment,
): ConfigFault[] {
  const seen = new Map<string, number>();
  return brokers.flatMap((entry) => {
    const { name, subscribe = [] } = entry.values;
    const faults = checkSignIn(source, 'brokers', entry, environment);
    const first = name === undefined ? undefined : seen.get(name);
    if (first !== undefined)
      faults.push(
        source.fault(
          ['brokers', entry.index, 'name'],
          `"${name}" is taken by brokers[${first}]`,
          'write another name',
        ),
      );
    else if (name !== undefined) seen.set(name, entry.index);
    for (const [i, filter] of subscribe.entries()) {
      const rival = subscribe.slice(0, i).find((other) => overlaps(other, filter));
      if (rival !== undefined)
        faults.push(
          source.fault(
            ['brokers', entry.index, 'subscribe', i],
            `"${filter}" overlaps with "${rival}": the broker would deliver twice`,
            'remove one, or make them narrower: give the devices of one of them a first topic level of their own',
          ),
        );
    }
    return faults;
  });
}

function checkUplinks(
  source: YamlSource,
  uplinks: Entry<EdgeConfig['uplinks'][number]>[],
  environment: Environment,
): ConfigFault[] {
  const seen = new Map<string, number>();
  return uplinks.flatMap((entry) => {
    const { recipient } = entry.values;
    const faults = checkSignIn(source, 'uplinks', entry, environment);
    const first = recipient === undefined ? undefined : seen.get(recipient);
    if (first !== undefined)
      faults.push(
        source.fault(
          ['uplinks', entry.index, 'recipient'],
          `"${recipient}" is taken by uplinks[${first}]`,
          'write another name',
        ),
      );
    else if (recipient !== undefined) seen.set(recipient, entry.index);
    return faults;
  });
}

/** What address, user, password and certificates of somebody else's broker say together. */
function checkSignIn(
  source: YamlSource,
  list: 'uplinks' | 'brokers',
  { index, values, faulty }: Entry<Pick<EdgeConfig['uplinks'][number], SignInKey>>,
  environment: Environment,
): ConfigFault[] {
  const faults: ConfigFault[] = [];
  const add = (key: SignInKey, message: string, hint: string) =>
    faults.push(source.fault([list, index, key], message, hint));
  const { url, username, password_file, password_env, tls } = values;
  if (password_file !== undefined && password_env !== undefined) {
    add('password_env', 'is given beside password_file', 'keep one of the two');
  }
  if ((password_file ?? password_env) !== undefined && username === undefined && !faulty.has('username')) {
    add('username', 'is missing beside the password', 'add the user at that broker');
  }
  if (password_env !== undefined && !environment[password_env]) {
    add(
      'password_env',
      `${password_env} is not set in the environment`,
      'set it, also where you check the file',
    );
  }
  if (tls !== undefined && url?.startsWith('mqtt://')) {
    add('url', 'is not encrypted, yet tls is given', 'write mqtts:// or remove tls');
  }
  if ((tls?.cert_file === undefined) !== (tls?.key_file === undefined)) {
    add('tls', 'needs cert_file and key_file together', 'add the missing one');
  }
  return faults;
}

type SignInKey = 'url' | 'username' | 'password_file' | 'password_env' | 'tls';
