import type { Logger } from 'pino';
import type { CameraStream, CameraStreams, StreamChoice } from './camera-streams.ts';
import { Channel, type ChannelTimes, defaultChannelTimes, type Viewer } from './channel.ts';
import { problems } from './problems.ts';
import { RtspRelay } from './rtsp-relay.ts';
import type { SessionTimes } from './rtsp-session.ts';

/** Streams shown at once, and those of which the last seconds are kept; a copy takes some 2 % of a core. */
const MAX_CHANNELS = 48;
/** Streams made into MPEG-1 at once; each takes some 30 % of a core. */
const MAX_TRANSCODES = 4;

export interface LiveVideoOptions {
  streams: CameraStreams;
  logger: Logger;
  /** Program; default: `ffmpeg` from the PATH. */
  ffmpeg?: string;
  times?: Partial<ChannelTimes>;
  sessionTimes?: Partial<SessionTimes>;
  random?: () => number;
}

/** What somebody wants to see. */
export interface ViewRequest {
  camera: string;
  stream: StreamChoice;
  /** The browser plays H.264 in fragmented MP4 (Media Source Extensions). */
  mse: boolean;
}

/** Ends a view; may be called twice. */
export type Leave = () => void;

/** The live pictures of all cameras: one ffmpeg a stream, however many look at it. */
export class LiveVideo {
  readonly #o: LiveVideoOptions;
  readonly #relay: RtspRelay;
  readonly #channels = new Map<string, Channel>();
  /** By camera: what it refused, and until when it is left alone. */
  readonly #refused = new Map<string, { stream: CameraStream; until: number }>();
  readonly #closing = new Set<Promise<void>>();
  #stopped = false;

  constructor(options: LiveVideoOptions) {
    this.#o = options;
    this.#relay = new RtspRelay(options.sessionTimes);
  }

  /** Streams with an ffmpeg, and who looks at them. */
  status(): { streams: number; viewers: number; transcodes: number } {
    const channels = [...this.#channels.values()];
    return {
      streams: channels.filter(({ running }) => running).length,
      viewers: channels.reduce((sum, { viewers }) => sum + viewers, 0),
      transcodes: channels.filter(({ transcodes }) => transcodes).length,
    };
  }

  /** Shows a camera to a viewer until it leaves. */
  view({ camera, stream, mse }: ViewRequest, viewer: Viewer): Leave {
    const key = `${camera} ${stream} ${mse ? 'mse' : 'jsmpeg'}`;
    let channel = this.#channels.get(key);
    if (channel === undefined) {
      if (this.#stopped || this.#channels.size >= MAX_CHANNELS) {
        viewer.failed(problems.tooMany());
        return () => undefined;
      }
      channel = this.#channel(key, camera, stream, mse);
    }
    channel.add(viewer);
    return () => channel.remove(viewer);
  }

  /** Ends every ffmpeg. Resolves when they are gone. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const closing = [...this.#channels.values()].map((channel) => channel.close());
    this.#channels.clear();
    await Promise.all([...closing, ...this.#closing]);
    await this.#relay.close();
  }

  #channel(key: string, camera: string, stream: StreamChoice, mse: boolean): Channel {
    const { streams, logger, ffmpeg = 'ffmpeg', times, random = Math.random } = this.#o;
    const all = { ...defaultChannelTimes, ...times };
    const channel = new Channel(
      {
        name: `${camera} ${stream}`,
        relay: this.#relay,
        ffmpeg,
        times: all,
        logger,
        find: () => streams.streamOf(camera, stream),
        heldOff: (found) => this.#heldOff(camera, found),
        onRefused: (refused) =>
          this.#refused.set(camera, { stream: refused, until: performance.now() + all.refusedMs }),
        mayTranscode: () => this.status().transcodes <= MAX_TRANSCODES,
        onIdle: () => this.#forget(key, channel),
        random,
      },
      mse ? 'mse' : 'jsmpeg',
    );
    this.#channels.set(key, channel);
    return channel;
  }

  #forget(key: string, channel: Channel): void {
    if (this.#channels.get(key) === channel) this.#channels.delete(key);
    const closing = channel.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  /** A camera locks an account that is tried too often: whoever asks, the same password is tried once a minute. */
  #heldOff(camera: string, { user, password }: CameraStream): number {
    const refused = this.#refused.get(camera);
    if (refused === undefined) return 0;
    const leftMs = refused.until - performance.now();
    const isSame = refused.stream.user === user && refused.stream.password === password;
    if (leftMs > 0 && isSame) return leftMs;
    this.#refused.delete(camera);
    return 0;
  }
}
