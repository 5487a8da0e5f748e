import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type EdgeConfig, edgeSchema, mqttListenerSchema, uplinkSchema } from './edge-schema.ts';
import { type ConfigFault, sortFaults } from './fault.ts';
import { checkYaml, type Loaded, readYaml } from './load-yaml.ts';
import { absolutePaths, checkNamedFiles } from './named-files.ts';
import type { YamlSource } from './yaml-source.ts';

/** Environment of the process: where `password_env` looks. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads and checks `edge.yaml`: its text, its schema, what its parts say together, and the files it names. */
export function loadEdgeConfig(file: string, environment: Environment = process.env): Loaded<EdgeConfig> {
  const read = readYaml(file);
  if ('faults' in read) return read;
  const { source } = read;
  const checked = checkYaml(source, edgeSchema);
  const faults = [...checked.faults, ...checkTogether(source, environment), ...checkNamedFiles(source)];
  if (faults.length > 0 || checked.value === undefined) return { faults: sortFaults(faults) };
  return { value: absolutePaths(checked.value, dirname(resolve(file))) };
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

/** The password of an uplink from its file or variable; undefined where it has none. */
export function uplinkPassword(
  uplink: Pick<EdgeConfig['uplinks'][number], 'password_file' | 'password_env'>,
  environment: Environment = process.env,
): string | undefined {
  if (uplink.password_file !== undefined) return readSecretFile(uplink.password_file);
  return uplink.password_env === undefined ? undefined : environment[uplink.password_env];
}

// Each part is judged by itself, so that a fault in one hides none in another.
function checkTogether(source: YamlSource, environment: Environment): ConfigFault[] {
  const raw = source.value as { mqtt?: { listeners?: unknown }; console?: unknown; uplinks?: unknown } | null;
  const listeners = entries(raw?.mqtt?.listeners ?? [{}], mqttListenerSchema);
  const uplinks = entries(raw?.uplinks, uplinkSchema);
  return [
    ...checkConsole(source, raw?.console),
    ...checkAddresses(source, listeners, raw?.console),
    ...checkUplinks(source, uplinks, environment),
  ];
}

interface Entry<T> {
  index: number;
  value: T;
}

function entries<T>(
  list: unknown,
  schema: { safeParse(value: unknown): { success: boolean; data?: T } },
): Entry<T>[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((item, index) => {
    const { data } = schema.safeParse(item);
    return data === undefined ? [] : [{ index, value: data }];
  });
}

function checkConsole(source: YamlSource, raw: unknown): ConfigFault[] {
  const { data } = edgeSchema.shape.console.safeParse(raw);
  if (data === undefined || data.tls !== undefined || data.allow_plain_http || isLoopback(data.host))
    return [];
  const hint = 'add tls, listen on 127.0.0.1, or accept the risk with "allow_plain_http: true"';
  return [
    source.fault(
      ['console', 'host'],
      `"${data.host}" would take passwords over plain HTTP from the network`,
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
  rawConsole: unknown,
): ConfigFault[] {
  const { data } = edgeSchema.shape.console.safeParse(rawConsole);
  const all = listeners.map(({ index, value }) => ({ path: ['mqtt', 'listeners', index], ...value }));
  const taken = [
    ...all,
    ...(data === undefined ? [] : [{ path: ['console'], host: data.host, port: data.port }]),
  ];
  return taken.flatMap(({ path, host, port }, position) => {
    const rival = taken
      .slice(0, position)
      .find((other) => port !== 0 && other.port === port && overlaps(other.host, host));
    if (rival === undefined) return [];
    const where = rival.path.length === 1 ? 'console' : `mqtt.listeners[${rival.path[2]}]`;
    return [source.fault([...path, 'port'], `${port} is taken by ${where}`, 'write another port')];
  });
}

function overlaps(a: string, b: string): boolean {
  return a === b || [a, b].some((host) => host === '0.0.0.0' || host === '::');
}

function checkUplinks(
  source: YamlSource,
  uplinks: Entry<EdgeConfig['uplinks'][number]>[],
  environment: Environment,
): ConfigFault[] {
  const seen = new Map<string, number>();
  return uplinks.flatMap(({ index, value: uplink }) => {
    const faults: ConfigFault[] = [];
    const add = (key: string, message: string, hint: string) =>
      faults.push(source.fault(['uplinks', index, key], message, hint));
    const first = seen.get(uplink.recipient);
    if (first !== undefined)
      add('recipient', `"${uplink.recipient}" is taken by uplinks[${first}]`, 'write another name');
    else seen.set(uplink.recipient, index);
    const { password_file, password_env, tls } = uplink;
    if (password_file !== undefined && password_env !== undefined) {
      add('password_env', 'is given beside password_file', 'keep one of the two');
    }
    if ((password_file ?? password_env) !== undefined && uplink.username === undefined) {
      add('username', 'is missing beside the password', 'add the user at that broker');
    }
    if (password_env !== undefined && !environment[password_env]) {
      add(
        'password_env',
        `${password_env} is not set in the environment`,
        'set it, also where you check the file',
      );
    }
    if (tls !== undefined && uplink.url.startsWith('mqtt://')) {
      add('url', 'is not encrypted, yet tls is given', 'write mqtts:// or remove tls');
    }
    if ((tls?.cert_file === undefined) !== (tls?.key_file === undefined)) {
      add('tls', 'needs cert_file and key_file together', 'add the missing one');
    }
    return faults;
  });
}
