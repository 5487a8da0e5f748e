import type { RenderedCall } from '../../../device-profiles/command.ts';
import { type OnvifOperation, onvifOperations } from '../../../device-profiles/onvif-operations.ts';
import type { Bounds } from './calls.ts';
import type { OnvifDevice } from './device.ts';
import { mayHaveHappened, OnvifFailure } from './failure.ts';
import { movable } from './probe.ts';
import {
  type AccessPoint,
  accessPointsOf,
  type Door,
  doorsOf,
  mediaProfilesOf,
  type Named,
  orNone,
  presetsOf,
  type Relay,
  relaysOf,
} from './probe-lists.ts';
import { ask, type Service, type ServicePaths, servicesOf } from './probe-services.ts';
import type { Reach } from './reach.ts';
import { escapeXml } from './xml.ts';

/** What of a device can be told to do something. */
export interface Outputs {
  relays: readonly Relay[];
  doors: readonly Door[];
  accessPoints: readonly AccessPoint[];
  presets: readonly Named[];
}

/**
 * What became of a call. `done`: the device says that it did it. `refused`: it says that it did not, and why. `not-permitted`:
 * the gateway's user may not. `not-sent`: nothing left the gateway. `no-answer`: it may have been done.
 */
export type CallOutcome =
  | { is: 'done' }
  | { is: 'refused' | 'not-permitted' | 'not-sent' | 'no-answer'; reason: string };

export interface OnvifOutputsOptions {
  /** Undefined: no such device, or it is not reached over ONVIF. */
  reach: (device: string) => Reach | undefined;
  /** For each call. */
  timeoutMs: number;
  /** Milliseconds since 1970. */
  clock: () => number;
}

/** What each operation acts on, and the capability that a door needs for it. */
const acts: Readonly<Record<OnvifOperation, { service: Service; on?: keyof Outputs; can?: string }>> = {
  SetRelayOutputState: { service: 'device', on: 'relays' },
  AccessDoor: { service: 'doors', on: 'doors', can: 'Access' },
  UnlockDoor: { service: 'doors', on: 'doors', can: 'Unlock' },
  LockDoor: { service: 'doors', on: 'doors', can: 'Lock' },
  DoubleLockDoor: { service: 'doors', on: 'doors', can: 'DoubleLock' },
  BlockDoor: { service: 'doors', on: 'doors', can: 'Block' },
  LockDownDoor: { service: 'doors', on: 'doors', can: 'LockDown' },
  LockDownReleaseDoor: { service: 'doors', on: 'doors', can: 'LockDown' },
  LockOpenDoor: { service: 'doors', on: 'doors', can: 'LockOpen' },
  LockOpenReleaseDoor: { service: 'doors', on: 'doors', can: 'LockOpen' },
  EnableAccessPoint: { service: 'access', on: 'accessPoints' },
  DisableAccessPoint: { service: 'access', on: 'accessPoints' },
  GotoPreset: { service: 'ptz', on: 'presets' },
  SystemReboot: { service: 'device' },
};

/** Outputs change with the settings of a device only. */
const REMEMBERED_MS = 600_000;

interface Known {
  of: OnvifDevice;
  until: number;
  paths: Promise<ServicePaths>;
  /** Of the media profile by which it is moved. */
  profile: Promise<string | undefined>;
  outputs: Promise<Outputs>;
}

/** Relays, doors, access points, presets and the reboot of devices over ONVIF. Nothing is ever sent twice. */
export class OnvifOutputs {
  readonly #o: OnvifOutputsOptions;
  readonly #known = new Map<string, Known>();

  constructor(options: OnvifOutputsOptions) {
    this.#o = options;
  }

  /** What a device has for an operation, by its own list; empty: nothing. Undefined: it cannot be asked now, or needs none. */
  async targets(
    id: string,
    operation: OnvifOperation,
  ): Promise<ReadonlyArray<Named & Partial<Relay>> | undefined> {
    const { on, can } = acts[operation];
    const reach = this.#o.reach(id);
    if (on === undefined || reach === undefined || !isWell(reach)) return undefined;
    const outputs = await this.#ask(reach).outputs.catch(() => undefined);
    if (outputs === undefined) return undefined;
    if (operation === 'DisableAccessPoint' || operation === 'EnableAccessPoint')
      return outputs.accessPoints.filter(({ canDisable }) => canDisable);
    if (on !== 'doors' || can === undefined) return outputs[on];
    return outputs.doors.filter((door) => door.can.length === 0 || door.can.includes(can));
  }

  /** Makes the call once, in bounded time. Never rejects. */
  async run(id: string, { operation, with: given }: RenderedCall): Promise<CallOutcome> {
    const reach = this.#o.reach(id);
    if (reach === undefined) return { is: 'not-sent', reason: 'it is not reached over ONVIF' };
    const { health, client } = reach;
    // no further attempt with credentials that are refused: it would lock the account
    if (health?.state === 'refused') return { is: 'not-permitted', reason: health.reason };
    const { service } = acts[operation];
    let paths: ServicePaths;
    let profile: string | undefined;
    try {
      const known = this.#ask(reach);
      paths = await known.paths;
      if (!paths.has(service)) return { is: 'refused', reason: `it has no service for ${operation}` };
      profile = operation === 'GotoPreset' ? await known.profile : undefined;
      if (operation === 'GotoPreset' && profile === undefined)
        return { is: 'refused', reason: 'it has no profile that can be moved' };
    } catch (error) {
      // only questions so far
      return { is: 'not-sent', reason: wordsOf(error) };
    }
    const all = profile === undefined ? given : { ...given, ProfileToken: profile };
    const order = operation === 'GotoPreset' ? ['ProfileToken', 'PresetToken'] : onvifOperations[operation];
    const body = order
      .map((name) => name.replace('?', ''))
      .flatMap((name) => (all[name] === undefined ? [] : [`<${name}>${escapeXml(all[name])}</${name}>`]))
      .join('');
    try {
      await ask(client, paths, service, operation, body, this.#bounds());
      return { is: 'done' };
    } catch (error) {
      return outcomeOf(error);
    }
  }

  #bounds(): Bounds {
    return { timeoutMs: this.#o.timeoutMs };
  }

  /** The questions to a device, asked once and remembered; what failed is asked again. */
  #ask(reach: Reach): Known {
    const { device, client } = reach;
    const now = this.#o.clock();
    const known = this.#known.get(device.id);
    if (known !== undefined && known.of === device && known.until > now) return known;
    const bounds = this.#bounds();
    const paths = servicesOf(client, device.url, bounds);
    const profile = paths.then((found) => moved(reach, found, bounds));
    const outputs = paths.then(async (found): Promise<Outputs> => {
      // one after the other: small devices hold few connections
      const relays = await orNone(relaysOf(client, found, bounds), []);
      const doors = await orNone(doorsOf(client, found, bounds), []);
      const accessPoints = await orNone(accessPointsOf(client, found, bounds), []);
      const token = await profile;
      const presets = token === undefined ? [] : await orNone(presetsOf(client, found, bounds, token), []);
      return { relays, doors, accessPoints, presets };
    });
    const asked: Known = { of: device, until: now + REMEMBERED_MS, paths, profile, outputs };
    this.#known.set(device.id, asked);
    for (const answer of [paths, profile, outputs])
      answer.catch(() => {
        if (this.#known.get(device.id) === asked) this.#known.delete(device.id);
      });
    return asked;
  }
}

async function moved({ client }: Reach, paths: ServicePaths, bounds: Bounds): Promise<string | undefined> {
  if (!paths.has('ptz')) return undefined;
  return movable(await orNone(mediaProfilesOf(client, paths, bounds), []))?.token;
}

/** What is offline or refuses us is not asked what it has. */
function isWell({ health }: Reach): boolean {
  return health?.state !== 'offline' && health?.state !== 'refused';
}

function outcomeOf(error: unknown): CallOutcome {
  const reason = wordsOf(error);
  if (!(error instanceof OnvifFailure)) return { is: 'no-answer', reason };
  const { kind, said } = error;
  if (kind === 'rejected') return { is: 'not-permitted', reason: said ?? reason };
  if (mayHaveHappened(kind)) return { is: 'no-answer', reason };
  return kind === 'unreachable' || kind === 'tls'
    ? { is: 'not-sent', reason }
    : { is: 'refused', reason: said ?? reason };
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
