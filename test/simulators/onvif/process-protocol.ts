import type { DiscoveryOptions } from './discovery.ts';
import type { CameraOptions, SimulatedCamera } from './types.ts';

/** What a process of cameras is started with (JSON, the program's one argument). */
export interface ProcessOptions {
  /** How many. Default 1. */
  cameras?: number;
  /** Names are `<prefix>-1` and so on. Default `camera`. */
  prefix?: string;
  /** Each camera on an address of its own in 127.77.0.0/16. Default: all on 127.0.0.1, by port. */
  spread?: boolean;
  /** For every camera. */
  options?: Omit<CameraOptions, 'name' | 'port'>;
  /** Answers WS-Discovery probes for them too. */
  discovery?: DiscoveryOptions;
}

/** Methods of a SimulatedCamera that can be called in another process. */
export type RemoteMethod = Exclude<
  {
    [M in keyof SimulatedCamera]: SimulatedCamera[M] extends (...args: never[]) => unknown ? M : never;
  }[keyof SimulatedCamera],
  never
>;

/** One line to the process. */
export interface Command {
  id: number;
  /** Indices from 0. */
  cameras: 'all' | readonly number[];
  method: RemoteMethod | 'identity';
  args: readonly unknown[];
}

/** Where a camera of another process is. */
export type CameraIdentity = Pick<
  SimulatedCamera,
  'name' | 'url' | 'host' | 'port' | 'otherPort' | 'snapshotUrl'
>;

/** One line from the process after the first. */
export type Answer =
  | { id: number; at: number; results: unknown[]; error?: undefined }
  | { id: number; error: string };
