import { uuidv7 } from 'uuidv7';
import type { Alarm } from '../../contract/alarm.ts';
import { encodeBody } from '../../contract/cloud-event.ts';
import type { Event, EventDraft, Origin, Severity } from '../../contract/event.ts';
import { eventType } from '../../contract/event-type.ts';
import type { DeviceState } from '../../device-profiles/normalise.ts';
import type { AlarmBook } from '../alarms/book.ts';
import type { Change } from '../alarms/lifecycle.ts';
import type { RetainedMessage, SealedBatch } from '../journal/batch.ts';
import type { Journal } from '../journal/journal.ts';
import type { Registry } from '../registry/registry.ts';
import { bridgeEdge, type LiveDevice, type LiveDevices } from './devices.ts';
import { type Duplicates, eventKey } from './duplicates.ts';
import type { Share } from './item.ts';
import { ownDraft } from './own-event.ts';

/** Who this gateway is; part of every event's origin. */
export interface GatewayIdentity {
  gateway: string;
  school: string;
  region: string;
}

/** What evaluating a batch needs. */
export interface Evaluation {
  identity: GatewayIdentity;
  journal: Pick<Journal, 'nextSeq'>;
  registry: Registry;
  devices: LiveDevices;
  book: AlarmBook;
  duplicates: Duplicates;
  clock: () => number;
  /** Counts an event that a window swallowed. */
  onDuplicate: () => void;
}

/** Device faults that become severity 2 where the slot protects life (CONTRACT section 3, `severity`). */
const raisedOnLifeSafety = new Set(['DEV.OFFLINE', 'DEV.SILENT', 'DEV.BATT', 'DEV.FAULT']);

/** Collects what one commit makes true: evaluates drafts into events, events into alarm transitions. */
export class Batch {
  readonly #e: Evaluation;
  readonly #sealed: SealedBatch = { rows: [], alarms: [], states: [], retained: [], cursors: [] };
  readonly #alarms = new Map<string, Alarm>();
  readonly #states = new Map<string, DeviceState>();

  constructor(evaluation: Evaluation) {
    this.#e = evaluation;
  }

  get rows(): number {
    return this.#sealed.rows.length;
  }

  /** A device's events and its state after them. */
  addDevice(share: Share, messageKey: string | undefined, dup: boolean): void {
    const { live } = share;
    for (const draft of share.drafts) this.#addDraft(live, draft, messageKey, dup);
    if (share.state !== undefined) this.#states.set(live.device.id, share.state);
  }

  /** An event of the gateway itself, or about a device it watches. */
  addOwn(draft: EventDraft, deviceId?: string): void {
    const live = deviceId === undefined ? undefined : this.#e.devices.get(deviceId);
    this.#addEvent(live, draft, undefined);
  }

  addRetained(message: RetainedMessage): void {
    this.#sealed.retained.push(message);
  }

  /** Alarm transitions that no event of this batch caused (operator, timer). */
  addChanges(changes: readonly Change[], cause: string[] | undefined): void {
    for (const { alarm, transition } of changes) {
      const draft = ownDraft('ALM.TRANSITION', 'pulse', this.#e.clock(), transition);
      draft.mode = alarm.mode;
      if (cause !== undefined) draft.cause = cause;
      const origin: Origin = { ...this.#e.identity };
      if (alarm.device !== undefined) origin.device = alarm.device;
      if (alarm.slot !== undefined) origin.slot = alarm.slot;
      if (alarm.place !== undefined) origin.place = alarm.place;
      if (alarm.unit !== undefined) origin.unit = alarm.unit;
      this.#store(draft, origin, undefined, alarm.id);
      this.#alarms.set(alarm.id, alarm);
    }
  }

  seal(): SealedBatch {
    for (const alarm of this.#alarms.values()) this.#sealed.alarms.push(alarm);
    for (const [id, state] of this.#states) {
      this.#sealed.states.push({ key: `device:${id}`, value: JSON.stringify(state) });
    }
    return this.#sealed;
  }

  #addDraft(live: LiveDevice, draft: EventDraft, messageKey: string | undefined, dup: boolean): void {
    const key = eventKey(live.device.id, draft, messageKey);
    if (key !== undefined) {
      const at = this.#e.clock();
      const comparable = draft.dedupKey !== undefined || dup;
      if (comparable && this.#e.duplicates.seen(key, at, live.profile.dedupWindowMs)) {
        this.#e.onDuplicate();
        return;
      }
      this.#e.duplicates.remember(key, at);
    }
    this.#addEvent(live, draft, key);
  }

  #addEvent(live: LiveDevice | undefined, draft: EventDraft, key: string | undefined): void {
    const { identity, registry, book, devices } = this.#e;
    const origin: Origin =
      live === undefined ? { ...identity } : { ...identity, ...registry.originOf(live.device, draft.input) };
    if (raisedOnLifeSafety.has(draft.type) && draft.severity > 2 && this.#protectsLife(live, origin.slot)) {
      draft.severity = 2 as Severity;
    }
    const event = this.#store(draft, origin, key === undefined ? undefined : [key], undefined);
    const armed = origin.slot === undefined ? 'never' : registry.armed(origin.slot);
    this.addChanges(book.onEvent(event, { armed }), [event.id]);
    if (live !== undefined && bridgeEdge(draft) === 'down') {
      this.addChanges(book.lose(devices.forgetBehind(live.device.id)), [event.id]);
    }
  }

  /** A device protects life when its slot, or the slot of any of its inputs, does. */
  #protectsLife(live: LiveDevice | undefined, slot: string | undefined): boolean {
    const { registry } = this.#e;
    if (slot !== undefined && registry.isLifeSafety(slot)) return true;
    const inputs = live?.device.inputs;
    if (inputs === undefined) return false;
    return Object.values(inputs).some(
      (input) => input.slot !== undefined && registry.isLifeSafety(input.slot),
    );
  }

  #store(draft: EventDraft, origin: Origin, dup: string[] | undefined, alarm: string | undefined): Event {
    const lane = eventType(draft.type)?.lane ?? 'e';
    const event: Event = { ...draft, id: uuidv7(), lane, seq: this.#e.journal.nextSeq(lane), origin };
    this.#sealed.rows.push({
      lane,
      seq: event.seq,
      id: event.id,
      type: event.type,
      severity: event.severity,
      freshness: event.freshness,
      edge: event.edge,
      at: Date.parse(event.receivedAt),
      body: encodeBody(event),
      ...(dup === undefined ? {} : { dup }),
      ...(alarm === undefined ? {} : { alarm }),
    });
    return event;
  }
}
