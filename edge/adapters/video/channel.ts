import type { Logger } from 'pino';
import type { CameraStream } from './camera-streams.ts';
import { openCopy } from './copy-source.ts';
import { reasonOf } from './ffmpeg-reason.ts';
import { GopBuffer } from './gop-buffer.ts';
import { openMpeg1 } from './mpeg1-source.ts';
import { problems, type VideoProblem } from './problems.ts';
import type { Grant, RtspRelay } from './rtsp-relay.ts';
import type { Player, Segment, SourceEvents, StreamHead, VideoSource } from './source.ts';

/** Somebody who looks at a channel. Called in the order in which things happen; must not block. */
export interface Viewer {
  /** A stream begins, also again after a break: what came before is over. */
  started(head: StreamHead): void;
  /** The first one after `started` is a keyframe. */
  segment(segment: Segment): void;
  /** No picture now; `retryInMs`: it is tried again by itself, else this viewer has been let go. */
  failed(problem: VideoProblem, retryInMs?: number): void;
}

export interface ChannelTimes {
  /** A stream without a viewer goes on for so long. */
  idleMs: number;
  /** From SIGTERM to SIGKILL. */
  graceMs: number;
  /** Without a segment for so long ffmpeg is taken for stuck; longer than the relay's limits. */
  stuckMs: number;
  /** Pause before opening a stream again: doubles from the first to the second. */
  retryMs: readonly [least: number, most: number];
  /** Pause after a refused password. */
  refusedMs: number;
}

export const defaultChannelTimes: ChannelTimes = {
  idleMs: 5_000,
  graceMs: 2_000,
  stuckMs: 20_000,
  retryMs: [1_000, 30_000],
  refusedMs: 60_000,
};

export interface ChannelOptions {
  /** Camera and stream, for the log. */
  name: string;
  relay: RtspRelay;
  ffmpeg: string;
  times: ChannelTimes;
  logger: Logger;
  /** Asked before each opening. Rejects with a message for people. */
  find: () => Promise<CameraStream>;
  /** How long the camera must not be asked, since it refused this password, milliseconds; 0: now. */
  heldOff: (stream: CameraStream) => number;
  onRefused: (stream: CameraStream) => void;
  /** May one more stream be transcoded? */
  mayTranscode: () => boolean;
  onIdle: () => void;
  random: () => number;
}

/** One stream of one camera, for all who look at it: opened for the first viewer, closed after the last. */
export class Channel {
  readonly #o: ChannelOptions;
  /** With each: has it had a keyframe to begin with? */
  readonly #viewers = new Map<Viewer, boolean>();
  readonly #gop = new GopBuffer();
  #player: Player;
  #head: StreamHead | undefined;
  #source: VideoSource | undefined;
  #grant: Grant | undefined;
  /** Counts openings: what an earlier one still says is not heard. */
  #opening = 0;
  #isOpen = false;
  #failures = 0;
  #trouble: { problem: VideoProblem; retryAt: number } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stuck: NodeJS.Timeout | undefined;
  #ending: Promise<void> = Promise.resolve();

  constructor(options: ChannelOptions, player: Player) {
    this.#o = options;
    this.#player = player;
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  /** ffmpeg is at work for it. */
  get running(): boolean {
    return this.#source !== undefined;
  }

  get transcodes(): boolean {
    return this.#isOpen && this.#player === 'jsmpeg';
  }

  add(viewer: Viewer): void {
    this.#viewers.set(viewer, this.#gop.segments.length > 0);
    if (this.#head !== undefined) {
      viewer.started(this.#head);
      for (const segment of this.#gop.segments) viewer.segment(segment);
    } else if (this.#trouble !== undefined) {
      viewer.failed(this.#trouble.problem, Math.max(0, this.#trouble.retryAt - performance.now()));
    }
    // waits for its retry, or is open
    if (this.#trouble !== undefined) return;
    clearTimeout(this.#timer);
    if (!this.#isOpen) void this.#open();
  }

  remove(viewer: Viewer): void {
    if (!this.#viewers.delete(viewer) || this.#viewers.size > 0) return;
    if (this.#trouble !== undefined) {
      void this.close();
      this.#o.onIdle();
      return;
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      void this.close();
      this.#o.onIdle();
    }, this.#o.times.idleMs);
  }

  /** Resolves when its ffmpeg is gone. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#trouble = undefined;
    this.#failures = 0;
    this.#shut();
    await this.#ending;
  }

  async #open(): Promise<void> {
    this.#isOpen = true;
    this.#trouble = undefined;
    const opening = ++this.#opening;
    const isOver = () => opening !== this.#opening;
    // one connection to the camera at a time: the program before may take its grace to go
    await this.#ending;
    if (isOver()) return;
    let stream: CameraStream;
    try {
      stream = await this.#o.find();
    } catch (error) {
      if (!isOver()) this.#fail(problems.noAddress(error instanceof Error ? error.message : String(error)));
      return;
    }
    if (isOver()) return;
    const heldOffMs = this.#o.heldOff(stream);
    if (heldOffMs > 0) return this.#fail(problems.wrongPassword(hostOf(stream)), heldOffMs);
    let known: VideoProblem | undefined;
    const grant = await this.#o.relay.grant(stream, {
      codec: (codec) => {
        if (!isOver()) this.#learnCodec(codec);
      },
      failed: (problem) => {
        known ??= problem;
        if (problem.code === 'wrong-password') this.#o.onRefused(stream);
      },
    });
    if (isOver()) return grant?.revoke();
    if (grant === undefined) return this.#fail(known ?? problems.badAddress());
    if (this.#player === 'jsmpeg' && !this.#o.mayTranscode()) {
      grant.revoke();
      return this.#fail(problems.tooMany());
    }
    this.#grant = grant;
    this.#watch();
    const open = this.#player === 'mse' ? openCopy : openMpeg1;
    const { ffmpeg, times } = this.#o;
    const events: SourceEvents = {
      started: (head) => {
        if (isOver()) return;
        if (head.player === 'mse' && !head.codec.startsWith('avc')) this.#transcode();
        else this.#started(head);
      },
      segment: (segment) => {
        if (!isOver()) this.#segment(segment);
      },
      ended: ({ problem, log }) => {
        if (isOver()) return;
        // the relay knows the camera's own answer
        const why = known ?? problem ?? reasonOf(log);
        this.#o.logger.warn(
          { video: this.#o.name, why: why.code, log: lastLine(log) },
          'a live view broke off',
        );
        this.#fail(why, why.code === 'wrong-password' ? times.refusedMs : undefined);
      },
    };
    this.#source = open({ ffmpeg, url: grant.url, graceMs: times.graceMs }, events);
  }

  #learnCodec(codec: string | undefined): void {
    if (codec === undefined) this.#o.logger.warn({ video: this.#o.name }, 'the stream has no video');
    else if (this.#player === 'mse' && codec !== 'H264') this.#transcode();
  }

  /** A browser cannot play it: once more, as MPEG-1. */
  #transcode(): void {
    this.#player = 'jsmpeg';
    this.#shut();
    void this.#open();
  }

  #started(head: StreamHead): void {
    this.#head = head;
    this.#gop.clear();
    for (const viewer of this.#viewers.keys()) {
      this.#viewers.set(viewer, false);
      viewer.started(head);
    }
  }

  #segment(segment: Segment): void {
    this.#watch();
    // a picture that lasts is a success
    if (segment.keyframe) this.#failures = 0;
    this.#gop.add(segment);
    for (const [viewer, begun] of this.#viewers) {
      if (!begun && !segment.keyframe) continue;
      if (!begun) this.#viewers.set(viewer, true);
      viewer.segment(segment);
    }
  }

  #fail(problem: VideoProblem, pauseMs = this.#pause()): void {
    this.#shut();
    if (this.#viewers.size === 0) {
      clearTimeout(this.#timer);
      this.#o.onIdle();
      return;
    }
    this.#trouble = { problem, retryAt: performance.now() + pauseMs };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#open(), pauseMs);
    for (const viewer of this.#viewers.keys()) viewer.failed(problem, pauseMs);
  }

  #pause(): number {
    const [least, most] = this.#o.times.retryMs;
    const limit = Math.min(most, least * 2 ** this.#failures++);
    return limit * (0.5 + this.#o.random() / 2);
  }

  /** Ends ffmpeg and its connection; says nothing to anybody. */
  #shut(): void {
    this.#opening++;
    this.#isOpen = false;
    clearTimeout(this.#stuck);
    const stopping = this.#source?.stop();
    this.#grant?.revoke();
    this.#source = undefined;
    this.#grant = undefined;
    this.#head = undefined;
    this.#gop.clear();
    if (stopping !== undefined) this.#ending = Promise.all([this.#ending, stopping]).then(() => undefined);
  }

  /** ffmpeg itself may hang, whatever the camera does. */
  #watch(): void {
    clearTimeout(this.#stuck);
    const opening = this.#opening;
    this.#stuck = setTimeout(() => {
      if (opening === this.#opening) this.#fail(problems.ffmpeg());
    }, this.#o.times.stuckMs);
  }
}

function hostOf({ url }: CameraStream): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

function lastLine(log: string): string {
  return log.trimEnd().split('\n').at(-1)?.slice(0, 200) ?? '';
}
