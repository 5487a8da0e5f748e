import type { Logger } from 'pino';
import type { DeviceCommand } from '../../contract/command.ts';
import type { EventDraft } from '../../contract/event.ts';
import type { LiveCamera, VideoNotice, ViewRequest } from '../../contract/live-video.ts';
import type { Device } from '../../contract/site.ts';
import type { Text } from '../../contract/text.ts';
import type { Viewer } from '../adapters/video/channel.ts';
import type { LiveVideo } from '../adapters/video/live-video.ts';
import { ownDraft } from '../pipeline/own-event.ts';
import { isPrivatePlace, placeOfDevice } from '../registry/private-place.ts';
import { inScope, whereaboutsOf } from '../registry/scope.ts';
import { may } from './access.ts';
import { VideoLane } from './live-video-lane.ts';
import type { SiteDirectory } from './ports.ts';
import type { Session } from './sessions.ts';

/** Pictures of one connection at once; a wall shows four. */
const MAX_VIEWS = 8;

/** Where live pictures come from, and where it is written who looked. */
export interface VideoPort {
  live: Pick<LiveVideo, 'view'>;
  /** Is this device a camera? */
  isCamera: (device: Device) => boolean;
  /** Writes a record of what a person did with a device. */
  record: (draft: EventDraft, device: string) => Promise<void>;
}

export interface VideoDeskOptions {
  /** Absent: a gateway without cameras. */
  port: VideoPort | undefined;
  directory: Pick<SiteDirectory, 'devices' | 'device' | 'slots' | 'place'>;
  clock: () => number;
  logger: Logger;
}

/** The connection of a viewer. */
export interface VideoConnection {
  readonly session: Session;
  notify(notice: VideoNotice): void;
  /** Hands a binary frame to the network; calls `taken` once it is there. */
  sendVideo(frame: Uint8Array, taken: () => void): void;
}

const text = {
  notAllowed: {
    zh: '您的岗位不能调看视频；请联系值班班长。',
    en: 'Your role may not look at cameras: ask the shift leader.',
  },
  unknownCamera: (camera: string): Text => ({
    zh: `没有编号为“${camera}”的摄像机；请核对设备登记。`,
    en: `There is no camera "${camera}": see the list of devices.`,
  }),
  outOfScope: {
    zh: '此摄像机不在您的责任范围内，请联系值班班长。',
    en: 'This camera is outside of what you are responsible for: ask the shift leader.',
  },
  privatePlace: {
    zh: '这台摄像机在私密场所（宿舍、卫生间、更衣室、医务室），不能调看视频。',
    en: 'This camera is in a private place (dormitory, toilet, changing room, clinic): its picture is refused.',
  },
  tooMany: {
    zh: `一个页面最多同时看 ${MAX_VIEWS} 路视频；请先关闭一路。`,
    en: `One page shows at most ${MAX_VIEWS} cameras at once: close one first.`,
  },
  tooSlow: {
    zh: '本机网络太慢，收不下视频，已停止播放；报警不受影响。请改看子码流或检查网络后再打开。',
    en: 'The network of this computer is too slow for the picture, which was closed; alarms are not affected. Choose the sub-stream or check the network, then open it again.',
  },
} as const;

/** Live pictures for the console: who may see what, and the record of it. */
export class VideoDesk {
  readonly #o: VideoDeskOptions;

  constructor(options: VideoDeskOptions) {
    this.#o = options;
  }

  /** Every camera of the campus. */
  cameras(): LiveCamera[] {
    const { port, directory } = this.#o;
    return directory
      .devices()
      .filter((device) => port?.isCamera(device) === true)
      .map((device) => {
        const place = this.#placeOf(device);
        const { id, name } = device;
        return { id, name, ...(place === undefined ? {} : { place }), private: this.#isPrivate(place) };
      });
  }

  /** The views of a new connection. */
  open(connection: VideoConnection): ConnectionViews {
    return new ConnectionViews(connection, this.#o.port, {
      refusal: (session, camera) => this.#refusal(session, camera),
      record: (session, camera, what) => this.#record(session, camera, what),
    });
  }

  #refusal({ role, scope }: Session, camera: string): { code: string; problem: Text } | undefined {
    const { port, directory } = this.#o;
    const device = directory.device(camera);
    if (!may(role, 'video.view')) return { code: 'not-allowed', problem: text.notAllowed };
    if (device === undefined || port?.isCamera(device) !== true)
      return { code: 'unknown-camera', problem: text.unknownCamera(camera) };
    if (this.#isPrivate(this.#placeOf(device))) return { code: 'private-place', problem: text.privatePlace };
    if (!inScope(scope, whereaboutsOf(camera, directory), directory))
      return { code: 'not-allowed', problem: text.outOfScope };
    return undefined;
  }

  #placeOf(device: Device): string | undefined {
    return placeOfDevice(device, this.#o.directory.slots());
  }

  #isPrivate(place: string | undefined): boolean {
    return isPrivatePlace(place, (id) => this.#o.directory.place(id));
  }

  #record(session: Session, camera: string, what: ViewRecord): void {
    const { port, clock, logger, directory } = this.#o;
    const { user, role, station } = session;
    const data: DeviceCommand = { ...what, actor: user, role, station: station ?? '' };
    logger.info({ device: camera, ...data }, 'live view');
    // of what is no device there is nothing to record
    if (port === undefined || directory.device(camera) === undefined) return;
    port
      .record(ownDraft('DEV.OUTPUT', 'pulse', clock(), data), camera)
      .catch((err) => logger.warn({ err, device: camera }, 'who looked at a camera is not in the journal'));
  }
}

/** What is written of a view, as of a command to a device. */
type ViewRecord = Pick<DeviceCommand, 'command' | 'args' | 'result' | 'reason'>;

interface Judge {
  refusal(session: Session, camera: string): { code: string; problem: Text } | undefined;
  record(session: Session, camera: string, what: ViewRecord): void;
}

interface OpenView {
  camera: string;
  stream: 'main' | 'sub';
  since: number;
  leave: () => void;
}

/** The live pictures of one connection. */
export class ConnectionViews {
  readonly #connection: VideoConnection;
  readonly #port: VideoPort | undefined;
  readonly #judge: Judge;
  readonly #views = new Map<number, OpenView>();
  readonly #lane: VideoLane;

  constructor(connection: VideoConnection, port: VideoPort | undefined, judge: Judge) {
    this.#connection = connection;
    this.#port = port;
    this.#judge = judge;
    this.#lane = new VideoLane({
      send: (frame, taken) => connection.sendVideo(frame, taken),
      onStalled: (views) => {
        for (const view of views) this.#failed(view, { code: 'too-slow', problem: text.tooSlow });
      },
    });
  }

  /** Does what a frame of the client asks. */
  take(request: ViewRequest): void {
    if (request.k === 'unview') this.#end(request.view);
    else this.#view(request);
  }

  /** The connection is gone. */
  close(): void {
    for (const view of [...this.#views.keys()]) this.#end(view);
    this.#lane.close();
  }

  #view({ view, camera, stream, mse }: Extract<ViewRequest, { k: 'view' }>): void {
    // the same number again is another wish for the same tile
    this.#end(view);
    const { session } = this.#connection;
    const refusal = this.#judge.refusal(session, camera);
    const full = this.#views.size >= MAX_VIEWS;
    if (refusal !== undefined || full || this.#port === undefined) {
      const args = { stream };
      const refused = { command: 'live-view', args, result: 'refused', reason: 'not-allowed' } as const;
      if (refusal !== undefined) this.#judge.record(session, camera, refused);
      this.#failed(view, refusal ?? { code: 'too-many', problem: text.tooMany });
      return;
    }
    const open: OpenView = { camera, stream, since: performance.now(), leave: () => undefined };
    this.#views.set(view, open);
    const args = { stream, shown: 'begin' };
    this.#judge.record(session, camera, { command: 'live-view', args, result: 'sent' });
    open.leave = this.#port.live.view({ camera, stream, mse }, this.#viewer(view, open));
    // it may have failed at once
    if (this.#views.get(view) !== open) open.leave();
  }

  #viewer(view: number, open: OpenView): Viewer {
    const isOpen = () => this.#views.get(view) === open;
    return {
      started: ({ player, codec, mime, init }) => {
        if (!isOpen()) return;
        const more = mime === undefined ? {} : { mime };
        const { stream } = open;
        this.#connection.notify({ k: 'view-started', view, stream, player, codec, ...more });
        this.#lane.begin(view, init);
      },
      segment: ({ data, keyframe }) => {
        if (isOpen()) this.#lane.push(view, data, keyframe);
      },
      failed: ({ code, zh, en }, retryInMs) => {
        if (isOpen()) this.#failed(view, { code, problem: { zh, en } }, retryInMs);
      },
    };
  }

  #failed(view: number, { code, problem }: { code: string; problem: Text }, retryInMs?: number): void {
    const more = retryInMs === undefined ? {} : { retryInMs: Math.round(retryInMs) };
    this.#connection.notify({ k: 'view-failed', view, code, problem, ...more });
    this.#lane.end(view);
    if (retryInMs === undefined) this.#end(view);
  }

  #end(view: number): void {
    const open = this.#views.get(view);
    if (open === undefined) return;
    this.#views.delete(view);
    this.#lane.end(view);
    open.leave();
    const seconds = Math.round((performance.now() - open.since) / 1000);
    const args = { stream: open.stream, shown: 'end', seconds };
    this.#judge.record(this.#connection.session, open.camera, { command: 'live-view', args, result: 'sent' });
  }
}
