import { rm, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { uuidv7 } from 'uuidv7';
import { runFfmpeg } from './ffmpeg.ts';
import type { PictureTools } from './pictures.ts';

const PICTURE_MS = 10_000;
const FILM_MS = 90_000;
const MAX_BYTES = 128 * 1024 * 1024;
/** Width of what a card shows. */
const THUMB_WIDTH = 320;
/** Lines of a film that is shown; the original is on disk. */
const FILM_LINES = 720;

export type Size = 'thumb' | 'full';

export interface WatermarkOptions extends PictureTools {
  /** Folder for the text while it is drawn. */
  tmp: string;
  /** A font that has Chinese. Without one names are left out that other fonts have no letters for. */
  font: Promise<string | undefined>;
}

/** What is to be shown, and to whom. */
export interface Shown {
  /** Of the store; it is only read. */
  file: string;
  kind: 'snapshot' | 'clip';
  size: Size;
  /** Who looks, and when. */
  mark: string;
}

/**
 * A picture or film with the viewer's mark burned in, so that it stays in whatever is saved, photographed or sent on.
 * Done here and not in the page: no byte without it leaves the gateway. Rejects with an `FfmpegFailure` or `TooMuchWork`.
 */
export async function watermarked({ file, kind, size, mark }: Shown, o: WatermarkOptions): Promise<Buffer> {
  const id = uuidv7();
  const [text, link] = [`${id}.txt`, `${id}.font`];
  const font = await o.font;
  // as files: in the graph of filters a name could be a command
  await writeFile(join(o.tmp, text), plain(mark, font !== undefined), { mode: 0o600 });
  if (font !== undefined) await symlink(font, join(o.tmp, link));
  try {
    const isFilm = kind === 'clip' && size === 'full';
    const output = isFilm ? filmOutput : pictureOutput;
    const scale =
      size === 'thumb' ? [`scale=${THUMB_WIDTH}:-2`] : isFilm ? [`scale=-2:min(${FILM_LINES}\\,ih)`] : [];
    const filter = [
      ...scale,
      ...marks(text, font === undefined ? 'font=Sans' : `fontfile=${link}`, size),
    ].join(',');
    return await o.turns.take(() =>
      runFfmpeg({
        ffmpeg: o.ffmpeg,
        cwd: o.tmp,
        args: ['-i', resolve(file), '-map', '0:v:0', '-an', '-vf', filter, ...output],
        timeoutMs: isFilm ? FILM_MS : PICTURE_MS,
        maxBytes: MAX_BYTES,
      }),
    );
  } finally {
    for (const name of [text, link]) await rm(join(o.tmp, name), { force: true });
  }
}

const pictureOutput = [
  '-frames:v',
  '1',
  '-c:v',
  'mjpeg',
  '-q:v',
  '4',
  '-pix_fmt',
  'yuvj420p',
  '-f',
  'image2pipe',
  'pipe:1',
];
const filmOutput = [
  ...['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '25', '-pix_fmt', 'yuv420p', '-threads', '1'],
  ...['-movflags', '+frag_keyframe+empty_moov+default_base_moof', '-f', 'mp4', 'pipe:1'],
];

/** In three places of a picture, so that none can be cut off without loss. */
function marks(textfile: string, font: string, size: Size): string[] {
  const places =
    size === 'thumb'
      ? [['(w-text_w)/2', 'h-text_h-4']]
      : [
          ['w/50', 'h/30'],
          ['(w-text_w)/2', '(h-text_h)/2'],
          ['w-text_w-w/50', 'h-text_h-h/30'],
        ];
  const fontsize = size === 'thumb' ? '11' : 'max(12\\,h/28)';
  const look = `${font}:fontsize=${fontsize}:fontcolor=white@0.7:borderw=1:bordercolor=black@0.7`;
  return places.map(([x, y]) => `drawtext=textfile=${textfile}:expansion=none:${look}:x=${x}:y=${y}`);
}

/** One line, of letters that the font has; user name and time always are. */
function plain(text: string, hasChinese: boolean): string {
  const line = text.replaceAll(/\p{C}/gu, ' ').slice(0, 120);
  return hasChinese ? line : line.replaceAll(/[^\x20-\x7e]+/g, '').trim();
}
