/** One camera is to give one picture, for every alarm that wants it. */
interface Job {
  camera: string;
  alarms: string[];
  /** The most urgent of them. */
  severity: number;
  startedAt: number;
}

export interface JobsOptions<Outcome> {
  /** Cameras asked at a time. */
  atOnce: number;
  /** A picture that was begun no longer ago than this serves an alarm that comes now. */
  sharedMs: number;
  /** Takes a picture; must not reject. */
  take: (camera: string) => Promise<Outcome>;
  /** What became of it, for every alarm that wanted it by then. */
  done: (camera: string, alarms: readonly string[], outcome: Outcome) => void;
  monotonic: () => number;
}

/** Which camera is asked next: the most urgent alarm first, each camera once at a time, few cameras together. */
export class Jobs<Outcome> {
  readonly #o: JobsOptions<Outcome>;
  readonly #waiting = new Map<string, Job>();
  readonly #running = new Map<string, Job>();

  constructor(options: JobsOptions<Outcome>) {
    this.#o = options;
  }

  /** Cameras that are asked or wait to be. */
  get size(): number {
    return this.#waiting.size + this.#running.size;
  }

  /** An alarm wants a picture of a camera; one that is on its way serves it too. */
  add(camera: string, alarm: string, severity: number): void {
    const { sharedMs, monotonic } = this.#o;
    const running = this.#running.get(camera);
    if (running !== undefined && monotonic() - running.startedAt <= sharedMs) {
      running.alarms.push(alarm);
      return;
    }
    const waiting = this.#waiting.get(camera);
    if (waiting === undefined) this.#waiting.set(camera, { camera, alarms: [alarm], severity, startedAt: 0 });
    else {
      waiting.alarms.push(alarm);
      waiting.severity = Math.min(waiting.severity, severity);
    }
    this.#pump();
  }

  /** Lets nothing more begin. */
  clear(): void {
    this.#waiting.clear();
  }

  #pump(): void {
    while (this.#running.size < this.#o.atOnce) {
      const free = [...this.#waiting.values()].filter(({ camera }) => !this.#running.has(camera));
      // of equal ones the first that came
      const next = free.reduce<Job | undefined>(
        (best, job) => (best === undefined || job.severity < best.severity ? job : best),
        undefined,
      );
      if (next === undefined) return;
      this.#waiting.delete(next.camera);
      this.#running.set(next.camera, next);
      next.startedAt = this.#o.monotonic();
      void this.#o.take(next.camera).then((outcome) => {
        // from here on nobody joins any more
        this.#running.delete(next.camera);
        this.#o.done(next.camera, next.alarms, outcome);
        this.#pump();
      });
    }
  }
}
