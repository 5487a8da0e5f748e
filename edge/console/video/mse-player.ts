import type { Player } from './player.ts';

/** Further behind the newest picture than this, seconds, the player jumps. */
const BEHIND_S = 1.2;
/** Behind by more than this it plays a little faster. */
const LATE_S = 0.6;
/** Where a jump lands: one fragment before the newest. */
const LAND_S = 0.25;
/** Played pictures are forgotten after this, seconds. */
const KEEP_S = 8;
/** Bytes that wait for the browser; more means that it does not play. */
const MAX_QUEUED = 16_000_000;

/** Plays fragmented MP4 through Media Source Extensions, close to the present. */
export class MsePlayer implements Player {
  readonly #video: HTMLVideoElement;
  readonly #media = new MediaSource();
  readonly #url: string;
  readonly #events: { onPicture: () => void; onBroken: () => void };
  readonly #queue: Uint8Array[] = [];
  #queued = 0;
  #buffer: SourceBuffer | undefined;
  #over = false;

  constructor(
    video: HTMLVideoElement,
    mime: string,
    events: { onPicture: () => void; onBroken: () => void },
  ) {
    this.#video = video;
    this.#events = events;
    this.#url = URL.createObjectURL(this.#media);
    video.muted = true;
    video.addEventListener('loadeddata', this.#onPicture);
    video.addEventListener('error', this.#onError);
    this.#media.addEventListener('sourceopen', () => this.#open(mime), { once: true });
    video.src = this.#url;
  }

  push(bytes: Uint8Array): void {
    this.#queue.push(bytes);
    this.#queued += bytes.length;
    if (this.#queued > MAX_QUEUED) this.#break();
    else this.#pump();
  }

  tick(): void {
    this.#follow();
    this.#pump();
  }

  destroy(): void {
    this.#over = true;
    this.#video.removeEventListener('loadeddata', this.#onPicture);
    this.#video.removeEventListener('error', this.#onError);
    this.#video.removeAttribute('src');
    this.#video.load();
    URL.revokeObjectURL(this.#url);
  }

  readonly #onPicture = (): void => this.#events.onPicture();
  readonly #onError = (): void => this.#break();

  #open(mime: string): void {
    if (this.#over) return;
    try {
      this.#buffer = this.#media.addSourceBuffer(mime);
    } catch {
      this.#break();
      return;
    }
    this.#buffer.addEventListener('updateend', () => {
      if (this.#over) return;
      this.#follow();
      this.#pump();
    });
    this.#pump();
  }

  /** Hands on what waits, or forgets what was played long ago. */
  #pump(): void {
    const buffer = this.#buffer;
    if (this.#over || buffer === undefined || buffer.updating || this.#media.readyState !== 'open') return;
    try {
      const { currentTime } = this.#video;
      if (buffer.buffered.length > 0 && currentTime - buffer.buffered.start(0) > 2 * KEEP_S) {
        buffer.remove(0, currentTime - KEEP_S);
        return;
      }
      if (this.#queue.length === 0) return;
      const bytes = joined(this.#queue.splice(0), this.#queued);
      this.#queued = 0;
      buffer.appendBuffer(bytes);
    } catch {
      // the browser's own limit, or a stream that it cannot read
      this.#break();
    }
  }

  /** Keeps the picture at the present: a guard acts on it. */
  #follow(): void {
    const video = this.#video;
    const { buffered } = video;
    const last = buffered.length - 1;
    if (last < 0) return;
    const newest = buffered.end(last);
    const behind = newest - video.currentTime;
    if (behind > BEHIND_S || behind < 0 || video.currentTime < buffered.start(last)) {
      video.currentTime = Math.max(buffered.start(last), newest - LAND_S);
    }
    video.playbackRate = behind > LATE_S ? 1.1 : 1;
    // a tab that was hidden may have been paused by the browser
    if (video.paused) video.play().catch(() => undefined);
  }

  #break(): void {
    if (this.#over) return;
    this.#over = true;
    this.#events.onBroken();
  }
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
