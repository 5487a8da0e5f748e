import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { CameraStream } from '../../../../edge/adapters/video/camera-streams.ts';
import type { VideoProblem } from '../../../../edge/adapters/video/problems.ts';
import { type Grant, RtspRelay } from '../../../../edge/adapters/video/rtsp-relay.ts';
import { type RtspSource, startRtspSource } from '../../../simulators/rtsp.ts';
import { waitFor } from '../../../simulators/wait.ts';
import { describeWithPeer, requirePeer } from '../../../support/peers.ts';
import { commandLinesWith, ScriptedCamera } from './support.ts';

const run = promisify(execFile);
const PASSWORD = 'Gehe!m-"密"-4711';
const account = { user: 'operator', password: PASSWORD };

const stops: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

interface Asked {
  grant: Grant;
  relay: RtspRelay;
  problems: VideoProblem[];
  codecs: Array<string | undefined>;
}

async function relayed(stream: CameraStream, times = {}): Promise<Asked> {
  const relay = new RtspRelay(times);
  stops.push(() => relay.close());
  const problems: VideoProblem[] = [];
  const codecs: Array<string | undefined> = [];
  const grant = await relay.grant(stream, {
    codec: (codec) => codecs.push(codec),
    failed: (problem) => problems.push(problem),
  });
  return { grant: grant as Grant, relay, problems, codecs };
}

/** What a real ffmpeg gets through it: pictures decoded, and what it says. `shows`: it has decoded some already. */
async function fetched(
  { grant }: Asked,
  seconds = 1,
  shows?: () => void,
): Promise<{ frames: number; said: string }> {
  const args = ['-nostdin', '-loglevel', 'error', '-stats', '-i', `${grant.url}?tcp`, '-t', String(seconds)];
  const running = run(requirePeer('ffmpeg'), [...args, '-f', 'null', '-'], { timeout: 25_000 });
  running.child.stderr?.on('data', (chunk: string) => /frame=\s*[1-9]/.test(chunk) && shows?.());
  const { stderr } = await running.catch((error: { stderr: string }) => error);
  return {
    frames: Number(
      stderr
        .match(/frame=\s*(\d+)/g)
        ?.at(-1)
        ?.slice(6) ?? 0,
    ),
    said: stderr,
  };
}

/** Says one thing to the relay and keeps what it answers until it closes. */
function say(url: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    let heard = '';
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(heard));
    socket.write(text);
  });
}

describeWithPeer(['ffmpeg', 'gstreamer'], 'the relay before a real RTSP server', () => {
  let digest: RtspSource;
  let basic: RtspSource;

  beforeAll(async () => {
    digest = await startRtspSource({ account });
    basic = await startRtspSource({ account: { ...account, scheme: 'basic' } });
  });
  afterAll(async () => {
    await digest.stop();
    await basic.stop();
  });

  test('answers the digest challenge; ffmpeg decodes pictures and is told no password', async () => {
    const asked = await relayed({ url: digest.url('h264'), ...account });
    const fetching = fetched(asked);
    await waitFor('the description', () => asked.codecs.length > 0);
    expect(commandLinesWith(asked.grant.url)).toBe(1);
    expect(commandLinesWith(PASSWORD)).toBe(0);
    const { frames, said } = await fetching;
    expect(frames).toBeGreaterThan(10);
    expect(said).not.toContain(PASSWORD);
    expect(asked.codecs).toEqual(['H264']);
    expect(asked.problems).toEqual([]);
  });

  test('sees the coding of H.265 and MJPEG', async () => {
    for (const [name, codec] of [
      ['h265', 'H265'],
      ['mjpeg', 'JPEG'],
    ] as const) {
      const asked = await relayed({ url: digest.url(name), ...account });
      expect((await fetched(asked)).frames).toBeGreaterThan(5);
      expect(asked.codecs).toEqual([codec]);
    }
  });

  test('a camera on this machine that knows Basic only is answered', async () => {
    const asked = await relayed({ url: basic.url('h264'), ...account });
    expect((await fetched(asked)).frames).toBeGreaterThan(5);
  });

  test.each([
    ['wrong-password', () => ({ url: digest.url('h264'), user: 'operator', password: 'no' })],
    ['no-password', () => ({ url: digest.url('h264') })],
    ['no-stream', () => ({ url: digest.url('h264').replace('h264', 'nothing'), ...account })],
    ['unreachable', () => ({ url: 'rtsp://127.0.0.1:9/x', ...account })],
  ])('%s is told apart', async (code, stream) => {
    const asked = await relayed(stream());
    const { said } = await fetched(asked);
    expect(asked.problems.map((problem) => problem.code)).toEqual([code]);
    expect(JSON.stringify(asked.problems) + said).not.toContain(PASSWORD);
  });

  test('a frozen camera ends the connection in its time', async () => {
    const source = await startRtspSource({ account });
    stops.push(() => source.stop());
    const asked = await relayed({ url: source.url('h264'), ...account }, { frozenMs: 1_000 });
    await fetched(asked, 20, () => source.freeze());
    expect(asked.problems.map(({ code }) => code)).toEqual(['frozen']);
  });

  test('what ffmpeg does not read is not collected: the camera is not read either', async () => {
    const source = await startRtspSource({ kbps: 20_000, width: 1920, height: 1080, pattern: 'snow' });
    stops.push(() => source.stop());
    const asked = await relayed({ url: source.url('mjpeg') });
    const ffmpeg = execFile(requirePeer('ffmpeg'), [
      '-nostdin',
      '-v',
      'error',
      '-i',
      `${asked.grant.url}?tcp`,
      '-f',
      'null',
      '-',
    ]);
    stops.push(async () => ffmpeg.kill('SIGKILL'));
    await waitFor('the description', () => asked.codecs.length > 0);
    await sleep(2_000);
    ffmpeg.kill('SIGSTOP');
    await sleep(1_000);
    globalThis.gc?.();
    const before = process.memoryUsage();
    await sleep(5_000);
    const after = process.memoryUsage();
    const grown = (after.arrayBuffers + after.external - before.arrayBuffers - before.external) / 1e6;
    console.log(`relay with a stopped reader: ${grown.toFixed(1)} MB of buffers in 5 s`);
    expect(grown).toBeLessThan(8);
  });
});

describe('who is admitted', () => {
  const request = (url: string) => `OPTIONS ${url} RTSP/1.0\r\nCSeq: 1\r\n\r\n`;

  test('a token opens once; what is on a command line opens nothing afterwards', async () => {
    const camera = await ScriptedCamera.start(() => 'RTSP/1.0 200 OK');
    stops.push(() => camera.stop());
    const { grant, relay } = await relayed({ url: `rtsp://127.0.0.1:${camera.port}/1` });
    const first = say(grant.url, request(grant.url));
    await waitFor('the camera asked', () => camera.asked.length === 1);
    expect(await say(grant.url, request(grant.url))).toMatch(/^RTSP\/1\.0 404 /);
    expect(relay.refused).toBe(1);
    expect(camera.asked).toHaveLength(1);
    grant.revoke();
    expect(await first).toMatch(/^RTSP\/1\.0 200 OK\r\nCSeq: 1\r\n/);
  });

  test('unknown and revoked tokens, other addresses and noise are turned away, and no camera is asked', async () => {
    const camera = await ScriptedCamera.start(() => 'RTSP/1.0 200 OK');
    stops.push(() => camera.stop());
    const { grant } = await relayed({ url: `rtsp://127.0.0.1:${camera.port}/1` });
    const base = grant.url.slice(0, grant.url.lastIndexOf('/'));
    expect(await say(grant.url, request(`${base}/00112233`))).toContain('404');
    expect(await say(grant.url, request(`rtsp://127.0.0.1:${camera.port}/1`))).toContain('404');
    expect(await say(grant.url, 'GET / HTTP/1.1\r\n\r\n')).toContain('404');
    expect(await say(grant.url, '\u0016\u0003\u0001')).toBe('');
    grant.revoke();
    expect(await say(grant.url, request(grant.url))).toContain('404');
    expect(camera.asked).toEqual([]);
  });

  test('it listens on the loopback interface only', async () => {
    const { grant } = await relayed({ url: 'rtsp://127.0.0.1:9/1' });
    expect(new URL(grant.url).hostname).toBe('127.0.0.1');
    const { stdout } = await run('cat', ['/proc/net/tcp']);
    const port = Number(new URL(grant.url).port).toString(16).toUpperCase().padStart(4, '0');
    const listening = stdout.split('\n').filter((line) => line.includes(`:${port} 00000000:0000 0A`));
    expect(listening.map((line) => line.trim().split(/\s+/)[1])).toEqual([`0100007F:${port}`]);
  });
});

describe('what a camera is told', () => {
  const ask = async (stream: CameraStream, text: (url: string) => string) => {
    const asked = await relayed(stream, { answerMs: 300, connectMs: 1_000 });
    return { ...asked, heard: await say(asked.grant.url, text(asked.grant.url)) };
  };
  const describeRequest = (url: string) => `DESCRIBE ${url} RTSP/1.0\r\nCSeq: 5\r\n\r\n`;
  const challenge = 'RTSP/1.0 401 Unauthorized\nWWW-Authenticate: Digest realm="r", nonce="n"';

  test('a wrong password is sent once', async () => {
    const camera = await ScriptedCamera.start(() => challenge);
    stops.push(() => camera.stop());
    const url = `rtsp://127.0.0.1:${camera.port}/1`;
    const { problems, heard } = await ask({ url, ...account }, describeRequest);
    expect(problems.map(({ code }) => code)).toEqual(['wrong-password']);
    expect(camera.authorisations).toHaveLength(1);
    expect(heard).toMatch(/^RTSP\/1\.0 401 /);
    expect(heard.toLowerCase()).not.toContain('www-authenticate');
  });

  test('the password goes to another machine in no form but a digest', async () => {
    const camera = await ScriptedCamera.start(
      () => 'RTSP/1.0 401 Unauthorized\nWWW-Authenticate: Basic realm="r"',
      '0.0.0.0',
    );
    stops.push(() => camera.stop());
    // the same machine by a name that may be any other
    const { problems } = await ask(
      { url: `rtsp://${hostname()}:${camera.port}/1`, ...account },
      describeRequest,
    );
    expect(problems.map(({ code }) => code)).toEqual(['basic-only']);
    expect(camera.authorisations).toEqual([]);
  });

  test('where Digest and Basic are offered, Digest is answered', async () => {
    const camera = await ScriptedCamera.start(
      () =>
        'RTSP/1.0 401 Unauthorized\nWWW-Authenticate: Basic realm="r"\nWWW-Authenticate: Digest realm="r", nonce="n"',
    );
    stops.push(() => camera.stop());
    await ask({ url: `rtsp://127.0.0.1:${camera.port}/1`, ...account }, describeRequest);
    expect(camera.authorisations).toHaveLength(1);
    expect(camera.authorisations[0]).toMatch(/^Digest /);
  });

  test('our address becomes its own, credentials in it are left out, and media over UDP is refused here', async () => {
    const camera = await ScriptedCamera.start((_, socket) => void socket.end());
    stops.push(() => camera.stop());
    const url = `rtsp://127.0.0.1:${camera.port}/live?channel=1`;
    const { heard } = await ask({ url: url.replace('//', '//in:url@') }, (own) =>
      [
        `SETUP ${own}/track1 RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP/UDP;unicast;client_port=4-5\r\n\r\n`,
        `SETUP ${own}/track1 RTSP/1.0\r\nCSeq: 2\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n`,
      ].join(''),
    );
    expect(heard).toContain('RTSP/1.0 461 Unsupported Transport\r\nCSeq: 1');
    expect(camera.asked.map(({ startLine }) => startLine)).toEqual([`SETUP ${url}/track1 RTSP/1.0`]);
  });

  test.each([
    ['silent', () => undefined],
    ['busy', () => 'RTSP/1.0 453 Not Enough Bandwidth'],
    ['no-stream', () => 'RTSP/1.0 302 Moved\nLocation: rtsp://10.0.0.1/elsewhere'],
    ['wrong-password', () => 'RTSP/1.0 403 Forbidden'],
  ])('%s', async (code, answer) => {
    const camera = await ScriptedCamera.start(answer);
    stops.push(() => camera.stop());
    const { problems } = await ask({ url: `rtsp://127.0.0.1:${camera.port}/1`, ...account }, describeRequest);
    expect(problems.map((problem) => problem.code)).toEqual([code]);
  });

  test('an answer that is no RTSP', async () => {
    const camera = await ScriptedCamera.start((_, socket) => void socket.write('\u0000\u0001nothing'));
    stops.push(() => camera.stop());
    const { problems } = await ask({ url: `rtsp://127.0.0.1:${camera.port}/1` }, describeRequest);
    expect(problems.map(({ code }) => code)).toEqual(['protocol']);
  });
});

test('an address that is no RTSP grants nothing', async () => {
  for (const url of ['http://127.0.0.1/', 'nonsense', 'rtsp:///path']) {
    const { grant, problems } = await relayed({ url });
    expect(grant).toBeUndefined();
    expect(problems.map(({ code }) => code)).toEqual(['bad-address']);
  }
});
