import type { LiveVideo } from '../adapters/video/live-video.ts';
import type { VideoProblem } from '../adapters/video/problems.ts';
import type { StreamHead } from '../adapters/video/source.ts';
import type { Piece } from './ring.ts';

/** No keyframe came; why, where the stream says it. */
export class NoKeyframe extends Error {
  override readonly name = 'NoKeyframe';
  readonly code: VideoProblem['code'];

  constructor(code: VideoProblem['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export interface StreamWish {
  camera: string;
  timeoutMs: number;
  /** Milliseconds since 1970. */
  clock: () => number;
}

/**
 * The first keyframe of a camera's stream: at once where somebody looks at it, else the stream is opened for it. Rejects
 * with `NoKeyframe`.
 */
export function streamPicture(
  video: Pick<LiveVideo, 'view'>,
  { camera, timeoutMs, clock }: StreamWish,
): Promise<Piece> {
  return new Promise((resolve, reject) => {
    let head: StreamHead | undefined;
    let leave: (() => void) | undefined;
    let isOver = false;
    const end = (settle: () => void): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      // it may come from within `view`, which has not answered yet
      leave?.();
      settle();
    };
    const timer = setTimeout(
      () => end(() => reject(new NoKeyframe('silent', `no keyframe within ${timeoutMs} ms`))),
      timeoutMs,
    );
    leave = video.view(
      { camera, stream: 'main', mse: true },
      {
        started: (stream) => {
          head = stream;
        },
        segment: ({ data }) => {
          const begun = head;
          if (begun !== undefined) end(() => resolve({ head: begun, segments: [data], at: clock() }));
        },
        failed: ({ code, en }) => end(() => reject(new NoKeyframe(code, en))),
      },
    );
    if (isOver) leave();
  });
}
