import { parseDuration } from './times.ts';
import type { Notification } from './types.ts';

type Emit = (notification: Notification) => unknown;

/** Door modes of the door control specification that the commands lead to. */
export type DoorMode =
  | 'Locked'
  | 'Unlocked'
  | 'Accessed'
  | 'Blocked'
  | 'LockedDown'
  | 'LockedOpen'
  | 'DoubleLocked';

const ACCESS_MS = 3_000;

/** A door with an electric lock: modes follow commands, and each change is an event. */
export class Door {
  readonly token: string;
  mode: DoorMode = 'Locked';
  readonly #emit: Emit;
  #relock: NodeJS.Timeout | undefined;

  constructor(token: string, emit: Emit) {
    this.token = token;
    this.#emit = emit;
  }

  get locked(): boolean {
    return !['Unlocked', 'Accessed', 'LockedOpen'].includes(this.mode);
  }

  /** Properties as a new subscriber gets them. */
  states(): Notification[] {
    const state = (name: string, value: string): Notification => ({
      topic: `tns1:Door/State/${name}`,
      operation: 'Changed',
      source: { DoorToken: this.token },
      data: { State: value },
    });
    return [state('DoorMode', this.mode), state('LockPhysicalState', this.locked ? 'Locked' : 'Unlocked')];
  }

  set(mode: DoorMode): void {
    clearTimeout(this.#relock);
    this.mode = mode;
    for (const state of this.states()) this.#emit(state);
  }

  /** Momentary access for `accessTime` (an xs:duration), then locked again. */
  access(accessTime = ''): void {
    this.set('Accessed');
    this.#relock = setTimeout(() => this.set('Locked'), parseDuration(accessTime) ?? ACCESS_MS);
    this.#relock.unref();
  }

  stop(): void {
    clearTimeout(this.#relock);
  }
}
