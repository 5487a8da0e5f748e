// The RTSP test source seen by ffmpeg's own tools.
import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { describeWithPeer, requirePeer } from '../support/peers.ts';
import { startProcess } from './processes.ts';
import { type RtspSource, type RtspSourceOptions, startRtspSource } from './rtsp.ts';
import { waitFor } from './wait.ts';

const sources: RtspSource[] = [];
afterEach(() => Promise.all(sources.splice(0).map((source) => source.stop())));

const account = { user: 'admin', password: 'campus 2026' };

async function start(options: RtspSourceOptions = {}): Promise<RtspSource> {
  // RTP carries JPEG in sizes that are multiples of eight.
  const source = await startRtspSource({ width: 320, height: 192, fps: 10, gop: 10, ...options });
  sources.push(source);
  return source;
}

/** Reads so many pictures into nothing. */
function read(url: string, pictures: number): Promise<{ ok: boolean; said: string }> {
  const args = ['-v', 'info', '-nostdin', '-rtsp_transport', 'tcp', '-timeout', '20000000', '-i', url];
  return new Promise((resolve) => {
    execFile(
      requirePeer('ffmpeg'),
      [...args, '-frames:v', String(pictures), '-f', 'null', '-'],
      { timeout: 60_000, killSignal: 'SIGKILL' },
      (error, _stdout, said) => resolve({ ok: error === null, said }),
    );
  });
}

function withAccount(url: string, password = account.password): string {
  return url.replace('rtsp://', `rtsp://${account.user}:${encodeURIComponent(password)}@`);
}

// ffmpeg looks at a stream for seconds before it begins.
vi.setConfig({ testTimeout: 90_000 });

describeWithPeer(['ffmpeg', 'gstreamer'], 'the RTSP test source', () => {
  test.each([
    ['h264', 'h264'],
    ['h265', 'hevc'],
    ['mjpeg', 'mjpeg'],
  ] as const)(
    'serves moving pictures as %s, the sub stream in a quarter of the size',
    async (codec, name) => {
      const source = await start();
      const main = await read(source.url(codec), 10);
      expect(main.ok, main.said).toBe(true);
      expect(main.said).toMatch(new RegExp(`Video: ${name}.*320x192`));
      const sub = await read(source.url(codec, 'sub'), 5);
      expect(sub.said).toMatch(new RegExp(`Video: ${name}.*160x96`));
    },
  );

  test('asks for Digest, and takes no wrong password', async () => {
    const source = await start({ account });
    const challenge = await describeRequest(source);
    expect(challenge).toMatch(/^RTSP\/1\.0 401/);
    expect(challenge).toMatch(/WWW-Authenticate: Digest /);
    expect(challenge).not.toContain('Basic');
    expect((await read(withAccount(source.url('h264')), 3)).ok).toBe(true);
    const wrong = await read(withAccount(source.url('h264'), 'wrong'), 3);
    expect([wrong.ok, wrong.said]).toEqual([false, expect.stringContaining('401')]);
  });

  test('freeze sends nothing more and closes nothing, thaw goes on', async () => {
    const source = await start();
    const args = ['-v', 'error', '-nostdin', '-progress', 'pipe:1', '-stats_period', '0.2'];
    const input = ['-rtsp_transport', 'tcp', '-i', source.url('h264'), '-c', 'copy', '-f', 'null', '-'];
    const viewer = startProcess(requirePeer('ffmpeg'), [...args, ...input]);
    const frames = (): number =>
      Number(viewer.lines.findLast((line) => line.startsWith('frame='))?.slice('frame='.length) ?? 0);
    try {
      await waitFor('pictures', () => frames() >= 3);
      source.freeze();
      // What was under way arrives; then two seconds bring nothing, where twenty pictures were due.
      let still = frames();
      let since = performance.now();
      await waitFor('silence', () => {
        if (frames() !== still) [still, since] = [frames(), performance.now()];
        return performance.now() - since > 2_000;
      });
      expect(viewer.child.exitCode).toBeNull();
      source.thaw();
      await waitFor('more pictures', () => frames() > still + 3);
    } finally {
      await viewer.kill();
    }
  });

  test('ends: the stream after its last picture, or the whole source', async () => {
    const short = await start({ pictures: 20 });
    const { ok, said } = await read(short.url('h264'), 1_000);
    expect(ok, said).toBe(true);
    expect(Number(said.match(/frame=\s*(\d+) (?!.*frame=)/s)?.[1])).toBeLessThan(30);
    const source = await start();
    const reading = read(source.url('mjpeg'), 1_000);
    await source.stop();
    expect((await reading).said).not.toMatch(/frame=\s*1000/);
  });
});

/** The head of the answer to a DESCRIBE without a credential. */
function describeRequest(source: RtspSource): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(source.port, '127.0.0.1', () => {
      socket.write(`DESCRIBE ${source.url('h264')} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n`);
    });
    socket.once('error', reject);
    socket.once('data', (head) => {
      socket.destroy();
      resolve(head.toString());
    });
  });
}
