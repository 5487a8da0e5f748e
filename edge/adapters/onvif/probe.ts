import { type Bounds, type DeviceFacts, identify } from './calls.ts';
import { OnvifFailure } from './failure.ts';
import {
  type AccessPoint,
  accessPointsOf,
  type Door,
  doorsOf,
  inputsOf,
  type MediaProfile,
  macsOf,
  mediaProfilesOf,
  type Named,
  orNone,
  presetsOf,
  type Relay,
  relaysOf,
  streamUriOf,
} from './probe-lists.ts';
import { pullPointSupport, type Service, type ServicePaths, servicesOf } from './probe-services.ts';
import type { SoapClient } from './soap-client.ts';

/** Streams whose address is asked for: a recorder of 64 channels has 128. */
const MAX_STREAMS = 8;

export interface Stream extends MediaProfile {
  /** As the device says it, which behind NAT is another than ours; '': it does not say. */
  url: string;
}

/** What a device tells somebody whom it knows. */
export interface DeviceReport extends DeviceFacts {
  macs: readonly string[];
  services: readonly Service[];
  /** It can tell us what happens; undefined: it does not say. */
  pullPoint: boolean | undefined;
  streams: readonly Stream[];
  inputs: readonly string[];
  relays: readonly Relay[];
  accessPoints: readonly AccessPoint[];
  doors: readonly Door[];
  presets: readonly Named[];
  /** The question that was refused to this user, or that failed: what comes after it is not known. */
  stoppedAt: { what: string; failure: OnvifFailure } | undefined;
}

/**
 * Asks a device who it is, with credentials (the trial of them), then what it has. Rejects when the first question fails;
 * later the first refusal or lost connection ends the asking, because each refused question may count as a failed sign-in.
 */
export async function readDevice(client: SoapClient, url: string, bounds: Bounds): Promise<DeviceReport> {
  const facts = await identify(client, bounds);
  const report: { -readonly [Key in keyof DeviceReport]: DeviceReport[Key] } = {
    ...(facts ?? { manufacturer: '', model: '', firmware: '', serial: '' }),
    macs: [],
    services: [],
    pullPoint: undefined,
    streams: [],
    inputs: [],
    relays: [],
    accessPoints: [],
    doors: [],
    presets: [],
    stoppedAt: undefined,
  };
  let paths: ServicePaths = new Map();
  // the most useful first: what is refused ends it
  const questions: ReadonlyArray<readonly [what: string, ask: () => Promise<void>]> = [
    [
      'services',
      async () => {
        paths = await servicesOf(client, url, bounds);
        report.services = [...paths.keys()];
      },
    ],
    [
      'pull points',
      async () => {
        report.pullPoint = await pullPointSupport(client, paths, bounds);
      },
    ],
    [
      'streams',
      async () => {
        const profiles = await orNone(mediaProfilesOf(client, paths, bounds), []);
        report.streams = profiles.map((profile) => ({ ...profile, url: '' }));
        const streams: Stream[] = [];
        for (const profile of profiles.slice(0, MAX_STREAMS))
          streams.push({
            ...profile,
            url: await orNone(streamUriOf(client, paths, bounds, profile.token), ''),
          });
        report.streams = [...streams, ...report.streams.slice(streams.length)];
      },
    ],
    [
      'digital inputs',
      async () => {
        report.inputs = await orNone(inputsOf(client, paths, bounds), []);
      },
    ],
    [
      'relay outputs',
      async () => {
        report.relays = await orNone(relaysOf(client, paths, bounds), []);
      },
    ],
    [
      'access points',
      async () => {
        report.accessPoints = await orNone(accessPointsOf(client, paths, bounds), []);
      },
    ],
    [
      'doors',
      async () => {
        report.doors = await orNone(doorsOf(client, paths, bounds), []);
      },
    ],
    [
      'presets',
      async () => {
        const profile = movable(report.streams);
        if (profile !== undefined)
          report.presets = await orNone(presetsOf(client, paths, bounds, profile.token), []);
      },
    ],
    [
      'network interfaces',
      async () => {
        report.macs = await orNone(macsOf(client, paths, bounds), []);
      },
    ],
  ];
  for (const [what, question] of questions) {
    try {
      await question();
    } catch (error) {
      if (!(error instanceof OnvifFailure)) throw error;
      report.stoppedAt = { what, failure: error };
      break;
    }
  }
  return report;
}

/** The profile through which a camera is moved. */
export function movable<Profile extends MediaProfile>(profiles: readonly Profile[]): Profile | undefined {
  return profiles.find(({ ptz }) => ptz);
}
