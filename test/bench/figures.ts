import type { RunningProcess } from '../simulators/processes.ts';

/** Percentiles of publish to screen, milliseconds. */
export interface Spread {
  p50: number;
  p99: number;
  p999: number;
}

/** What `npm run bench -- --json FILE` writes: one key a figure, stable names. */
export interface Figures {
  ingest_ratio_bare_aedes: { c1000x1: number; c50x20: number };
  ingest_ratio_mosquitto_qos1: number;
  ingest_ratio_mosquitto_durable: number;
  external_broker_per_s: number;
  latency_ms: { '500/s': Spread; '5000/s': Spread };
  latency_ratio_bare_aedes: { '500/s': number; '5000/s': number };
  flood_panic_latency_ms: {
    flooded: { p50: number; p99: number; max: number };
    quiet: { p50: number; p99: number; max: number };
  };
  drain_events_per_s: number;
  drain_ratio_single: number;
  drain_ratio_mosquitto_bridge: number;
  alarm_during_drain_ms: { p50: number; max: number };
  bytes_per_event: number;
  start_ms: number;
  rss_mb: { idle: number; loaded: number };
  growth: { devices: number; rows: number };
  receiver_rows_per_s: number;
  liveview_cpu_ratio_node_rtsp_stream: number;
}

export type FigureName = keyof Figures;

/** Figures of SURFACE.md that belong to capabilities still to come, or need what the bench may not install. */
export const omitted: Readonly<Record<string, string>> = {
  ingest_ratio_node_red: 'Node-RED is no dependency of this project',
  'growth.rules': 'no rules yet',
  cameras: 'measured by hand, docs/performance.md says how',
};

/** One line of the printed table: what the gateway does, beside what the baseline does in the same minutes. */
export interface Row {
  figure: FigureName;
  of: string;
  gateway: string;
  /** Name and value of the baseline. */
  beside: string;
  /** Gateway to baseline. */
  ratio?: number | undefined;
  target?: { atLeast: number } | { atMost: number } | undefined;
}

/** What one measurement found. */
export interface Measured {
  figures: Partial<Figures>;
  rows: Row[];
}

/** One group of figures that are measured together. */
export interface Measurement {
  figures: FigureName[];
  run(bench: Bench): Promise<Measured>;
}

/** What a measurement works with. */
export interface Bench {
  /** Fewer rounds, shorter, smaller. */
  quick: boolean;
  /** A new empty folder on the disk that is measured. */
  folder(name: string): string;
  /** Path of a mosquitto; undefined: its baselines are left out. */
  mosquitto: string | undefined;
  /** Keeps what was started; it is ended with the measurement, whatever comes. */
  own<Started extends { process: RunningProcess }>(starting: Promise<Started>): Promise<Started>;
  say(text: string): void;
}
