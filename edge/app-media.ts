import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Logger } from 'pino';
import type { ClipConfig, EdgeConfig } from '../config/edge-schema.ts';
import type { Alarm } from '../contract/alarm.ts';
import type { Clock, Origin } from '../contract/event.ts';
import type { Device } from '../contract/site.ts';
import type { HealthState } from './adapters/onvif/health.ts';
import type { OnvifSnapshots } from './adapters/onvif/snapshots.ts';
import type { LiveVideo } from './adapters/video/live-video.ts';
import type { AlarmBook } from './alarms/book.ts';
import type { MediaPort } from './api/routes/media.ts';
import type { Journal } from './journal/journal.ts';
import { type CameraSite, isPrivateCamera } from './media/cameras.ts';
import { takePicture } from './media/capture.ts';
import { type ClipSettings, Clips } from './media/clips.ts';
import { EvidenceDesk } from './media/evidence.ts';
import { chineseFont } from './media/font.ts';
import { mediaReadings } from './media/media-readings.ts';
import { MediaRetention } from './media/media-retention.ts';
import { MediaStore } from './media/store.ts';
import { watermarked } from './media/watermark.ts';
import type { Reading } from './ops/metrics.ts';
import { Turns } from './ops/turns.ts';
import type { Pipeline } from './pipeline.ts';
import type { Registry } from './registry/registry.ts';

const MIB = 1024 * 1024;
/** A stream needs a connection, a sign-in and the wait for a keyframe. */
const STREAM_MS = 8_000;
/** ffmpegs at a time: for alarms, and for people who look. */
const AT_ONCE = 2;
const MAY_WAIT = 64;
/** After a start: by then the channels to the cameras are up. */
const RESUME_MS = 10_000;

export interface MediaParts {
  config: EdgeConfig;
  registry: Registry;
  isCamera: (device: Device) => boolean;
  /** The state of the channel to a camera. */
  stateOf: (device: string) => HealthState | undefined;
  snapshots: Pick<OnvifSnapshots, 'snapshotOf'>;
  video: LiveVideo;
  book: AlarmBook;
  journal: Pick<Journal, 'reader' | 'onCommit'>;
  pipeline: Pick<Pipeline, 'move' | 'emit'>;
  clock: () => number;
  clockQuality: () => Clock['quality'];
  logger: Logger;
}

/** Pictures and films of alarms. */
export interface MediaWorks {
  port: MediaPort;
  readings: Reading[];
  /** Begins to look at commits; call it when those before are shown. */
  start(): void;
  stop(): Promise<void>;
}

/** Puts together what takes, keeps, removes and shows pictures of alarms. */
export function mediaWorks(parts: MediaParts): MediaWorks {
  const { config, registry, isCamera, stateOf, snapshots, video, book, journal, pipeline, clock, logger } =
    parts;
  const { media } = config;
  const maxBytes = media.max_mib * MIB;
  const dir = join(config.data_dir, 'media');
  const store = new MediaStore({ dir, maxBytes, minFreeBytes: media.min_free_mib * MIB, logger });
  const tools = () => ({ ffmpeg: 'ffmpeg', turns: new Turns(AT_ONCE, MAY_WAIT) });
  const site: CameraSite = {
    devices: () => registry.devices(),
    device: (id) => registry.device(id),
    slot: (id) => registry.slot(id),
    place: (id) => registry.place(id),
    links: () => registry.links(),
    isCamera,
    stateOf,
  };
  const making = tools();
  const desk = new EvidenceDesk({
    site,
    snapshots: media.snapshots,
    take: (camera) =>
      takePicture(camera, {
        snapshotOf: (id, signal) => snapshots.snapshotOf(id, signal),
        ringOf: (id) => clips.newest(id),
        video,
        tools: making,
        snapshotMs: media.snapshot_timeout_s * 1_000,
        streamMs: STREAM_MS,
        clock,
      }),
    store,
    alarm: (id) => book.get(id),
    tell: async (draft, alarm) => {
      const { stored } = await pipeline.move((moves) => moves.emit(draft, { origin: originOf(alarm) }));
      await stored;
    },
    clock,
    monotonic: () => performance.now(),
    logger,
  });
  const clips = new Clips({
    settings: media.clips.map(clipSettings),
    mayRecord: (id) => {
      const device = registry.device(id);
      return device !== undefined && isCamera(device) && !isPrivateCamera(id, site);
    },
    video,
    tools: making,
    tmp: store.tmp,
    done: (camera, alarms, film) => desk.filmed(camera, alarms, film),
    clock,
    logger,
  });
  desk.use(clips);
  const retention = new MediaRetention({
    store,
    maxBytes,
    alarm: async (id) => book.get(id) ?? (await journal.reader.alarm(id)),
    clock,
    clockQuality: parts.clockQuality,
    logger,
  });
  let interrupted: NodeJS.Timeout | undefined;
  const forget = registry.onChange(() => clips.refresh());
  const viewing = { ...tools(), tmp: store.tmp, font: chineseFont() };
  return {
    port: {
      facts: (id) => store.facts(id),
      verified: (facts) => store.verified(facts),
      watermarked: (shown) => watermarked(shown, viewing),
      record: (draft, device) => pipeline.emit(draft, device),
    },
    readings: mediaReadings({ store, desk, retention, clips }),
    start: () => {
      desk.restore(book.open());
      interrupted = setTimeout(() => desk.resume(), RESUME_MS);
      journal.onCommit((committed) => desk.committed(committed));
      clips.refresh();
      store.ready.then(
        () => retention.start(),
        () => undefined,
      );
    },
    stop: async () => {
      clearTimeout(interrupted);
      forget();
      clips.stop();
      await desk.stop();
      await retention.stop();
    },
  };
}

function clipSettings({ camera, stream, before_s, after_s, ring_mib }: ClipConfig): ClipSettings {
  const [beforeMs, afterMs] = [before_s * 1_000, after_s * 1_000];
  return { camera, stream, beforeMs, afterMs, ringBytes: ring_mib * MIB };
}

/** Where an alarm is about. */
function originOf({ device, slot, place, unit }: Alarm): Partial<Origin> {
  return {
    ...(device === undefined ? {} : { device }),
    ...(slot === undefined ? {} : { slot }),
    ...(place === undefined ? {} : { place }),
    ...(unit === undefined ? {} : { unit }),
  };
}
