import type { VideoProblem } from './problems.ts';

/** A piece of a picture's stream that a player takes whole. */
export interface Segment {
  data: Buffer;
  /** A player can begin here. */
  keyframe: boolean;
}

/** How a stream is to be played. `mse`: fragmented MP4 with H.264; `jsmpeg`: MPEG-1 in an MPEG transport stream. */
export type Player = 'mse' | 'jsmpeg';

/** What a player must know before the first segment. */
export interface StreamHead {
  player: Player;
  /** As in RFC 6381, e.g. `avc1.64001F`; `mpeg1`. */
  codec: string;
  /** Of the whole, for a SourceBuffer. */
  mime?: string;
  /** Goes before every first segment; may be empty. */
  init: Buffer;
}

export interface SourceEvents {
  started(head: StreamHead): void;
  segment(segment: Segment): void;
  /** Once; not after `stop`. `problem`: why, where ffmpeg itself tells. `log`: the end of what it wrote. */
  ended(end: { problem?: VideoProblem; log: string }): void;
}

/** A running ffmpeg and what it makes of a stream. */
export interface VideoSource {
  /** Resolves when its program is gone. */
  stop(): Promise<void>;
}

export interface SourceOptions {
  /** Program. */
  ffmpeg: string;
  /** RTSP address without credentials. */
  url: string;
  graceMs: number;
}
