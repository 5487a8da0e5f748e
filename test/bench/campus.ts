import { join } from 'node:path';
import {
  type Gateway,
  type GatewayOptions,
  restartGateway,
  type Session,
  signIn,
  startGateway,
  writeGatewayConfig,
} from '../simulators/gateway.ts';
import { Publisher } from './paced-publisher.ts';

/** A broker account. */
export interface Account {
  user: string;
  password: string;
}

/** The one account that publishes for every device: no password check for each of 1,000 connections. */
export const account: Account = { user: 'bench', password: 'account-of-the-bench' };
/** Whose device floods: at the pace that is usual for an account. */
export const mad: Account = { user: 'mad', password: 'mad-account-of-the-bench' };
const guard: Account = { user: 'guard', password: 'guard-of-the-bench' };

/**
 * Wired I/O modules `io-1`..., each at its own slot; input 1 is a panic button, 3 a door, the others are recorded.
 * Zigbee contacts `zb-1`... behind one bridge, one for each ten modules.
 */
export function benchCampus(modules: number): Record<string, unknown> {
  const ids = Array.from({ length: modules }, (_, i) => `io-${i + 1}`);
  const contacts = Array.from({ length: Math.ceil(modules / 10) }, (_, i) => `zb-${i + 1}`);
  const rooms = Array.from({ length: Math.min(modules, 200) }, (_, i) => `room-${i + 1}`);
  const roomOf = (i: number) => rooms[i % rooms.length] as string;
  return {
    places: [
      { id: 'campus', kind: 'campus', name: '测量校园' },
      { id: 'teaching', kind: 'building', name: '教学楼', parent: 'campus' },
      ...rooms.map((id) => ({ id, kind: 'room', name: id, parent: 'teaching' })),
    ],
    slots: [
      ...ids.map((id, i) => ({ id: `${id}-box`, name: '输入箱', place: roomOf(i) })),
      ...ids.map((id, i) => ({ id: `${id}-panic`, name: '一键报警', place: roomOf(i), lifeSafety: true })),
      ...contacts.map((id, i) => ({ id: `${id}-door`, name: '门磁', place: roomOf(i) })),
    ],
    devices: [
      ...ids.map((id) => ({
        id,
        name: id,
        profile: 'io.wired',
        key: id,
        slot: `${id}-box`,
        inputs: { 1: { slot: `${id}-panic`, means: 'panic' }, 3: { means: 'door-state' } },
      })),
      { id: 'z2m', name: 'Zigbee 网桥', profile: 'zigbee2mqtt.bridge', key: 'zigbee2mqtt' },
      ...contacts.map((id) => ({
        id,
        name: id,
        profile: 'zigbee2mqtt.device',
        key: id,
        slot: `${id}-door`,
        bridge: 'z2m',
      })),
    ],
    credentials: [account, mad].map((one) => ({
      ...{ ...one, publish: ['io/#', 'zigbee2mqtt/#'], subscribe: [] },
    })),
    users: [{ ...guard, name: '张值班', role: 'guard' }],
  };
}

/** A gateway with the campus of the bench, and a person who is signed in. */
export interface BenchGateway extends Gateway {
  session: Session;
}

/** One account publishes for all of them, as fast as it can. */
export const unbound = {
  ...{ listeners: [{ host: '127.0.0.1', port: 0 }], max_per_account: 50_000, max_unsigned: 50_000 },
  max_rate: 100_000,
};

/** Writes the configuration of a gateway with so many modules; returns its path. */
export function writeBenchConfig(
  dir: string,
  modules: number,
  config: GatewayOptions['config'] = {},
): string {
  return writeGatewayConfig({ dir, config: { mqtt: unbound, ...config }, site: benchCampus(modules) });
}

/** Starts a gateway with so many modules in a folder of its own. */
export async function startBenchGateway(
  dir: string,
  modules: number,
  config: GatewayOptions['config'] = {},
): Promise<BenchGateway> {
  const options = { dir, config: { mqtt: unbound, ...config }, site: benchCampus(modules) };
  return ready(await startGateway(options));
}

/** Starts a gateway on a folder that `writeBenchConfig` has prepared. */
export async function restartBenchGateway(dir: string): Promise<BenchGateway> {
  return ready(await restartGateway(join(dir, 'edge.yaml')));
}

async function ready(gateway: Gateway): Promise<BenchGateway> {
  // the first sign-in of an account costs a scrypt; the others find it remembered
  (await Publisher.open(gateway.mqttPort, 'first', account.user, account.password)).close();
  return { ...gateway, session: await signIn(gateway.url, guard.user, guard.password) };
}
