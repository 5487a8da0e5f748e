// What we use of two packages that have no types.

declare module 'mp4frag' {
  import type { Transform } from 'node:stream';

  interface Mp4FragEvents {
    initialized: { mime: string; initialization: Buffer };
    segment: { segment: Buffer; keyframe: boolean };
  }

  export default class Mp4Frag extends Transform {
    readonly videoCodec: string | null;
    on<Name extends keyof Mp4FragEvents>(event: Name, listener: (value: Mp4FragEvents[Name]) => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
  }
}

declare module 'node-rtsp-stream/mpeg1muxer.js' {
  import type { ChildProcessWithoutNullStreams } from 'node:child_process';
  import type { EventEmitter } from 'node:events';

  interface Mpeg1MuxerOptions {
    url: string;
    ffmpegPath: string;
    /** Output options by flag; an empty value is a flag alone. */
    ffmpegOptions: Readonly<Record<string, string | number>>;
  }

  export default class Mpeg1Muxer extends EventEmitter<{ mpeg1data: [Buffer]; ffmpegStderr: [Buffer] }> {
    constructor(options: Mpeg1MuxerOptions);
    readonly stream: ChildProcessWithoutNullStreams;
  }
}
