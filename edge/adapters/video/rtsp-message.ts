/** Longest head of a message: real ones have some 500 bytes. */
const MAX_HEAD_BYTES = 16_384;
/** Longest body: a session description has some 1 KB. */
const MAX_BODY_BYTES = 65_536;
/** `$`: the next bytes are media (RFC 2326 10.12). */
const INTERLEAVED = 0x24;
const FRAME_HEAD_BYTES = 4;

/** A request or response of RTSP 1.0 (RFC 2326). */
export interface RtspMessage {
  startLine: string;
  /** In order; a name may come twice. */
  headers: Array<readonly [name: string, value: string]>;
  body: Buffer;
}

/** What a connection carries, in order. */
export interface RtspSink {
  message(message: RtspMessage): void;
  /** Interleaved frames as they came, cut anywhere. */
  media(bytes: Buffer): void;
}

/** Bytes that are no RTSP, or more of it than anybody sends. */
export class RtspFault extends Error {}

/** Cuts the bytes of one direction into messages and media. Media is passed on at once, never collected. */
export class RtspReader {
  readonly #sink: RtspSink;
  #waiting: Buffer = Buffer.alloc(0);
  #mediaLeft = 0;

  constructor(sink: RtspSink) {
    this.#sink = sink;
  }

  /** Throws `RtspFault`; nothing may be pushed afterwards. */
  push(chunk: Buffer): void {
    const bytes = this.#waiting.length === 0 ? chunk : Buffer.concat([this.#waiting, chunk]);
    let at = 0;
    while (at < bytes.length) {
      const next = this.#takeMedia(bytes, at);
      if (next > at) {
        this.#sink.media(bytes.subarray(at, next));
        at = next;
        continue;
      }
      const end = this.#takeMessage(bytes, at);
      if (end === undefined) break;
      at = end;
    }
    this.#waiting = at === bytes.length ? Buffer.alloc(0) : Buffer.from(bytes.subarray(at));
  }

  /** Where the run of media that begins here ends. */
  #takeMedia(bytes: Buffer, from: number): number {
    let at = from;
    while (at < bytes.length) {
      if (this.#mediaLeft > 0) {
        const taken = Math.min(this.#mediaLeft, bytes.length - at);
        this.#mediaLeft -= taken;
        at += taken;
      } else if (bytes[at] === INTERLEAVED && at + FRAME_HEAD_BYTES <= bytes.length) {
        this.#mediaLeft = FRAME_HEAD_BYTES + bytes.readUInt16BE(at + 2);
      } else {
        break;
      }
    }
    return at;
  }

  /** Where the message that begins here ends; undefined: more is to come. */
  #takeMessage(bytes: Buffer, from: number): number | undefined {
    const first = bytes[from] as number;
    if (first === INTERLEAVED) return undefined;
    // some cameras end their bodies with one line break too many
    if (first === 0x0d || first === 0x0a) return from + 1;
    if (first < 0x41 || first > 0x5a) throw new RtspFault('this is no RTSP');
    const end = bytes.indexOf('\r\n\r\n', from);
    if (end === -1 ? bytes.length - from > MAX_HEAD_BYTES : end - from > MAX_HEAD_BYTES)
      throw new RtspFault('a message head is too long');
    if (end === -1) return undefined;
    const [startLine = '', ...lines] = bytes.toString('utf8', from, end).split('\r\n');
    const headers = lines.map(headerOf);
    const length = Number(headerValue({ headers }, 'content-length') ?? 0);
    if (!Number.isInteger(length) || length < 0 || length > MAX_BODY_BYTES)
      throw new RtspFault('a message body is too long');
    const bodyAt = end + 4;
    if (bytes.length < bodyAt + length) return undefined;
    this.#sink.message({ startLine, headers, body: Buffer.from(bytes.subarray(bodyAt, bodyAt + length)) });
    return bodyAt + length;
  }
}

function headerOf(line: string): readonly [string, string] {
  const colon = line.indexOf(':');
  return colon === -1 ? [line.trim(), ''] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
}

/** The first value of a header; the name in lower case. */
export function headerValue({ headers }: Pick<RtspMessage, 'headers'>, name: string): string | undefined {
  return headers.find(([own]) => own.toLowerCase() === name)?.[1];
}

/** The message with these headers set, and those without a value left out. */
export function withHeaders(
  { startLine, headers, body }: RtspMessage,
  changes: Readonly<Record<string, string | undefined>>,
): RtspMessage {
  const names = new Set(Object.keys(changes).map((name) => name.toLowerCase()));
  const kept = headers.filter(([name]) => !names.has(name.toLowerCase()));
  const set = Object.entries(changes).filter((change): change is [string, string] => change[1] !== undefined);
  return { startLine, headers: [...set, ...kept], body };
}

/** The message as it travels. */
export function encodeMessage({ startLine, headers, body }: RtspMessage): Buffer {
  const head = [startLine, ...headers.map(([name, value]) => `${name}: ${value}`)].join('\r\n');
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`), body]);
}
