import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer } from 'node:net';
import { CameraState } from './camera-state.ts';
import { Exchange } from './exchange.ts';
import { Listener } from './listener.ts';
import { SNAPSHOT_PATH } from './media-service.ts';
import type {
  CameraOptions,
  CameraStats,
  FaultKind,
  FaultOptions,
  Notification,
  SimulatedCamera,
} from './types.ts';

/** A camera (or access controller) of its own address on loopback, answering when this resolves. */
export async function startCamera(options: CameraOptions = {}): Promise<SimulatedCamera> {
  const camera = new Camera(options);
  await camera.start();
  return camera;
}

/** `n` cameras in this process; `options` of each by its index. */
export function startCameras(
  n: number,
  options: (index: number) => CameraOptions = () => ({}),
): Promise<SimulatedCamera[]> {
  return Promise.all(Array.from({ length: n }, (_, index) => startCamera(options(index))));
}

class Camera implements SimulatedCamera {
  readonly #state: CameraState;
  readonly #listener: Listener;
  readonly #askedPort: number | undefined;
  /** A bare service beside ONVIF's. */
  readonly #other: Listener;
  #back: NodeJS.Timeout | undefined;

  constructor(options: CameraOptions) {
    const host = options.host ?? '127.0.0.1';
    this.#listener = new Listener(host, () => {
      const handle: RequestListener = (request, response) => void exchange.handle(request, response);
      const server =
        options.tls === undefined ? createHttpServer(handle) : createHttpsServer(options.tls, handle);
      // A camera under fault `hang` holds its connections for as long as the client does.
      server.requestTimeout = 0;
      return server;
    });
    this.#other = new Listener(host, () => createServer((socket) => socket.end()));
    this.#askedPort = options.port;
    this.#state = new CameraState(options, this.#listener, () => this.#reboot());
    const exchange = new Exchange(this.#state);
  }

  async start(): Promise<void> {
    await this.#listener.open(this.#askedPort);
    await this.#other.open();
  }

  get name(): string {
    return this.#state.options.name;
  }
  get kind(): 'camera' | 'access-controller' {
    return this.#state.options.kind;
  }
  get url(): string {
    return this.#address('/onvif/device_service');
  }
  get xaddr(): string {
    return this.#state.address('/onvif/device_service');
  }
  get snapshotUrl(): string {
    return this.#address(SNAPSHOT_PATH);
  }
  get host(): string {
    return this.#listener.host;
  }
  get port(): number {
    return this.#listener.port;
  }
  get otherPort(): number {
    return this.#other.port;
  }
  get user(): string {
    return this.#state.options.user;
  }
  get password(): string {
    return this.#state.password;
  }

  get uuid(): string {
    return this.#state.uuid;
  }
  get scopes(): readonly string[] {
    return this.#state.scopes();
  }
  get silent(): boolean {
    return this.#state.faults.has('dead');
  }

  emit(notification: Notification | readonly Notification[]): number {
    return this.#state.emit(notification);
  }

  fault<K extends FaultKind>(kind: K, options: FaultOptions[K] = {}): void {
    this.#state.faults.begin(kind, options);
    this.#applyNetwork();
  }

  clearFaults(kind?: FaultKind): void {
    this.#state.faults.end(kind);
    this.#applyNetwork();
  }

  async settled(): Promise<void> {
    await Promise.all([this.#listener.settled(), this.#other.settled()]);
  }

  faults(): FaultKind[] {
    return this.#state.faults.kinds();
  }

  now(): number {
    return this.#state.now();
  }
  stepClock(ms: number): void {
    this.#state.stepClock(ms);
  }
  setPassword(password: string): void {
    this.#state.password = password;
  }
  dropSubscriptions(): void {
    this.#state.endAllPullPoints();
  }
  cutConnections(): void {
    this.#listener.cut();
  }

  async move(to: { host?: string; port?: number } = {}): Promise<string> {
    await this.#listener.close();
    if (to.host !== undefined) this.#listener.host = to.host;
    this.#listener.port = 0;
    await this.#listener.open(to.port);
    return this.url;
  }

  stats(): CameraStats {
    const { counters, subscriptions, maxSubscriptions } = this.#state;
    const { connections, maxConnections } = this.#listener;
    return {
      ...counters,
      attempts: [...counters.attempts],
      commands: [...counters.commands],
      requests: { ...counters.requests },
      subscriptions,
      maxSubscriptions,
      connections,
      maxConnections,
    };
  }

  resetStats(): void {
    this.#state.resetCounters();
    this.#listener.maxConnections = this.#listener.connections;
  }

  async stop(): Promise<void> {
    clearTimeout(this.#back);
    this.#state.endAllPullPoints();
    for (const door of this.#state.doors) door.stop();
    await Promise.all([this.#listener.close(), this.#other.close()]);
  }

  #address(path: string): string {
    const scheme = this.#state.options.tls === undefined ? 'http' : 'https';
    return `${scheme}://${this.host}:${this.port}${path}`;
  }

  // Listeners follow the faults `refuse` and `dead`.
  #applyNetwork(): void {
    const { faults } = this.#state;
    const dead = faults.has('dead');
    void (dead || faults.has('refuse') ? this.#listener.close() : this.#listener.open());
    void (dead ? this.#other.close() : this.#other.open());
  }

  #reboot(): void {
    // After the answer has gone out.
    this.#back = setTimeout(() => {
      this.#state.endAllPullPoints();
      this.fault('dead');
      this.#back = setTimeout(() => this.clearFaults('dead'), this.#state.options.rebootMs);
    }, 20);
  }
}
