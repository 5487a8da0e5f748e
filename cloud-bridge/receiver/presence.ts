import type { GatewayState, Heartbeat } from '../../contract/gateway-state.ts';
import type { UplinkPath } from '../../contract/uplink-topic.ts';

/** Missed heartbeats after which a gateway counts as offline. */
const MISSED_HEARTBEATS = 3;

/** What the receiver knows of one gateway. Times are milliseconds since 1970. */
export interface GatewayRecord {
  school: string;
  gateway: string;
  /** County it connects from, 6 digits. */
  region: string;
  name?: string;
  boot?: string;
  epoch?: string;
  predecessor?: string;
  software?: string;
  schema?: number;
  capabilities?: string[];
  /** What it said last of its connection. */
  link: 'online' | 'stopped' | 'gone';
  since: number;
  lastSeen: number;
  /** After a planned stop: when it means to be back. */
  untilAt?: string;
  heartbeat?: Pick<Heartbeat, 'at' | 'lanes' | 'outbox' | 'holdHours' | 'clock' | 'calendar'>;
}

/** A gateway as the province sees it now. */
export interface Presence {
  presence: 'online' | 'offline' | 'stopped';
  since: number;
  /** Why it is offline. */
  reason?: 'connection-lost' | 'heartbeats-missed';
}

/**
 * The record after a message on `up/state`. `retained`: it was delivered from the broker's store, so it proves what
 * the broker believes, not that the gateway is there now. A `gone` or `bye` of an older boot changes nothing.
 */
export function applyState(
  record: GatewayRecord | undefined,
  path: UplinkPath,
  state: GatewayState,
  at: number,
  retained: boolean,
): GatewayRecord {
  const before = record ?? unseen(path, at);
  if (state.k === 'gone' || state.k === 'bye') {
    if (before.boot !== undefined && before.boot !== state.boot) return before;
    const link = state.k === 'gone' ? 'gone' : 'stopped';
    const { untilAt: _, ...rest } = before;
    const stay = before.link === link && before.boot === state.boot;
    return {
      ...rest,
      boot: state.boot,
      link,
      since: stay ? before.since : at,
      lastSeen: retained ? before.lastSeen : at,
      ...(state.k === 'bye' && state.untilAt !== undefined ? { untilAt: state.untilAt } : {}),
    };
  }
  const { untilAt: _, ...rest } = before;
  const proven = state.k === 'hb' && retained ? Math.min(at, Date.parse(state.at)) : at;
  const online = {
    ...rest,
    region: path.county,
    boot: state.boot,
    epoch: state.epoch,
    software: state.software,
    link: 'online' as const,
    since: record !== undefined && before.link === 'online' ? before.since : at,
    lastSeen: Math.max(record?.lastSeen ?? 0, proven),
  };
  if (state.k === 'hb') {
    const { at: sentAt, lanes, outbox, holdHours, clock, calendar } = state;
    const told = {
      at: sentAt,
      lanes,
      outbox,
      holdHours,
      clock,
      ...(calendar === undefined ? {} : { calendar }),
    };
    return { ...online, heartbeat: told };
  }
  const { name, schema, capabilities, predecessor } = state;
  return { ...online, name, schema, capabilities, ...(predecessor === undefined ? {} : { predecessor }) };
}

/** The record after a frame: it proves that the gateway is there, not that its connection still is. */
export function applyFrame(record: GatewayRecord | undefined, path: UplinkPath, at: number): GatewayRecord {
  return {
    ...(record ?? unseen(path, at)),
    region: path.county,
    lastSeen: Math.max(record?.lastSeen ?? 0, at),
  };
}

/** Online, offline or stopped at `now`. */
export function presenceOf(record: GatewayRecord, now: number, heartbeatMs: number): Presence {
  if (record.link === 'stopped') return { presence: 'stopped', since: record.since };
  if (record.link === 'gone') return { presence: 'offline', since: record.since, reason: 'connection-lost' };
  if (now - record.lastSeen <= MISSED_HEARTBEATS * heartbeatMs)
    return { presence: 'online', since: record.since };
  return { presence: 'offline', since: record.lastSeen, reason: 'heartbeats-missed' };
}

function unseen({ school, gateway, county }: UplinkPath, at: number): GatewayRecord {
  return { school, gateway, region: county, link: 'online', since: at, lastSeen: at };
}
