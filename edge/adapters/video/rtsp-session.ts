import { connect, isIP, type Socket } from 'node:net';
import { basicHeader, type Challenge, type Credentials, challengesOf, DigestAnswer } from '../digest.ts';
import type { CameraStream } from './camera-streams.ts';
import { problems, type VideoProblem } from './problems.ts';
import {
  encodeMessage,
  headerValue,
  RtspFault,
  type RtspMessage,
  RtspReader,
  withHeaders,
} from './rtsp-message.ts';
import { videoCodec } from './sdp.ts';

const CONNECT_MS = 5_000;
/** A camera answers a request within this time, or counts as silent. */
const ANSWER_MS = 8_000;
/** A camera that plays and sends nothing for so long has frozen. */
const FROZEN_MS = 8_000;
const CHECK_MS = 500;
/**
 * A camera sends some 400 packets a second, each on its own; read together, eight times a second, they cost a fraction of the
 * processor and make the picture an eighth of a second later.
 */
const REST_MS = 120;
/** A read of this size left more behind: no rest. */
const FULL_READ_BYTES = 65_536;
const DEFAULT_PORT = 554;
/** Requests that wait for the camera's answer; ffmpeg has one at a time. */
const MAX_ASKED = 8;

export interface SessionTimes {
  connectMs: number;
  answerMs: number;
  frozenMs: number;
}

export const defaultSessionTimes: SessionTimes = {
  connectMs: CONNECT_MS,
  answerMs: ANSWER_MS,
  frozenMs: FROZEN_MS,
};

/** What the relay learns of a camera while ffmpeg talks to it. */
export interface SessionEvents {
  /** Coding of its video, as RTP calls it; undefined: it has no video. */
  codec(codec: string | undefined): void;
  /** Why it ends, once; not when ffmpeg leaves by itself. */
  failed(problem: VideoProblem): void;
}

interface Asked {
  /** Number that ffmpeg gave the request. */
  cseq: string;
  method: string;
  request: RtspMessage;
  authorised: boolean;
  at: number;
}

/**
 * One connection of ffmpeg, passed on to a camera (RFC 2326). The camera's questions for user and password are answered
 * here; ffmpeg never sees them. Media passes through: what one side does not take is not read from the other.
 */
export class RtspSession {
  readonly #ffmpeg: Socket;
  readonly #camera: Socket;
  /** Address that ffmpeg was given. */
  readonly #own: string;
  readonly #address: URL;
  /** What its path begins with in requests: without credentials and without `#`. */
  readonly #base: string;
  readonly #credentials: Credentials | undefined;
  readonly #events: SessionEvents;
  readonly #times: SessionTimes;
  readonly #asked = new Map<string, Asked>();
  readonly #checking: NodeJS.Timeout;
  #answer: DigestAnswer | 'basic' | undefined;
  #cseq = 0;
  #playing = false;
  /** ffmpeg does not take more now: the camera is not read. */
  #blocked = false;
  #resting = false;
  #heardAt = performance.now();
  #over = false;

  /** `address` as `streamAddress` read it. */
  constructor(
    ffmpeg: Socket,
    own: string,
    address: URL,
    { user, password }: CameraStream,
    events: SessionEvents,
    times: SessionTimes,
  ) {
    this.#ffmpeg = ffmpeg;
    this.#own = own;
    this.#address = address;
    this.#base = address.href;
    this.#credentials = user === undefined ? undefined : { user, password: password ?? '' };
    this.#events = events;
    this.#times = times;
    this.#camera = connect({ host: hostOf(address), port: Number(address.port || DEFAULT_PORT) });
    this.#camera.setNoDelay(true);
    this.#camera.setTimeout(times.connectMs, () => {
      if (this.#camera.connecting) this.#fail(problems.unreachable(this.where, timeout));
    });
    this.#camera.on('connect', () => this.#camera.setTimeout(0));
    this.#camera.on('error', (error) => this.#cameraFailed(error));
    this.#camera.on('close', () => this.#cameraClosed());
    ffmpeg.on('error', () => this.end());
    ffmpeg.on('close', () => this.end());
    const reader = this.#reader((message) => this.#fromCamera(message), ffmpeg);
    this.#camera.on('data', (chunk: Buffer) => {
      this.#heardAt = performance.now();
      this.#blocked = !reader(chunk);
      if (this.#blocked) this.#camera.pause();
      else if (this.#playing && chunk.length < FULL_READ_BYTES) this.#rest();
    });
    ffmpeg.on('drain', () => {
      this.#blocked = false;
      if (!this.#resting) this.#camera.resume();
    });
    this.#checking = setInterval(() => this.#check(), Math.min(CHECK_MS, times.answerMs / 2));
  }

  /** Host and port, for people. */
  get where(): string {
    return `${this.#address.hostname}:${this.#address.port || DEFAULT_PORT}`;
  }

  /** Takes what ffmpeg sends; the relay has read its first request already. */
  begin(first: RtspMessage, rest: Buffer): void {
    const reader = this.#reader((message) => this.#fromFfmpeg(message), this.#camera);
    pass(this.#ffmpeg, this.#camera, reader);
    this.#fromFfmpeg(first);
    if (rest.length > 0) reader(rest);
  }

  /** Closes both sides. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#checking);
    this.#camera.destroy();
    // what ffmpeg was sent last may still say why
    this.#ffmpeg.end();
    setTimeout(() => this.#ffmpeg.destroy(), 1_000).unref();
  }

  /** Lets some packets come together. */
  #rest(): void {
    this.#resting = true;
    this.#camera.pause();
    setTimeout(() => {
      this.#resting = false;
      if (!this.#blocked) this.#camera.resume();
    }, REST_MS);
  }

  #reader(message: (message: RtspMessage) => void, to: Socket): (chunk: Buffer) => boolean {
    let flows = true;
    const reader = new RtspReader({
      message,
      media: (bytes) => {
        flows = to.write(bytes);
      },
    });
    return (chunk) => {
      flows = true;
      try {
        if (!this.#over) reader.push(chunk);
      } catch (error) {
        if (!(error instanceof RtspFault)) throw error;
        this.#fail(problems.protocol(this.where));
      }
      return flows;
    };
  }

  #fromFfmpeg(request: RtspMessage): void {
    const [method = '', uri = ''] = request.startLine.split(' ', 2);
    const cseq = headerValue(request, 'cseq') ?? '0';
    const transport = headerValue(request, 'transport');
    if (transport !== undefined && !transport.includes('TCP')) {
      // media over UDP would go around the relay
      this.#tell({ startLine: 'RTSP/1.0 461 Unsupported Transport', headers: [['CSeq', cseq]], body: empty });
      return;
    }
    if (this.#asked.size >= MAX_ASKED) {
      this.#fail(problems.silent(this.where));
      return;
    }
    const startLine = `${method} ${this.#cameraUri(uri)} RTSP/1.0`;
    this.#ask({ ...request, startLine }, method, cseq);
  }

  /** Our own address becomes the camera's; what the camera named itself stays. */
  #cameraUri(uri: string): string {
    return uri.startsWith(this.#own) ? this.#base + uri.slice(this.#own.length) : uri;
  }

  #ask(request: RtspMessage, method: string, cseq: string): void {
    const number = String(++this.#cseq);
    const authorization = this.#authorization(method, request.startLine.split(' ', 2)[1] ?? '');
    const authorised = authorization !== undefined;
    this.#asked.set(number, { cseq, method, request, authorised, at: performance.now() });
    this.#camera.write(encodeMessage(withHeaders(request, { CSeq: number, Authorization: authorization })));
  }

  #authorization(method: string, uri: string): string | undefined {
    if (this.#answer === undefined || this.#credentials === undefined) return undefined;
    return this.#answer === 'basic' ? basicHeader(this.#credentials) : this.#answer.headerFor(method, uri);
  }

  #fromCamera(response: RtspMessage): void {
    // a request of the camera's own: nothing that ffmpeg needs
    if (!response.startLine.startsWith('RTSP/')) return;
    const number = headerValue(response, 'cseq') ?? '';
    const asked = this.#asked.get(number);
    if (asked === undefined) return;
    this.#asked.delete(number);
    const status = Number(response.startLine.split(' ', 2)[1]);
    if (status === 401 && this.#mayAnswer(response, asked)) {
      this.#ask(asked.request, asked.method, asked.cseq);
      return;
    }
    if (status >= 200 && status < 300) this.#accepted(asked.method, response);
    this.#tell(withHeaders(response, { CSeq: asked.cseq, 'WWW-Authenticate': undefined }));
    const problem = status >= 300 ? this.#problemOf(status, response, asked) : undefined;
    if (problem !== undefined) this.#fail(problem);
  }

  /** True: the request is to be asked again, now with an answer to the challenge. Once, for a password is not guessed. */
  #mayAnswer(response: RtspMessage, { authorised }: Asked): boolean {
    if (this.#credentials === undefined) return false;
    const challenges = challengesIn(response);
    const digest = challenges.find((one) => one.scheme === 'digest');
    if (digest !== undefined) {
      if (authorised && !digest.stale) return false;
      this.#answer = new DigestAnswer(digest, this.#credentials);
      return true;
    }
    if (authorised || !isLoopback(this.#address)) return false;
    this.#answer = challenges.some(({ scheme }) => scheme === 'basic') ? 'basic' : undefined;
    return this.#answer !== undefined;
  }

  #accepted(method: string, response: RtspMessage): void {
    if (method === 'PLAY') this.#playing = true;
    if (method === 'DESCRIBE') this.#events.codec(videoCodec(response.body.toString('latin1')));
  }

  #problemOf(status: number, response: RtspMessage, { authorised, method }: Asked): VideoProblem | undefined {
    const { where } = this;
    if (status === 401) {
      if (this.#credentials === undefined) return problems.noPassword(where);
      if (authorised) return problems.wrongPassword(where);
      const onlyBasic = challengesIn(response).some(({ scheme }) => scheme === 'basic');
      return onlyBasic ? problems.basicOnly(where) : problems.protocol(where);
    }
    if (status === 403) return problems.wrongPassword(where);
    if (status === 404) return problems.noStream(where);
    // what is asked beside the picture may be refused: OPTIONS, keep-alives
    if (method !== 'DESCRIBE' && method !== 'SETUP' && method !== 'PLAY') return undefined;
    if (status < 400) return problems.noStream(where);
    return problems.busy(where, response.startLine.slice('RTSP/1.0 '.length, 80));
  }

  #cameraFailed(error: NodeJS.ErrnoException): void {
    if (this.#over) return;
    const { code = error.message } = error;
    if (code === 'ECONNRESET' || code === 'EPIPE') this.#cameraClosed();
    else this.#fail(problems.unreachable(this.where, reasons[code] ?? { zh: code, en: code }));
  }

  #cameraClosed(): void {
    if (this.#asked.size > 0) this.#fail(problems.silent(this.where));
    else this.end();
  }

  #check(): void {
    const now = performance.now();
    if (this.#camera.connecting) return;
    const waits = [...this.#asked.values()].some(({ at }) => now - at >= this.#times.answerMs);
    const stands = this.#playing && now - this.#heardAt >= this.#times.frozenMs;
    if (stands) this.#fail(problems.frozen(this.where));
    else if (waits) this.#fail(problems.silent(this.where));
  }

  #fail(problem: VideoProblem): void {
    if (this.#over) return;
    this.#events.failed(problem);
    this.end();
  }

  #tell(message: RtspMessage): void {
    this.#ffmpeg.write(encodeMessage(message));
  }
}

const empty = Buffer.alloc(0);

const timeout = { zh: '超时', en: 'timeout' };
const noName = { zh: '查不到主机名', en: 'name not found' };
const reasons: Readonly<Record<string, { zh: string; en: string }>> = {
  ECONNREFUSED: { zh: '连接被拒绝', en: 'connection refused' },
  EHOSTUNREACH: { zh: '主机不可达', en: 'no route to host' },
  ENETUNREACH: { zh: '网络不可达', en: 'network unreachable' },
  ETIMEDOUT: timeout,
  ENOTFOUND: noName,
  EAI_AGAIN: noName,
};

/** The address of a stream without credentials; undefined when it is none of RTSP over TCP. */
export function streamAddress({ url }: Pick<CameraStream, 'url'>): URL | undefined {
  const address = URL.canParse(url) ? new URL(url) : undefined;
  if (address === undefined || address.protocol !== 'rtsp:' || address.hostname === '') return undefined;
  address.username = '';
  address.password = '';
  address.hash = '';
  return address;
}

/** Passes one side on to the other; what is not taken there is not read here. */
function pass(from: Socket, to: Socket, take: (chunk: Buffer) => boolean): void {
  from.on('data', (chunk: Buffer) => {
    if (!take(chunk)) from.pause();
  });
  to.on('drain', () => from.resume());
}

function challengesIn({ headers }: RtspMessage): Challenge[] {
  return challengesOf(
    headers.filter(([name]) => name.toLowerCase() === 'www-authenticate').map(([, value]) => value),
  );
}

function hostOf({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

/** A password in clear goes to this machine only. */
function isLoopback(address: URL): boolean {
  const host = hostOf(address);
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
