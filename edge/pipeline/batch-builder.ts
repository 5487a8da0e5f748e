import type { Alarm } from '../../contract/alarm.ts';
import type { AuditEntry } from '../../contract/audit.ts';
import { encodeBody } from '../../contract/cloud-event.ts';
import {
  type Clock,
  type Event,
  type EventDraft,
  gatewayClock,
  gatewayClocks,
  type Lane,
  type Origin,
  type Severity,
} from '../../contract/event.ts';
import { eventType } from '../../contract/event-type.ts';
import type { RawMessage } from '../../contract/raw-message.ts';
import { noState } from '../../device-profiles/device-state.ts';
import { isUnknown } from '../../device-profiles/expiry.ts';
import type { DeviceState } from '../../device-profiles/normalise.ts';
import type { AlarmBook, ConditionPoint } from '../alarms/book.ts';
import { opensAlarms } from '../alarms/key.ts';
import type { Armed, Change } from '../alarms/lifecycle.ts';
import type { DeviceInput } from '../alarms/sources.ts';
import { auditOf, type WhoIs } from '../audit/from-event.ts';
import type { JournalRow, RetainedMessage, SealedBatch } from '../journal/batch.ts';
import type { Journal } from '../journal/journal.ts';
import { UNFINISHED_KEY } from '../journal/unfinished.ts';
import type { Registry } from '../registry/registry.ts';
import type { Replacement } from '../registry/replacement.ts';
import {
  adapterKey,
  type GatewayIdentity,
  goesAway,
  type KnownOrigin,
  knownOrigin,
  type LiveDevice,
  type LiveDevices,
} from './devices.ts';
import { type Duplicates, eventKey } from './duplicates.ts';
import { newEventId } from './event-id.ts';
import type { Share } from './item.ts';
import type { Machine, Moves } from './machine.ts';
import { ownDraft } from './own-event.ts';
import { endedByPresence, replacementDraft, unitKey } from './replaced-units.ts';
import type { SamePress } from './same-press.ts';

/** What evaluating a batch needs. */
export interface Evaluation {
  identity: GatewayIdentity;
  journal: Pick<Journal, 'nextSeq'>;
  registry: Registry;
  devices: LiveDevices;
  book: AlarmBook;
  duplicates: Duplicates;
  /** One press that is reported on two ways. */
  samePress?: SamePress;
  clock: () => number;
  /** How far the wall clock can be trusted now. */
  clockQuality: () => Clock['quality'];
  /** Counts an event that a window swallowed. */
  onDuplicate: () => void;
  /** Zones, drills, duty, escalation: what moves with events, people and time. */
  machines?: readonly Machine[];
  /** Who somebody is, for the audit. */
  whoIs?: WhoIs;
}

const noMachines: readonly Machine[] = [];
const nothing: readonly Change[] = [];

/** Device faults that become severity 2 where the slot protects life (CONTRACT section 3, `severity`). */
const raisedOnLifeSafety = new Set(['DEV.OFFLINE', 'DEV.SILENT', 'DEV.BATT', 'DEV.FAULT']);

/** Collects what one commit makes true: evaluates drafts into events, events into alarm transitions. */
export class Batch implements Moves {
  readonly #e: Evaluation;
  readonly #machines: readonly Machine[];
  readonly #gatewayClock: Clock;
  readonly #sealed: SealedBatch = { rows: [], alarms: [], states: [], retained: [], cursors: [] };
  readonly #alarms = new Map<string, Alarm>();
  readonly #states = new Map<string, DeviceState>();

  constructor(evaluation: Evaluation) {
    this.#e = evaluation;
    this.#machines = evaluation.machines ?? noMachines;
    this.#gatewayClock = gatewayClocks[evaluation.clockQuality()];
  }

  get rows(): number {
    return this.#sealed.rows.length;
  }

  /** A device's events and its state after them. */
  addDevice(share: Share, raw: RawMessage): void {
    const { live } = share;
    for (const draft of share.drafts) this.#addDraft(live, draft, raw);
    if (share.state !== undefined) this.#states.set(live.device.id, share.state);
    if (share.adapter !== undefined) this.keep(adapterKey(live.device.id), share.adapter);
  }

  /** An event of the gateway itself, or about a device it watches. */
  addOwn(draft: EventDraft, deviceId?: string, where?: Partial<Origin>): Event {
    const { devices, registry, identity } = this.#e;
    const live = deviceId === undefined ? undefined : devices.get(deviceId);
    // one whose profile cannot be used still has its place
    const device = deviceId === undefined || live !== undefined ? undefined : registry.device(deviceId);
    const own = device === undefined ? identity : { ...identity, ...registry.originOf(device, draft.input) };
    const event = this.#addEvent(live, draft, undefined, where === undefined ? own : { ...own, ...where });
    this.#auditEvent(event);
    return event;
  }

  /** A line of the audit that no event makes. */
  audit(entry: AuditEntry, lane: Lane = 'e'): void {
    this.#sealed.audit ??= [];
    this.#sealed.audit.push({
      at: msOf(entry.at),
      user: entry.user,
      object: entry.on,
      lane,
      body: JSON.stringify(entry),
    });
  }

  /**
   * Alarms let go of units that were replaced, and of devices that are registered no more, or elsewhere; these are
   * strangers from now on.
   */
  release(replaced: readonly Replacement[] = []): void {
    const { book, devices } = this.#e;
    for (const replacement of replaced) this.#replace(replacement);
    const { changes, devices: gone } = book.release((source, alarm) => devices.speaksFor(source, alarm));
    this.addChanges(changes, undefined);
    for (const id of gone) this.#states.set(id, devices.forget(id));
  }

  /** What the old unit held nobody else can clear; the new one has said nothing yet. */
  #replace(replacement: Replacement): void {
    const { device: id } = replacement;
    this.addOwn(replacementDraft(replacement, this.#e.clock()), id);
    const stays = ({ device }: DeviceInput, { type }: Alarm) => device !== id || endedByPresence.has(type);
    this.addChanges(this.#e.book.release(stays, `the unit was replaced: ${id}`).changes, undefined);
    this.#states.set(id, noState);
    this.keep(unitKey(id), replacement.id);
  }

  /** What is known of these devices is another now; what waits of a device brings a state of its own. */
  keepDevices(states: ReadonlyMap<string, DeviceState>): void {
    for (const [id, state] of states)
      if ((this.#e.devices.get(id)?.waiting ?? 0) === 0) this.#states.set(id, state);
  }

  /** These devices are out of reach: their states, where they had one, and their alarms are unknown; nothing is cleared. */
  lose(forgotten: ReadonlyMap<string, DeviceState | undefined>, cause?: string[]): void {
    for (const [id, state] of forgotten) if (state !== undefined) this.#states.set(id, state);
    this.addChanges(this.#e.book.lose(forgotten.keys()), cause);
  }

  /** These conditions were not said again in time: they and their alarms are unknown; nothing is cleared. */
  expire(points: readonly ConditionPoint[]): void {
    const { devices, book } = this.#e;
    for (const { device } of points) {
      const live = devices.get(device);
      // what waits brings a state of its own
      if (live?.state !== undefined && live.waiting === 0) this.#states.set(device, live.state);
    }
    // a message may have come first, and said it again
    const still = points.filter(({ device, input, type }) =>
      isUnknown(devices.get(device)?.state, { input, type }),
    );
    this.addChanges(book.expire(still), undefined);
  }

  emit(draft: EventDraft, about: { device?: string; origin?: Partial<Origin> } = {}): Event {
    return this.addOwn(draft, about.device, about.origin);
  }

  change(changes: readonly Change[], cause?: string[]): void {
    this.addChanges(changes, cause);
  }

  judge(event: Event, armed: Armed): void {
    const changes = this.#raise(event, armed);
    for (const machine of this.#machines) machine.follow?.(event, changes, this);
  }

  /** Lets every machine do what is due by now; monotonic. */
  tick(now: number): void {
    for (const machine of this.#machines) if ((machine.dueAt() ?? Infinity) <= now) machine.act(this);
  }

  /** A state of the gateway itself; undefined removes it. */
  keep(key: string, value: string | undefined): void {
    this.#sealed.states.push({ key, value });
  }

  /** What the journal keeps for a start to finish is in this batch. */
  finished(): void {
    this.#sealed.states.push({ key: UNFINISHED_KEY, value: undefined });
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
      this.#auditEvent(this.#store(draft, knownOrigin(origin, undefined), undefined, alarm.id));
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

  #auditEvent(event: Event): void {
    const entry = auditOf(event, this.#e.whoIs ?? (() => ({})));
    if (entry !== undefined) this.audit(entry, event.lane);
  }

  #addDraft(live: LiveDevice, draft: EventDraft, raw: RawMessage): void {
    const key = eventKey(live.device.id, draft, raw);
    if (key !== undefined) {
      const at = this.#e.clock();
      const comparable = draft.dedupKey !== undefined || raw.dup === true;
      if (comparable && this.#e.duplicates.seen(key, at, live.profile.dedupWindowMs)) {
        this.#e.onDuplicate();
        return;
      }
      this.#e.duplicates.remember(key, at);
    }
    this.#addEvent(live, draft, key, undefined, `${raw.adapter} ${live.device.id}`);
  }

  /** `own`: the origin of an event that no device at work causes. */
  #addEvent(
    live: LiveDevice | undefined,
    draft: EventDraft,
    key: string | undefined,
    own: Origin = this.#e.identity,
    way?: string,
  ): Event {
    const { devices } = this.#e;
    const known = live === undefined ? knownOrigin(own, draft.input) : devices.originOf(live, draft.input);
    const { origin } = known;
    if (raisedOnLifeSafety.has(draft.type) && draft.severity > 2 && this.#protectsLife(live, origin.slot)) {
      draft.severity = 2 as Severity;
    }
    for (const machine of this.#machines) machine.mark?.(draft, origin, way);
    const event = this.#store(draft, known, key === undefined ? undefined : [key], undefined);
    const changes = opensAlarms(event.kind) ? this.#raise(event, this.#armed(event), way) : nothing;
    for (const machine of this.#machines) machine.follow?.(event, changes, this);
    // what is behind it is out of reach, also after a restart
    if (live !== undefined && goesAway(draft)) this.lose(devices.forgetBehind(live.device.id), [event.id]);
    return event;
  }

  /** As zones have it; outside of them as the slot is set. */
  #armed(event: Event): Armed {
    for (const machine of this.#machines) {
      const armed = machine.armed?.(event);
      if (armed !== undefined) return armed;
    }
    const { slot } = event.origin;
    return slot === undefined ? 'never' : this.#e.registry.armed(slot);
  }

  /** `way`: adapter and device that reported it. */
  #raise(event: Event, armed: Armed, way?: string): readonly Change[] {
    const echo = way !== undefined && this.#e.samePress?.isEcho(event, way) === true;
    const changes = this.#e.book.onEvent(event, { armed, echo });
    this.addChanges(changes, [event.id]);
    return changes;
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

  #store(draft: EventDraft, known: KnownOrigin, dup: string[] | undefined, alarm: string | undefined): Event {
    const lane = eventType(draft.type)?.lane ?? 'e';
    // the draft becomes the event: copying it would cost as much as everything else here
    const event = draft as Event;
    event.id = newEventId();
    event.lane = lane;
    event.seq = this.#e.journal.nextSeq(lane);
    event.origin = known.origin;
    if (event.clock === gatewayClock) event.clock = this.#gatewayClock;
    const row: JournalRow = {
      lane,
      seq: event.seq,
      id: event.id,
      type: event.type,
      severity: event.severity,
      freshness: event.freshness,
      edge: event.edge,
      at: msOf(event.receivedAt),
      body: encodeBody(event, known.parts),
    };
    if (dup !== undefined) row.dup = dup;
    if (alarm !== undefined) row.alarm = alarm;
    this.#sealed.rows.push(row);
    return event;
  }
}

let lastText = '';
let lastMs = 0;

/** Events of a burst have the same text. */
function msOf(instant: string): number {
  if (instant !== lastText) {
    lastMs = Date.parse(instant);
    lastText = instant;
  }
  return lastMs;
}
