import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Length of the piece that is coded, and how often it is put behind itself. */
const PIECE_S = 8;
const QUIET = ['-nostdin', '-v', 'error', '-y'];

/**
 * Makes a file of what a camera of a school sends: 1080p, 25 pictures a second, H.264 at a steady 4 Mbit/s with a keyframe every
 * 2 s; a view with much detail that is panned slowly, with the noise of a sensor. The same picture for both sides. Resolves with
 * its path; it lasts `seconds` and a little more.
 */
export async function cameraPicture(folder: string, seconds: number): Promise<string> {
  const [still, piece, whole] = ['still.png', 'piece.mp4', 'whole.mp4'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const view = 'mandelbrot=size=2240x1260:rate=1:maxiter=1000';
  await run('ffmpeg', [...QUIET, '-f', 'lavfi', '-i', view, '-frames:v', '1', still]);
  const turn = `2*PI*t/${PIECE_S}`;
  const pan = `crop=1920:1080:x='160+150*sin(${turn})':y='90+80*cos(${turn})'`;
  const coding = ['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'main', '-bf', '0', '-g', '50'];
  const rate = ['-b:v', '4M', '-minrate', '4M', '-maxrate', '4M', '-bufsize', '2M', '-nal-hrd', 'cbr'];
  await run('ffmpeg', [
    ...[...QUIET, '-loop', '1', '-framerate', '25', '-i', still, '-t', String(PIECE_S)],
    ...['-vf', `${pan},noise=alls=6:allf=t,format=yuv420p`, ...coding, '-sc_threshold', '0', ...rate, piece],
  ]);
  const again = String(Math.ceil(seconds / PIECE_S));
  await run('ffmpeg', [...QUIET, '-stream_loop', again, '-i', piece, '-c', 'copy', whole]);
  return whole;
}
