import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { deviceCommandSchema } from '../../../contract/command.ts';
import type { EventDraft } from '../../../contract/event.ts';
import type { LiveFrame } from '../../../contract/live.ts';
import { type VideoNotice, videoNoticeSchema } from '../../../contract/live-video.ts';
import { decodeVideoPiece } from '../../../contract/live-video-frame.ts';
import type { Device, Place, Slot } from '../../../contract/site.ts';
import type { Viewer } from '../../../edge/adapters/video/channel.ts';
import type { ViewRequest } from '../../../edge/adapters/video/live-video.ts';
import { waitFor } from '../../simulators/wait.ts';
import { MemoryGateway } from './memory-gateway.ts';

const places: Place[] = [
  { id: 'campus', kind: 'campus', name: '主校区' },
  { id: 'dorm', kind: 'room', name: '宿舍', parent: 'campus', private: true },
  { id: 'bed', kind: 'point', name: '床位', parent: 'dorm' },
  { id: 'gate', kind: 'point', name: '校门', parent: 'campus' },
];
const slots: Slot[] = [
  { id: 's-gate', name: '校门视频', place: 'gate', armed: 'never' },
  { id: 's-bed', name: '宿舍视频', place: 'bed', armed: 'never' },
];
const devices: Device[] = [
  { id: 'cam-gate', name: '校门枪机', profile: 'onvif.camera', slot: 's-gate' },
  { id: 'cam-bed', name: '宿舍球机', profile: 'onvif.camera', slot: 's-bed' },
  { id: 'io-1', name: '模块', profile: 'io.wired' },
];

let gateway: MemoryGateway;
const clients: Client[] = [];
let viewers: Array<{ request: ViewRequest; viewer: Viewer; left: boolean }>;
let records: Array<{ draft: EventDraft; device: string }>;

beforeEach(async () => {
  viewers = [];
  records = [];
  gateway = await new MemoryGateway().start({
    directory: {
      version: 1,
      places: () => places,
      units: () => [],
      slots: () => slots,
      devices: () => devices,
      phones: () => [],
      links: () => [{ slot: 's-gate', cameras: ['cam-gate'] }],
      place: (id) => places.find((place) => place.id === id),
      device: (id) => devices.find((device) => device.id === id),
    },
    video: {
      live: {
        view: (request, viewer) => {
          const one = { request, viewer, left: false };
          viewers.push(one);
          return () => {
            one.left = true;
          };
        },
      },
      isCamera: ({ profile }) => profile === 'onvif.camera',
      record: async (draft, device) => void records.push({ draft, device }),
    },
  });
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.terminate();
  await gateway.stop();
});

/** A console on the live feed. */
class Client {
  readonly socket: WebSocket;
  readonly frames: Array<LiveFrame | VideoNotice> = [];
  /** What came, in order: `k` of a text frame, or the view of a binary one. */
  readonly order: Array<string | number> = [];
  readonly bytes = new Map<number, Buffer>();

  constructor(cookie: string) {
    this.socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/api/v1/live`, { headers: { cookie } });
    this.socket.binaryType = 'arraybuffer';
    this.socket.on('error', () => undefined);
    this.socket.on('message', (data, isBinary) => {
      if (!isBinary) {
        const frame = JSON.parse(Buffer.from(data as ArrayBuffer).toString()) as LiveFrame | VideoNotice;
        this.frames.push(frame);
        this.order.push(frame.k);
        return;
      }
      const piece = decodeVideoPiece(data as ArrayBuffer);
      if (piece === undefined) throw new Error('no piece');
      this.order.push(piece.view);
      this.bytes.set(piece.view, Buffer.concat([this.bytes.get(piece.view) ?? Buffer.alloc(0), piece.bytes]));
    });
  }

  static async of(user: string, desk = {}): Promise<Client> {
    const client = new Client(await gateway.cookie(user, desk));
    clients.push(client);
    await waitFor('the status', () => client.frames.some(({ k }) => k === 'status'));
    return client;
  }

  view(view: number, camera = 'cam-gate', more = {}): void {
    this.socket.send(JSON.stringify({ k: 'view', view, camera, stream: 'sub', mse: true, ...more }));
  }

  unview(view: number): void {
    this.socket.send(JSON.stringify({ k: 'unview', view }));
  }

  notices(): VideoNotice[] {
    return this.frames.flatMap((frame) => videoNoticeSchema.safeParse(frame).data ?? []);
  }

  failure(): Promise<Extract<VideoNotice, { k: 'view-failed' }>> {
    return waitFor('a failure', () =>
      this.notices().find(
        (notice): notice is Extract<VideoNotice, { k: 'view-failed' }> => notice.k === 'view-failed',
      ),
    );
  }
}

const head = { player: 'mse', codec: 'avc1.42C01E', mime: 'video/mp4; codecs="avc1.42C01E"' } as const;
const text = (words: string) => Buffer.from(words);

describe('a view', () => {
  test('is told how to play, then gets the head and the segments under its number', async () => {
    const client = await Client.of('wang');
    client.view(4, 'cam-gate', { stream: 'main', mse: false });
    const { request, viewer } = await waitFor('the view', () => viewers[0]);
    expect(request).toEqual({ camera: 'cam-gate', stream: 'main', mse: false });
    viewer.started({ ...head, init: text('HEAD') });
    viewer.segment({ data: text('-key'), keyframe: true });
    viewer.segment({ data: text('-more'), keyframe: false });
    await waitFor('the bytes', () => client.bytes.get(4)?.toString() === 'HEAD-key-more');
    expect(client.notices()).toEqual([{ k: 'view-started', view: 4, stream: 'main', ...head }]);
    expect(client.order.filter((one) => one === 'view-started' || one === 4)[0]).toBe('view-started');
  });

  test('ends with unview, with another wish under its number, and with the connection', async () => {
    const client = await Client.of('wang');
    client.view(1);
    client.view(2);
    await waitFor('two views', () => viewers.length === 2);
    client.unview(1);
    await waitFor('the first left', () => viewers[0]?.left);
    client.view(2, 'cam-gate', { stream: 'main' });
    await waitFor('the second left', () => viewers[1]?.left && viewers.length === 3);
    client.socket.close();
    await waitFor('all left', () => viewers.every(({ left }) => left));
  });

  test('a break is told with the time of the next attempt and keeps the view; an end without closes it', async () => {
    const client = await Client.of('wang');
    client.view(1);
    const one = await waitFor('the view', () => viewers[0]);
    one.viewer.failed({ code: 'frozen', zh: '停', en: 'stopped' }, 1_500.4);
    expect(await client.failure()).toEqual({
      ...{ k: 'view-failed', view: 1, code: 'frozen' },
      ...{ problem: { zh: '停', en: 'stopped' }, retryInMs: 1_500 },
    });
    expect(one.left).toBe(false);
    one.viewer.failed({ code: 'too-many', zh: '多', en: 'many' });
    await waitFor('it left', () => one.left);
  });

  test('nine at once are one too many', async () => {
    const client = await Client.of('wang');
    for (let view = 1; view <= 9; view += 1) client.view(view);
    expect(await client.failure()).toMatchObject({ view: 9, code: 'too-many' });
    expect(viewers).toHaveLength(8);
  });

  test('ends with the session', async () => {
    const client = await Client.of('wang');
    client.view(1);
    await waitFor('the view', () => viewers.length === 1);
    gateway.api.endSessions('wang');
    await waitFor('it left', () => viewers[0]?.left);
  });
});

describe('who may look', () => {
  test.each(['wang', 'li', 'sun', 'admin'])('%s may', async (user) => {
    const client = await Client.of(user);
    client.view(1);
    await waitFor('the view', () => viewers.length === 1);
  });

  test('a kiosk may not', async () => {
    const client = await Client.of('screen');
    client.view(1);
    expect(await client.failure()).toMatchObject({ code: 'not-allowed' });
    expect(viewers).toEqual([]);
  });

  test('nobody sees a private place, nor what lies in one', async () => {
    const client = await Client.of('li');
    client.view(1, 'cam-bed');
    const { code, problem } = await client.failure();
    expect(code).toBe('private-place');
    expect(problem.zh).toContain('私密');
    expect(viewers).toEqual([]);
  });

  test.each(['io-1', 'nothing'])('%s is no camera', async (camera) => {
    const client = await Client.of('li');
    client.view(1, camera);
    expect(await client.failure()).toMatchObject({ code: 'unknown-camera' });
  });

  test('the list of cameras says where they are and which are private', async () => {
    const list = async (user: string) =>
      gateway.get$('/api/v1/live/cameras', { cookie: await gateway.cookie(user) });
    expect(await (await list('wang')).json()).toEqual({
      cameras: [
        { id: 'cam-gate', name: '校门枪机', place: 'gate', private: false },
        { id: 'cam-bed', name: '宿舍球机', place: 'bed', private: true },
      ],
    });
    expect((await list('screen')).status).toBe(403);
    expect((await list('audit')).status).toBe(403);
  });

  test('frames that ask for nothing known are counted and change nothing', async () => {
    const client = await Client.of('wang');
    client.view(0);
    client.view(1, 'cam-gate', { stream: 'third' });
    client.view(1, 'cam-gate', { extra: 1 });
    client.socket.send(Buffer.from('binary'));
    await waitFor('four ignored', () => gateway.api.live.ignored === 4);
    expect(viewers).toEqual([]);
  });
});

describe('the record', () => {
  test('says who saw which camera from when to when, and who was refused', async () => {
    const client = await Client.of('wang', { station: '南门岗亭' });
    client.view(1);
    await waitFor('the view', () => viewers.length === 1);
    client.unview(1);
    client.view(2, 'cam-bed');
    await waitFor('three records', () => records.length === 3);
    for (const { draft } of records) {
      expect(draft).toMatchObject({ type: 'DEV.OUTPUT', edge: 'pulse' });
      expect(deviceCommandSchema.strict().safeParse(draft.data).error).toBeUndefined();
    }
    const by = { command: 'live-view', actor: 'wang', role: 'guard', station: '南门岗亭' };
    expect(records.map(({ device, draft }) => [device, draft.data])).toEqual([
      ['cam-gate', { ...by, args: { stream: 'sub', shown: 'begin' }, result: 'sent' }],
      [
        'cam-gate',
        { ...by, args: { stream: 'sub', shown: 'end', seconds: expect.any(Number) }, result: 'sent' },
      ],
      ['cam-bed', { ...by, args: { stream: 'sub' }, result: 'refused', reason: 'not-allowed' }],
    ]);
  });
});

describe('beside the alarms', () => {
  const MEGABYTE = Buffer.alloc(1_000_000, 1);

  test('an alarm comes before the video that waits', async () => {
    const client = await Client.of('wang');
    client.view(1);
    const { viewer } = await waitFor('the view', () => viewers[0]);
    viewer.started({ ...head, init: text('HEAD') });
    // far more than the network takes at once
    for (let n = 0; n < 3; n += 1) viewer.segment({ data: MEGABYTE, keyframe: n === 0 });
    gateway.raise('EMG.PANIC', 's-panic');
    await waitFor('all of it', () => client.bytes.get(1)?.length === 3_000_004);
    const pieces = client.order.filter((one) => one === 1).length;
    const before = client.order.slice(0, client.order.indexOf('commit')).filter((one) => one === 1).length;
    console.log(`alarm after ${before} of ${pieces} pieces of video`);
    expect(pieces).toBeGreaterThan(40);
    expect(before).toBeLessThan(pieces / 4);
  });

  test('a viewer that does not read costs no memory, loses the video and nothing else', {
    timeout: 60_000,
  }, async () => {
    const client = await Client.of('wang');
    client.view(1);
    const { viewer } = await waitFor('the view', () => viewers[0]);
    viewer.started({ ...head, init: text('HEAD') });
    client.socket.pause();
    const held = () => {
      const { arrayBuffers, external, heapUsed } = process.memoryUsage();
      return (arrayBuffers + external + heapUsed) / 1e6;
    };
    const before = held();
    let peak = before;
    for (let n = 0; n < 600; n += 1) {
      viewer.segment({ data: Buffer.alloc(500_000, n), keyframe: n % 10 === 0 });
      peak = Math.max(peak, held());
      if (n % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    console.log(
      `300 MB of video for a viewer that does not read: memory +${(peak - before).toFixed(0)} MB at most`,
    );
    expect(peak - before).toBeLessThan(120);
    gateway.raise('EMG.PANIC', 's-panic');
    await waitFor('the view over', () => viewers[0]?.left, 15_000);
    client.socket.resume();
    await waitFor('the alarm', () => client.frames.some(({ k }) => k === 'commit'));
    expect(await client.failure()).toMatchObject({ view: 1, code: 'too-slow' });
    expect(client.socket.readyState).toBe(WebSocket.OPEN);
  });
});
