import { packageFile } from '../../contract/package-root.ts';
import { type RunningProcess, startProcess } from './processes.ts';

export type RtspCodec = 'h264' | 'h265' | 'mjpeg';

export interface RtspSourceOptions {
  /** Asks for this user before it answers. */
  account?: { user: string; password: string; scheme?: 'digest' | 'basic' | 'both' };
  width?: number;
  height?: number;
  fps?: number;
  /** Pictures from one keyframe to the next; default 25. */
  gop?: number;
  kbps?: number;
  /** Pattern of videotestsrc; default `ball`, which moves. */
  pattern?: string;
  /** MP4 with H.264 that `h264` plays once from its beginning, instead of a test picture. */
  file?: string;
  /** The stream ends after so many pictures, the connection stays. Default: never. */
  pictures?: number;
  /** 0, the default: any free one. */
  port?: number;
}

/** A real RTSP server with moving test pictures, on GStreamer. */
export interface RtspSource {
  readonly port: number;
  readonly process: RunningProcess;
  /** Address without credentials; `sub`: a quarter of the size. */
  url(codec: RtspCodec, which?: 'main' | 'sub'): string;
  /** Sends nothing more and closes nothing. */
  freeze(): void;
  /** Goes on after `freeze`. */
  thaw(): void;
  stop(): Promise<void>;
}

const PASSWORD = 'CAMPUS_GATEWAY_TEST_RTSP_PASSWORD';

/** Starts it on the loopback interface; needs the peer `gstreamer`. */
export async function startRtspSource(options: RtspSourceOptions = {}): Promise<RtspSource> {
  const { account, ...numbers } = options;
  const args = Object.entries(numbers).flatMap(([name, value]) => [`--${name}`, String(value)]);
  if (account !== undefined) {
    args.push('--user', account.user, '--password-env', PASSWORD, '--scheme', account.scheme ?? 'digest');
  }
  const script = packageFile('test', 'simulators', 'rtsp-source.py');
  const env = account === undefined ? {} : { [PASSWORD]: account.password };
  const process = startProcess('/usr/bin/python3', [script, ...args], env);
  const line = await process.line((text) => text.startsWith('listening '));
  const port = Number(line.slice('listening '.length));
  return {
    port,
    process,
    url: (codec, which = 'main') => `rtsp://127.0.0.1:${port}/${codec}${which === 'sub' ? '/sub' : ''}`,
    freeze: () => process.child.kill('SIGSTOP'),
    thaw: () => process.child.kill('SIGCONT'),
    stop: () => process.kill(),
  };
}
