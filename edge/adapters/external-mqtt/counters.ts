/** Why a message of an external broker is not handed on; metrics labels, listed in docs/mqtt.md. */
export type ExternalRefusal = 'bad-topic' | 'too-large' | 'bad-packet';

/** Monotonic counters of one external broker. Public fields are incremented on the message path. */
export class ExternalCounters {
  messagesQos0 = 0;
  messagesQos1 = 0;
  messagesQos2 = 0;
  bytes = 0;
  queued = 0;
  retained = 0;
  repeated = 0;
  /** Times that reading stopped because too much waited for its commit. */
  pauses = 0;
  connects = 0;
  disconnects = 0;
  failures = 0;
  sessionsLost = 0;
  barriersMissed = 0;
  takeovers = 0;
  stoodBy = 0;
  heldDropped = 0;
  readonly #refused = new Map<ExternalRefusal, number>();

  refused(reason: ExternalRefusal): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
  }

  /** All of them under their stable names; refusals as `refused_<reason>`. */
  snapshot(): Record<string, number> {
    const counters: Record<string, number> = {
      messages_qos0: this.messagesQos0,
      messages_qos1: this.messagesQos1,
      messages_qos2: this.messagesQos2,
      bytes: this.bytes,
      queued: this.queued,
      retained: this.retained,
      repeated: this.repeated,
      pauses: this.pauses,
      connects: this.connects,
      disconnects: this.disconnects,
      failures: this.failures,
      sessions_lost: this.sessionsLost,
      barriers_missed: this.barriersMissed,
      takeovers: this.takeovers,
      stood_by: this.stoodBy,
      held_dropped: this.heldDropped,
    };
    for (const [reason, count] of this.#refused) counters[`refused_${reason}`] = count;
    return counters;
  }
}
