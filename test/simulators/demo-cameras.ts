import { existsSync } from 'node:fs';
import { startCamera } from './onvif/camera.ts';
import { startDiscoveryResponder } from './onvif/discovery.ts';
import type { SimulatedCamera } from './onvif/types.ts';
import { type RtspSource, startRtspSource } from './rtsp.ts';

/** The introspection file of Debian's gir1.2-gst-rtsp-server-1.0, by the architecture's folder. */
const GST = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map(
  (arch) => `/usr/lib/${arch}/girepository-1.0/GstRtspServer-1.0.typelib`,
);
const user = 'gateway';
const password = 'camera-in-the-demo';

/** Two cameras that the demo's campus has, and one that nobody registered: the search of the console finds it. */
export class DemoCameras {
  readonly gate: SimulatedCamera;
  readonly lab: SimulatedCamera;
  /** To be found and registered by hand. */
  readonly spare: SimulatedCamera;
  /** Real moving pictures. */
  readonly hasPicture: boolean;
  readonly #stops: Array<() => Promise<unknown>>;

  private constructor(
    [gate, lab, spare]: readonly [SimulatedCamera, SimulatedCamera, SimulatedCamera],
    hasPicture: boolean,
    stops: Array<() => Promise<unknown>>,
  ) {
    this.gate = gate;
    this.lab = lab;
    this.spare = spare;
    this.hasPicture = hasPicture;
    this.#stops = stops;
  }

  static async start(): Promise<DemoCameras> {
    const stops: Array<() => Promise<unknown>> = [];
    const rtsp = await startPictures();
    if (rtsp !== undefined) stops.push(() => rtsp.stop());
    const streams = rtsp && { main: rtsp.url('h264'), sub: rtsp.url('h264', 'sub') };
    const make = async (name: string, serial: string): Promise<SimulatedCamera> => {
      const camera = await startCamera({ name, serial, user, password, ...(streams && { streams }) });
      stops.push(() => camera.stop());
      return camera;
    };
    const gate = await make('校门枪机', 'DEMO-1');
    const lab = await make('实验室半球', 'DEMO-2');
    const spare = await make('操场球机', 'DEMO-3');
    const cameras = [gate, lab, spare] as const;
    // where the group cannot be joined, it is found by its address
    const discovery = await startDiscoveryResponder(() => cameras, { interfaces: ['127.0.0.1'] }).catch(
      () => undefined,
    );
    if (discovery !== undefined) stops.push(() => discovery.stop());
    return new DemoCameras(cameras, rtsp !== undefined, stops);
  }

  /** The site of the demo with its cameras, and what they see. */
  within(site: Record<string, unknown>): Record<string, unknown> {
    const list = (key: string): unknown[] => (site[key] as unknown[] | undefined) ?? [];
    const camera = (id: string, name: string, slot: string, { url }: SimulatedCamera) => ({
      id,
      name,
      profile: 'onvif.camera',
      slot,
      onvif: { url, user, password },
    });
    return {
      ...site,
      slots: [
        ...list('slots'),
        { id: 'gate-video', name: '校门视频', place: 'room-io-1' },
        { id: 'lab-video', name: '实验室视频', place: 'lab' },
      ],
      devices: [
        ...list('devices'),
        camera('cam-gate', '校门枪机', 'gate-video', this.gate),
        camera('cam-lab', '实验室半球', 'lab-video', this.lab),
      ],
      links: [
        ...list('links'),
        { slot: 'io-1-panic', cameras: ['cam-gate'] },
        { slot: 'lab-smoke', cameras: ['cam-lab'] },
        { slot: 'lab-sos', cameras: ['cam-lab'] },
      ],
    };
  }

  /** Somebody walks through the picture of the gate. */
  async motion(): Promise<void> {
    for (const state of ['true', 'false'])
      this.gate.emit({
        topic: 'tns1:RuleEngine/CellMotionDetector/Motion',
        operation: 'Changed',
        source: {
          VideoSourceConfigurationToken: 'VSC-1',
          VideoAnalyticsConfigurationToken: 'VAC-1',
          Rule: 'gate',
        },
        data: { IsMotion: state },
      });
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0).reverse()) await stop();
  }
}

/** Undefined: this machine has no RTSP server of GStreamer. */
async function startPictures(): Promise<RtspSource | undefined> {
  if (!GST.some(existsSync)) return undefined;
  return startRtspSource({ account: { user, password } }).catch(() => undefined);
}
