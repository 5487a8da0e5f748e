import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OnvifFailure } from '../../../edge/adapters/onvif/failure.ts';
import { isJpeg } from '../../../edge/adapters/onvif/snapshots.ts';
import { LiveVideo } from '../../../edge/adapters/video/live-video.ts';
import { type CaptureOptions, takePicture } from '../../../edge/media/capture.ts';
import { Clips } from '../../../edge/media/clips.ts';
import { runFfmpeg } from '../../../edge/media/ffmpeg.ts';
import { chineseFont } from '../../../edge/media/font.ts';
import { watermarked } from '../../../edge/media/watermark.ts';
import { Turns } from '../../../edge/ops/turns.ts';
import { type RtspSource, startRtspSource } from '../../simulators/rtsp.ts';
import { tempDir } from '../../simulators/temp-dir.ts';
import { waitFor } from '../../simulators/wait.ts';
import { describeWithPeer } from '../../support/peers.ts';
import { silent } from './support.ts';

describeWithPeer(['ffmpeg', 'gstreamer'], 'pictures and films with ffmpeg', () => {
  const { dir, remove } = tempDir('pictures');
  const tools = { ffmpeg: 'ffmpeg', turns: new Turns(2, 64) };
  let source: RtspSource;
  let video: LiveVideo;

  beforeAll(async () => {
    source = await startRtspSource({ gop: 12 });
    video = new LiveVideo({
      logger: silent,
      streams: {
        streamOf: async (camera) => {
          if (camera === 'cam-away') return { url: 'rtsp://127.0.0.1:9/x' };
          return { url: source.url(camera === 'cam-h265' ? 'h265' : 'h264', 'sub') };
        },
      },
    });
  }, 60_000);
  afterAll(async () => {
    await video?.stop();
    await source?.stop();
    remove();
  });

  const options = (kind: OnvifFailure['kind'], more: Partial<CaptureOptions> = {}): CaptureOptions => ({
    snapshotOf: async () => {
      throw new OnvifFailure(kind, kind);
    },
    ringOf: () => undefined,
    video,
    tools,
    snapshotMs: 500,
    streamMs: 20_000,
    clock: Date.now,
    ...more,
  });

  test.each(['cam-h264', 'cam-h265'])(
    'a camera that takes no pictures itself (%s) gives a keyframe of its stream',
    async (camera) => {
      const { jpeg, from } = await takePicture(camera, options('unsupported'));
      expect(from).toBe('stream');
      expect(isJpeg(jpeg)).toBe(true);
    },
    40_000,
  );

  test('a camera that is away says so; one that refused is not asked for its stream', async () => {
    await expect(takePicture('cam-away', options('unreachable'))).rejects.toMatchObject({
      result: 'unreachable',
    });
    await expect(takePicture('cam-h264', options('rejected'))).rejects.toMatchObject({
      result: 'wrong-password',
    });
    const hangs = options('timeout', { snapshotOf: () => new Promise(() => undefined) });
    await expect(takePicture('cam-away', hangs)).rejects.toMatchObject({ result: 'unreachable' });
    const none = options('unsupported', { tools: { ...tools, ffmpeg: join(dir, 'no-ffmpeg') } });
    await expect(takePicture('cam-h264', none)).rejects.toMatchObject({ result: 'no-ffmpeg' });
  }, 40_000);

  test('bug: the card named power and cable where the camera had answered with nonsense', async () => {
    for (const kind of ['malformed', 'http', 'declined'] as const) {
      const why = expect(takePicture('cam-away', options(kind))).rejects;
      await why.toMatchObject({
        result: 'no-picture',
        message: expect.stringMatching(new RegExp(`^${kind}; `)),
      });
    }
  }, 40_000);

  test('a film of the seconds before and after, which begins with a picture and is as long as asked', async () => {
    const films: Array<{ file: string; at: number } | undefined> = [];
    const clips = new Clips({
      settings: [
        { camera: 'cam-h264', stream: 'sub', beforeMs: 2_000, afterMs: 1_500, ringBytes: 4_000_000 },
      ],
      mayRecord: () => true,
      video,
      tools,
      tmp: dir,
      done: (_, __, film) => films.push(film),
      clock: Date.now,
      logger: silent,
    });
    clips.refresh();
    const begun = Date.now();
    await waitFor(
      'two seconds in memory',
      () => clips.newest('cam-h264') && Date.now() - begun > 3_000,
      20_000,
    );
    const kept = await takePicture('cam-h264', options('unsupported', { ringOf: (id) => clips.newest(id) }));
    expect(kept.from).toBe('ring');
    const raised = Date.now();
    clips.record('cam-h264', 'a1');
    clips.record('cam-h264', 'a2');
    const [film] = (await waitFor('the film', () => films.length > 0 && films, 20_000)) as Array<{
      file: string;
      at: number;
    }>;
    clips.stop();
    expect(films).toHaveLength(1);
    expect(film!.at).toBeLessThanOrEqual(raised);
    const [seconds, codec] = probed(film!.file);
    console.log(`film: ${seconds} s of ${codec}, begins ${raised - film!.at} ms before the alarm`);
    expect(codec).toBe('h264');
    // under load pictures come late and in bursts; how long it is in memory is tested with the ring
    expect(Number(seconds)).toBeGreaterThan(0.4);
    expect(Number(seconds)).toBeLessThan(8);
    const mark = '张值班 guard 2026-12-01 21:48:17';
    const font = chineseFont();
    const shown = await watermarked(
      { file: film!.file, kind: 'clip', size: 'full', mark },
      { ...tools, tmp: dir, font },
    );
    const file = join(dir, 'shown.mp4');
    writeFileSync(file, shown);
    expect(probed(file)[1]).toBe('h264');
  }, 60_000);

  test('the mark is in the picture, whatever the name; and differs from viewer to viewer', async () => {
    const plain = await runFfmpeg({
      ffmpeg: 'ffmpeg',
      args: [
        '-f',
        'lavfi',
        '-i',
        'color=gray:s=640x360',
        '-frames:v',
        '1',
        '-f',
        'image2pipe',
        '-c:v',
        'mjpeg',
        'pipe:1',
      ],
      timeoutMs: 20_000,
      maxBytes: 1e6,
    });
    const file = join(dir, 'plain.jpg');
    writeFileSync(file, plain);
    const names = ['张值班 guard', "a':movie=/etc/passwd,drawtext=text=x;[in] %{localtime} \\n", 'leader'];
    const marked = await Promise.all(
      names.map((mark) =>
        watermarked(
          { file, kind: 'snapshot', size: 'full', mark },
          { ...tools, tmp: dir, font: chineseFont() },
        ),
      ),
    );
    const bare = await grayOf(plain);
    const drawn = await Promise.all(marked.map(async (jpeg) => differing(bare, await grayOf(jpeg))));
    console.log(`dots drawn by viewer: ${drawn.join(', ')} of ${bare.length}`);
    for (const dots of drawn) expect(dots).toBeGreaterThan(500);
    const [first, , third] = await Promise.all(marked.map(grayOf));
    expect(differing(first!, third!)).toBeGreaterThan(300);
    // without a font for Chinese the user name is still there
    const asciiOnly = await watermarked(
      { file, kind: 'snapshot', size: 'full', mark: names[0]! },
      { ...tools, tmp: dir, font: Promise.resolve(undefined) },
    );
    expect(differing(bare, await grayOf(asciiOnly))).toBeGreaterThan(200);
    expect(readFileSync(file)).toEqual(plain);
  }, 60_000);

  function grayOf(jpeg: Buffer): Promise<Buffer> {
    return runFfmpeg({
      ffmpeg: 'ffmpeg',
      args: ['-f', 'image2pipe', '-i', 'pipe:0', '-f', 'rawvideo', '-pix_fmt', 'gray', 'pipe:1'],
      input: [jpeg],
      timeoutMs: 20_000,
      maxBytes: 1e7,
    });
  }

  /** Dots of two pictures that anybody sees to be different. */
  function differing(a: Buffer, b: Buffer): number {
    return a.filter((dot, at) => Math.abs(dot - (b[at] ?? 0)) > 20).length;
  }

  function probed(file: string): string[] {
    const args = [
      '-v',
      'error',
      '-show_entries',
      'stream=codec_name:format=duration',
      '-of',
      'default=nw=1:nk=1',
    ];
    const [codec = '', seconds = ''] = execFileSync('ffprobe', [...args, file])
      .toString()
      .trim()
      .split('\n');
    return [seconds, codec];
  }
});

test('ffmpeg: no program, too much, and too long are told apart', async () => {
  const run = (more: object) =>
    runFfmpeg({ ffmpeg: 'ffmpeg', args: ['-version'], timeoutMs: 10_000, maxBytes: 1e6, ...more });
  await expect(run({ ffmpeg: '/nowhere/ffmpeg' })).rejects.toMatchObject({ kind: 'missing' });
  await expect(run({ ffmpeg: 'sleep', args: ['60'] })).rejects.toMatchObject({ kind: 'failed' });
});
