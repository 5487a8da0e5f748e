/**
 * `ok`: the device answers pulls. `silent`: it answers, but its event channel is dead. `offline`: it does not answer.
 * `refused`: it refuses the credentials. `unsupported`: it has no pull points.
 */
export type HealthState = 'ok' | 'silent' | 'offline' | 'refused' | 'unsupported';

export interface Health {
  state: HealthState;
  /** In words for the installer; empty for `ok`. */
  reason: string;
  /** Milliseconds since 1970. */
  at: number;
}
