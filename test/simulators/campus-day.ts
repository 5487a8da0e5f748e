import { setTimeout as sleep } from 'node:timers/promises';
import type { DemoCameras } from './demo-cameras.ts';
import { IoModule, ZigbeeBridge } from './devices.ts';
import { passwords } from './test-campus.ts';

/** A step of the day: what happens, and how to make it happen. */
interface Step {
  what: string;
  run: () => Promise<unknown>;
}

/** Simulated devices of the test campus living through a day in fast motion. */
export class CampusDay {
  readonly #modules: IoModule[];
  readonly #bridge: ZigbeeBridge;
  readonly #port: number;
  readonly #tell: (what: string) => void;
  readonly #cameras: DemoCameras | undefined;

  private constructor(
    port: number,
    modules: IoModule[],
    bridge: ZigbeeBridge,
    tell: (what: string) => void,
    cameras: DemoCameras | undefined,
  ) {
    this.#port = port;
    this.#modules = modules;
    this.#bridge = bridge;
    this.#tell = tell;
    this.#cameras = cameras;
  }

  /** Connects `modules` I/O modules and the bridge, as at power-on. */
  static async begin(
    port: number,
    modules: number,
    tell: (what: string) => void,
    cameras?: DemoCameras,
  ): Promise<CampusDay> {
    const ids = Array.from({ length: modules }, (_, i) => `io-${i + 1}`);
    const connected = await Promise.all(ids.map((id) => IoModule.connect(port, id, passwords.device)));
    const bridge = await ZigbeeBridge.connect(port, 'z2m', passwords.bridge);
    const day = new CampusDay(port, connected, bridge, tell, cameras);
    for (const device of ['lab_smoke', 'lab_leak', 'lab_door', 'lab_sos'])
      await bridge.available(device, true);
    await bridge.change('lab_smoke', { smoke: false, battery: 87, battery_low: false, tamper: false });
    await bridge.change('lab_leak', { water_leak: false, battery: 64, battery_low: false });
    await bridge.change('lab_door', { contact: true, battery: 91 });
    return day;
  }

  /** Presses the panic button of the first module; the alarm every summary is about. */
  async panic(): Promise<number> {
    const acknowledgedMs = await this.#module(0).set(1, 'alarm');
    await sleep(300);
    await this.#module(0).set(1, 'normal');
    return acknowledgedMs;
  }

  /** Plays the day step by step until `until` (performance.now()), then again from the morning. */
  async live(until: number, pauseMs: number): Promise<void> {
    for (;;) {
      for (const step of this.#day()) {
        if (performance.now() >= until) return;
        this.#tell(step.what);
        await step.run();
        await sleep(Math.min(pauseMs, Math.max(0, until - performance.now())));
      }
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#modules.map((module) => module.stop()), this.#bridge.stop()]);
  }

  #module(index: number): IoModule {
    return this.#modules[index % this.#modules.length] as IoModule;
  }

  #day(): Step[] {
    const io = (index: number) => this.#module(index);
    const bridge = this.#bridge;
    return [
      { what: '06:30 校门开启 the lab door opens and closes', run: () => this.#door() },
      { what: '07:40 一键报警 panic button at the gate', run: () => this.panic() },
      {
        what: '07:50 移动侦测 somebody walks past the gate camera',
        run: async () => this.#cameras?.motion(),
      },
      { what: '08:15 门磁报警 armed door opened', run: () => io(1).set(3, 'alarm') },
      { what: '08:16 the door is closed again', run: () => io(1).set(3, 'normal') },
      {
        what: '09:20 实验室烟感 smoke in the chemistry lab',
        run: () => bridge.change('lab_smoke', { smoke: true }),
      },
      { what: '09:24 the smoke is gone', run: () => bridge.change('lab_smoke', { smoke: false }) },
      { what: '10:05 线路断路 the loop of a panic button is cut', run: () => io(2).set(1, 'cut') },
      { what: '10:20 the loop is repaired', run: () => io(2).set(1, 'normal') },
      { what: '11:30 水浸 water under the sink', run: () => bridge.change('lab_leak', { water_leak: true }) },
      { what: '11:40 mopped up', run: () => bridge.change('lab_leak', { water_leak: false }) },
      {
        what: '12:10 电池欠压 a battery runs low',
        run: () => bridge.change('lab_leak', { battery: 12, battery_low: true }),
      },
      { what: '13:00 抖动 a loose contact chatters', run: () => this.#chatter() },
      {
        what: '14:30 实验室求助 SOS button in the lab',
        run: () => bridge.change('lab_sos', { action: 'emergency' }),
      },
      { what: '15:10 模块断电 a module loses power', run: () => this.#powerCut() },
      { what: '16:00 网桥离线 the Zigbee bridge goes down', run: () => bridge.state('offline') },
      { what: '16:05 the bridge is back', run: () => bridge.state('online') },
      {
        what: '17:30 new battery',
        run: () => bridge.change('lab_leak', { battery: 100, battery_low: false }),
      },
    ];
  }

  async #door(): Promise<void> {
    await this.#bridge.change('lab_door', { contact: false });
    await sleep(100);
    await this.#bridge.change('lab_door', { contact: true });
  }

  async #chatter(): Promise<void> {
    for (let i = 0; i < 10; i++) await this.#module(3).set(5, i % 2 === 0 ? 'alarm' : 'normal');
  }

  async #powerCut(): Promise<void> {
    const last = this.#modules.length - 1;
    const module = this.#module(last);
    module.cutPower();
    await sleep(500);
    this.#modules[last] = await IoModule.connect(this.#port, module.id, passwords.device);
  }
}
