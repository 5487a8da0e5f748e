import { describe } from 'vitest';
import { locate, PEERS, type Peer, type PeerName, peersRequired } from '../setup/peers.mjs';

export type { PeerName };

const located = new Map<PeerName, string | undefined>();

/** Path of a real peer (`peer('mosquitto')`), looked up once; undefined if this machine lacks it. */
export function peer(name: PeerName): string | undefined {
  if (!located.has(name)) located.set(name, locate(row(name)));
  return located.get(name);
}

/** Path of a real peer that the test cannot do without; for use inside `describeWithPeer`. */
export function requirePeer(name: PeerName): string {
  const path = peer(name);
  if (path === undefined) throw new Error(missing([name]));
  return path;
}

/**
 * `describe` that needs real peers. Where one is missing the tests are skipped and the reason stands in
 * their name; with `CI=true` it throws, so that nothing is skipped unseen.
 */
export function describeWithPeer(
  names: PeerName | readonly PeerName[],
  title: string,
  tests: () => void,
): void {
  const lacking = [names].flat().filter((name) => peer(name) === undefined);
  if (lacking.length === 0) {
    describe(title, tests);
    return;
  }
  if (peersRequired) throw new Error(`${title}: ${missing(lacking)}`);
  describe.skip(`${title} (skipped: ${missing(lacking)})`, tests);
}

function missing(names: readonly PeerName[]): string {
  return names.map((name) => `${name} is missing, apt-get install ${row(name).package}`).join('; ');
}

function row(name: PeerName): Peer {
  const found = PEERS.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`unknown peer ${name}: add it to test/setup/peers.mjs`);
  return found;
}
