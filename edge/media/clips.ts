import { join } from 'node:path';
import type { Logger } from 'pino';
import { uuidv7 } from 'uuidv7';
import type { Viewer } from '../adapters/video/channel.ts';
import type { LiveVideo } from '../adapters/video/live-video.ts';
import { type PictureTools, remux } from './pictures.ts';
import { type Piece, Ring } from './ring.ts';

/** A camera of which a film is kept around each alarm. */
export interface ClipSettings {
  camera: string;
  stream: 'main' | 'sub';
  beforeMs: number;
  afterMs: number;
  /** Memory for the seconds before; a film takes twice that at most. */
  ringBytes: number;
}

export interface ClipsOptions {
  settings: readonly ClipSettings[];
  /** Registered, a camera, and not in a private place. */
  mayRecord: (camera: string) => boolean;
  video: Pick<LiveVideo, 'view'>;
  tools: PictureTools;
  /** Folder for a film that is being made. */
  tmp: string;
  /** A film was made, or could not be. `at`: when it begins. */
  done: (camera: string, alarms: readonly string[], film: { file: string; at: number } | undefined) => void;
  clock: () => number;
  logger: Logger;
}

/** The film around an alarm, while it is still growing. */
interface Recording {
  alarms: string[];
  piece: Piece | undefined;
  bytes: number;
  timer: NodeJS.Timeout;
}

/** Keeps the last seconds of some cameras in memory, and makes films of them when alarms are raised. */
export class Clips {
  readonly #o: ClipsOptions;
  readonly #tapes = new Map<string, Tape>();
  #stopped = false;

  constructor(options: ClipsOptions) {
    this.#o = options;
  }

  /** Cameras whose seconds are kept now, and the bytes that takes. */
  status(): { cameras: number; bytes: number } {
    const tapes = [...this.#tapes.values()];
    return { cameras: tapes.length, bytes: tapes.reduce((sum, { ring }) => sum + ring.bytes, 0) };
  }

  /** Begins and ends with what is registered: call it whenever that changes. */
  refresh(): void {
    for (const settings of this.#o.settings) {
      const { camera } = settings;
      const wanted = !this.#stopped && this.#o.mayRecord(camera);
      const tape = this.#tapes.get(camera);
      if (wanted && tape === undefined) this.#tapes.set(camera, new Tape(settings, this.#o));
      if (wanted || tape === undefined) continue;
      tape.end();
      this.#tapes.delete(camera);
    }
  }

  /** The newest keyframe that is kept of a camera. */
  newest(camera: string): Piece | undefined {
    return this.#tapes.get(camera)?.ring.newest();
  }

  /** An alarm was raised that this camera sees. Nothing, where no film of it is wanted. */
  record(camera: string, alarm: string): void {
    this.#tapes.get(camera)?.record(alarm);
  }

  stop(): void {
    this.#stopped = true;
    this.refresh();
  }
}

/** Before a stream is asked for again that was refused, as when too many are open. */
const AGAIN_MS = 30_000;

/** One camera's. */
class Tape implements Viewer {
  readonly ring: Ring;
  readonly #settings: ClipSettings;
  readonly #o: ClipsOptions;
  #leave: () => void = () => undefined;
  #again: NodeJS.Timeout | undefined;
  #recording: Recording | undefined;
  /** Said once for each time that nothing comes. */
  #isDown = false;

  constructor(settings: ClipSettings, options: ClipsOptions) {
    const { beforeMs, ringBytes } = settings;
    this.#settings = settings;
    this.#o = options;
    this.ring = new Ring({ beforeMs, maxBytes: ringBytes });
    this.#view();
  }

  #view(): void {
    const { camera, stream } = this.#settings;
    this.#leave = this.#o.video.view({ camera, stream, mse: true }, this);
  }

  started(head: Parameters<Viewer['started']>[0]): void {
    // what was filmed before the break is all there is
    if (this.#recording !== undefined) this.#finish();
    this.ring.begin(head);
    this.#isDown = false;
    if (head.player === 'mse') return;
    const { camera } = this.#settings;
    this.#o.logger.warn(
      { camera },
      'no film is kept of a stream that is not H.264: set the camera to H.264, or take it out of media.clips',
    );
    // transcoding for nobody would cost a third of a core; it may come from within `view`, which has not answered yet
    queueMicrotask(() => this.#leave());
  }

  segment(segment: Parameters<Viewer['segment']>[0]): void {
    this.ring.add(segment, this.#o.clock());
    const { piece } = this.#recording ?? {};
    if (this.#recording === undefined) return;
    if (piece === undefined) this.#recording.piece = this.ring.newest();
    else piece.segments.push(segment.data);
    this.#recording.bytes += segment.data.length;
    if (this.#recording.bytes > 2 * this.#settings.ringBytes) this.#finish();
  }

  failed({ code }: Parameters<Viewer['failed']>[0], retryInMs?: number): void {
    const { camera } = this.#settings;
    if (!this.#isDown) this.#o.logger.warn({ camera, why: code }, 'nothing is filmed for now');
    this.#isDown = true;
    if (this.#recording !== undefined) this.#finish();
    if (retryInMs === undefined) this.#again = setTimeout(() => this.#view(), AGAIN_MS);
  }

  record(alarm: string): void {
    if (this.#recording !== undefined) {
      this.#recording.alarms.push(alarm);
      return;
    }
    const { beforeMs, afterMs } = this.#settings;
    const piece = this.ring.since(this.#o.clock() - beforeMs);
    const timer = setTimeout(() => this.#finish(), afterMs);
    const bytes = piece?.segments.reduce((sum, { length }) => sum + length, 0) ?? 0;
    this.#recording = { alarms: [alarm], piece, bytes, timer };
  }

  end(): void {
    clearTimeout(this.#again);
    this.#leave();
    if (this.#recording !== undefined) clearTimeout(this.#recording.timer);
    this.#recording = undefined;
  }

  #finish(): void {
    const recording = this.#recording;
    if (recording === undefined) return;
    this.#recording = undefined;
    clearTimeout(recording.timer);
    void this.#make(recording);
  }

  async #make({ alarms, piece }: Recording): Promise<void> {
    const { tools, tmp, done, logger } = this.#o;
    const { camera } = this.#settings;
    if (piece === undefined || piece.head.player !== 'mse') return done(camera, alarms, undefined);
    const file = join(tmp, `${uuidv7()}.mp4`);
    try {
      await remux(piece, file, tools);
      done(camera, alarms, { file, at: piece.at });
    } catch (err) {
      logger.warn({ err, camera }, 'no film could be made of an alarm');
      done(camera, alarms, undefined);
    }
  }
}
