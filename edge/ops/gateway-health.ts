import { statfsSync } from 'node:fs';
import type { IsolationView, LiveStatus } from '../../contract/live.ts';
import type { Adapter } from '../adapters/adapter.ts';
import type { OnvifAdapter } from '../adapters/onvif/onvif-adapter.ts';
import type { NotReady } from '../api/ports.ts';
import type { ArmingStatus } from '../arming/arming.ts';
import type { Drills } from '../drills/drills.ts';
import type { Duty } from '../duty/duty.ts';
import type { StorageState } from '../journal/batch.ts';
import type { Registry } from '../registry/registry.ts';
import type { ClockWatch } from './clock-watch.ts';
import type { DevicePresence } from './device-presence.ts';
import type { UplinkView } from './uplink-view.ts';

/** Bytes that a stored event costs, index and WAL included; measured, rounded up. */
const BYTES_PER_EVENT = 1_500;
/** A campus's long-term rate when nothing is known yet: events a second. */
const EVENTS_PER_SECOND = 1;

export interface GatewayHealthOptions {
  uplinks: readonly UplinkView[];
  journal: { readonly storage: StorageState };
  broker: Pick<Adapter, 'status'>;
  registry: Pick<Registry, 'devices'>;
  /** Devices spoke here before, and none was registered at the start. */
  registryLost: boolean;
  presence: Pick<DevicePresence, 'counts'>;
  clockWatch: Pick<ClockWatch, 'quality'>;
  inbox: { readonly counts: NonNullable<LiveStatus['inbox']> };
  /** A console of somebody on duty can be heard. */
  soundArmed: () => boolean;
  onvif: Pick<OnvifAdapter, 'status'>;
  arming: { status(): ArmingStatus };
  /** Detectors that are isolated. */
  isolations: () => IsolationView[];
  drills: Pick<Drills, 'view'>;
  duty: Pick<Duty, 'view'>;
}

/** What the lights of the console, the heartbeat and the probes show. */
export class GatewayHealth {
  readonly #o: GatewayHealthOptions;

  constructor(options: GatewayHealthOptions) {
    this.#o = options;
  }

  status(): LiveStatus {
    const { uplinks, journal, clockWatch, inbox, soundArmed } = this.#o;
    const isolations = this.#o.isolations();
    const drills = this.#o.drills.view();
    return {
      k: 'status',
      uplinks: uplinks.map((uplink) => {
        const { recipient, state, lanes } = uplink.status();
        return { recipient, state, oldestS: Math.max(lanes.a.oldestS, lanes.e.oldestS) };
      }),
      storage: journal.storage,
      clock: clockWatch.quality(),
      cameras: this.#cameras(),
      devices: this.#o.presence.counts(),
      inbox: inbox.counts,
      sound: soundArmed() ? 'armed' : 'none',
      mode: drills.find(({ kind }) => kind === 'drill')?.kind ?? drills[0]?.kind ?? 'normal',
      ...(drills.length === 0 ? {} : { drills }),
      duty: this.#o.duty.view(),
      ...shown(this.#o.arming.status()),
      ...(isolations.length === 0 ? {} : { isolations }),
    };
  }

  /** Silent are all that answer and tell nothing, whatever the reason. */
  #cameras(): LiveStatus['cameras'] {
    const { ok, silent, offline, refused, unsupported, unknown } = this.#o.onvif.status().states;
    const total = ok + silent + offline + refused + unsupported + unknown;
    return { total, silent: silent + refused + unsupported, offline };
  }

  notReady(): NotReady[] {
    const { broker, registry, registryLost } = this.#o;
    const { state } = broker.status();
    const reasons: NotReady[] = [];
    if (state !== 'running') {
      reasons.push({
        part: 'broker',
        detail: {
          zh: `设备接入未就绪（${state}）；请查看日志。`,
          en: `The broker is ${state}; see the log.`,
        },
      });
    }
    if (registryLost && registry.devices().length === 0) {
      reasons.push({
        part: 'registry',
        detail: {
          zh: '设备登记已丢失，所有设备均被拒绝；请恢复 site.db 或重新导入（site.import）。',
          en: 'No device is registered any more and every device is refused; restore site.db, or import the site again.',
        },
      });
    }
    return reasons;
  }
}

/** How long the free space can hold events while no recipient takes them, hours. */
export function holdHours(dataDir: string): number {
  try {
    const { bavail, bsize } = statfsSync(dataDir);
    return Math.floor((bavail * bsize) / (BYTES_PER_EVENT * EVENTS_PER_SECOND * 3_600));
  } catch {
    return 0;
  }
}

/** Only what there is: most campuses have nothing to prompt for. */
function shown(arming: ArmingStatus): Partial<ArmingStatus> {
  return Object.fromEntries(Object.entries(arming).filter(([, list]) => list.length > 0));
}
