import WebSocket from 'ws';
import type { Session } from '../simulators/gateway.ts';

/** A live client that only takes the frames: it must not compete with what is measured for the processor. */
export class FeedReader {
  bytes = 0;
  /** Called for each frame, as it came. */
  onFrame: ((frame: Buffer, at: number) => void) | undefined;
  /** Why the gateway closed it, if it did: then the measurement was not with a live client. */
  closed: string | undefined;
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      this.bytes += data.length;
      this.onFrame?.(data, performance.now());
    });
    socket.on('close', (code, reason) => {
      this.closed = `${code} ${reason}`;
    });
  }

  static open({ url, cookie }: Session): Promise<FeedReader> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/api/v1/live`, {
        headers: { cookie, origin: url },
        skipUTF8Validation: true,
      });
      socket.once('error', reject);
      socket.once('open', () => resolve(new FeedReader(socket)));
    });
  }

  /** Throws when the feed did not follow all the time. */
  close(): void {
    if (this.closed !== undefined) throw new Error(`the live client was closed: ${this.closed}`);
    if (this.bytes === 0) throw new Error('the live client got nothing');
    this.#socket.removeAllListeners('close');
    this.#socket.terminate();
  }
}
