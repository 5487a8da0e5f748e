import type { RefusalReason } from './refusal.ts';

/** Monotonic counters of one broker. Public fields are incremented on the message path. */
export class Counters {
  messagesQos0 = 0;
  messagesQos1 = 0;
  messagesQos2 = 0;
  bytes = 0;
  wills = 0;
  willsWithheld = 0;
  acked = 0;
  qos2Repeated = 0;
  /** Connections that we closed because their acknowledgement could not be given in time. */
  holdExpired = 0;
  /** Messages that waited because their account published faster than it may. */
  paced = 0;
  connects = 0;
  disconnects = 0;
  takeovers = 0;
  queueDropped = 0;
  sessionsForgotten = 0;
  readonly #refused = new Map<RefusalReason, number>();

  refused(reason: RefusalReason): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
  }

  /** All of them under their stable names; refusals as `refused_<reason>`. */
  snapshot(): Record<string, number> {
    const counters: Record<string, number> = {
      messages_qos0: this.messagesQos0,
      messages_qos1: this.messagesQos1,
      messages_qos2: this.messagesQos2,
      bytes: this.bytes,
      wills: this.wills,
      wills_withheld: this.willsWithheld,
      acked: this.acked,
      qos2_repeated: this.qos2Repeated,
      hold_expired: this.holdExpired,
      paced: this.paced,
      connects: this.connects,
      disconnects: this.disconnects,
      takeovers: this.takeovers,
      queue_dropped: this.queueDropped,
      sessions_forgotten: this.sessionsForgotten,
    };
    for (const [reason, count] of this.#refused) counters[`refused_${reason}`] = count;
    return counters;
  }
}
