import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { packageFile } from '../../contract/package-root.ts';
import { type RunningProcess, startProcess } from './processes.ts';

/** A gateway as its own process, reached only through its public doors. */
export interface Gateway {
  process: RunningProcess;
  configFile: string;
  dataDir: string;
  /** `http://127.0.0.1:PORT` */
  url: string;
  mqttPort: number;
  /** Start to ready, milliseconds. */
  startMs: number;
}

export interface GatewayOptions {
  dir: string;
  /** Merged into `edge.yaml` at the top level. */
  config?: Record<string, unknown>;
  /** The site import, as an object; written beside the configuration. */
  site?: Record<string, unknown>;
  env?: NodeJS.ProcessEnv;
  /** Put before `node`, e.g. `['strace', ...]`. */
  wrap?: string[];
  /** Further arguments of `start`. */
  args?: string[];
}

/** Identity used by tests: a primary school in Lixia district, Jinan. */
export const testSite = { gateway: 'gw-test', school: '2137000001', region: '370102', name: '历下测试小学' };

/** Writes `edge.yaml` and the site import into `dir`; returns the configuration's path. */
export function writeGatewayConfig({ dir, config, site }: GatewayOptions): string {
  mkdirSync(dir, { recursive: true });
  const siteConfig: Record<string, unknown> = { ...testSite };
  if (site !== undefined) {
    writeFileSync(join(dir, 'campus.yaml'), stringify(site));
    siteConfig.import = 'campus.yaml';
  }
  const edge = {
    site: siteConfig,
    data_dir: 'data',
    mqtt: { listeners: [{ host: '127.0.0.1', port: 0 }] },
    console: { host: '127.0.0.1', port: 0 },
    ...config,
  };
  const file = join(dir, 'edge.yaml');
  writeFileSync(file, stringify(edge));
  return file;
}

/** As the gateway is started everywhere: `main.ts`, `npm start`, `Dockerfile`. */
export const nodeFlags = ['--max-semi-space-size=64'];

/** A start takes 2 s; on a machine with other work it may take many times that. */
const START_WITHIN_MS = 60_000;

/** Starts the built gateway and waits until it says it is ready. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const configFile = writeGatewayConfig(options);
  return restartGateway(configFile, options);
}

/** Starts a gateway on a configuration that exists already. */
export async function restartGateway(
  configFile: string,
  options: Pick<GatewayOptions, 'env' | 'wrap' | 'args'> = {},
): Promise<Gateway> {
  const began = performance.now();
  const argv = [
    ...(options.wrap ?? []),
    process.execPath,
    ...nodeFlags,
    packageFile('dist', 'edge', 'main.js'),
    'start',
    '--config',
    configFile,
    ...(options.args ?? []),
  ];
  const running = startProcess(argv[0] as string, argv.slice(1), options.env);
  const isReady = (text: string) => text.includes('"msg":"ready"');
  const line = await running.line(isReady, START_WITHIN_MS).catch(async (error) => {
    // nobody else knows of it
    await running.kill();
    throw error;
  });
  const ready = JSON.parse(line) as { console: string; mqtt: string[]; data: string };
  const mqttPort = Number(new URL(ready.mqtt[0] as string).port);
  return {
    process: running,
    configFile,
    dataDir: ready.data,
    url: ready.console,
    mqttPort,
    startMs: performance.now() - began,
  };
}

/** A signed-in person. */
export interface Session {
  url: string;
  cookie: string;
  /** Calls the API as this person; the parsed body stands beside the status. */
  call(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
}

/** Signs in at the console; throws with the server's answer when refused. */
export async function signIn(
  url: string,
  user: string,
  password: string,
  station = 'security-room',
  place?: string,
): Promise<Session> {
  const response = await fetch(`${url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify({ user, password, station, place }),
  });
  if (!response.ok) throw new Error(`sign-in of ${user}: ${response.status} ${await response.text()}`);
  const cookie = response.headers
    .getSetCookie()
    .map((c) => c.split(';')[0])
    .join('; ');
  const call: Session['call'] = async (method, path, body) => {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: {
        cookie,
        origin: url,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
  };
  return { url, cookie, call };
}
