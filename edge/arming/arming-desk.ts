import type { CalendarDay } from '../../contract/calendar.ts';
import { eventTypes } from '../../contract/event-type.ts';
import type { Place, Scope, Site, Slot } from '../../contract/site.ts';
import type {
  ArmMode,
  Bypass,
  ZoneAction,
  ZoneActionRequest,
  ZoneReason,
  ZoneView,
} from '../../contract/zone.ts';
import { instant } from '../alarms/change.ts';
import type { Actor } from '../alarms/rights.ts';
import { stored as inTime } from '../ops/stored.ts';
import type { Moves } from '../pipeline/machine.ts';
import { MoveRefusal } from '../pipeline/move-refusal.ts';
import { ownDraft } from '../pipeline/own-event.ts';
import { inScope } from '../registry/scope.ts';
import type { Arming, ArmingStatus } from './arming.ts';
import { afterSigning } from './blind-windows.ts';
import { previewOf } from './preview.ts';
import { text } from './refusal.ts';
import { type ZoneEntry, zoneInput } from './zone-book.ts';
import { armed, bypassed, disarmed, unbypassed } from './zone-state.ts';

type Request = Omit<ZoneActionRequest, 'second' | 'station'>;

export interface ArmingDeskOptions {
  arming: Arming;
  registry: {
    site(): Pick<Site, 'zones'>;
    place(id: string): Place | undefined;
    slot(id: string): Slot | undefined;
  };
  move<Result>(work: (moves: Moves) => Result): Promise<{ result: Result; stored: Promise<void> }>;
  clock: () => number;
  /** May a device at this slot say something of one of these types? In doubt it may. */
  maySay: (slot: string, types: readonly string[]) => boolean;
}

/** Types that a zone can be armed and disarmed for. */
const disarmable = eventTypes.flatMap(({ code, disarmable: can }) => (can ? [code] : []));

/** What people do to zones. Refusals are thrown as `MoveRefusal`. */
export class ArmingDesk {
  readonly #o: ArmingDeskOptions;

  constructor(options: ArmingDeskOptions) {
    this.#o = options;
  }

  status(): ArmingStatus {
    return this.#o.arming.status();
  }

  /** A zone with the slots that may be by-passed; undefined: there is none. */
  zone(id: string): { zone: ZoneView; slots: string[] } | undefined {
    const { arming } = this.#o;
    const entry = arming.zones.get(id);
    if (entry === undefined) return undefined;
    const slots = entry.slots.filter((slot) => this.#mayBeBypassed(slot));
    return { zone: arming.view(entry), slots };
  }

  /** The next days, today first. */
  preview(days: number): CalendarDay[] {
    const { arming, registry } = this.#o;
    return previewOf(arming.calendar(), registry.site().zones, arming.now().day, days);
  }

  /** Where a zone is, for whoever has to agree. */
  placeOf(id: string): string | undefined {
    return this.#o.arming.zones.get(id)?.place;
  }

  /** `stored: false` when the disk did not take it within 2 s: it holds all the same and is stored later. */
  async act(
    id: string,
    action: ZoneAction,
    request: Request,
    actor: Actor,
  ): Promise<{ zone: ZoneView; stored: boolean }> {
    const { arming } = this.#o;
    const { result, stored } = await this.#o.move((moves) => {
      const entry = arming.zones.get(id);
      if (entry === undefined) throw new MoveRefusal('unknown-zone', text.unknownZone(id));
      this.#judge(entry, action, request, actor, moves);
      const zone = arming.view(entry);
      arming.settle(moves);
      return zone;
    });
    return { zone: result, stored: await inTime(stored) };
  }

  /** A person has seen that nothing was watched up to the end of this window. */
  async sign(id: string, actor: Actor): Promise<{ stored: boolean }> {
    const { arming, clock } = this.#o;
    const { stored } = await this.#o.move((moves) => {
      const { signed, left } = afterSigning(arming.blind, id);
      if (signed.length === 0) {
        if (left.length > 0) throw new MoveRefusal('not-possible', text.otherToSign(left.length));
        throw new MoveRefusal('already-done', text.nothingToSign);
      }
      arming.blind = left;
      const { user: by, role, station } = actor;
      const windows = signed.map(({ id: _, ...window }) => window);
      moves.emit(
        ownDraft('SYS.CFG', 'pulse', clock(), {
          by,
          role,
          station,
          what: 'unprotected time signed',
          windows,
        }),
      );
      arming.settle(moves);
    });
    return { stored: await inTime(stored) };
  }

  #judge(entry: ZoneEntry, action: ZoneAction, request: Request, actor: Actor, moves: Moves): void {
    if (!this.#isResponsible(entry, actor.scope)) throw this.#refusal('not-allowed', text.outOfScope, entry);
    const mode = action === 'arm' ? 'away' : action;
    // who lost a race has what he wanted
    if (mode === entry.state.mode) throw this.#refusal('already-done', text.alreadyDone, entry);
    // nobody is kept from disarming by somebody else's click
    if (action !== 'disarm' && request.version !== entry.state.version)
      throw this.#refusal('version-conflict', text.versionConflict, entry);
    switch (action) {
      case 'arm':
      case 'stay':
        this.#arm(entry, action === 'arm' ? 'away' : 'stay', request, actor, moves);
        break;
      case 'disarm':
        this.#disarm(entry, actor, moves);
        break;
      case 'bypass':
        this.#bypass(entry, request, actor, moves);
        break;
      case 'unbypass':
        this.#unbypass(entry, request, actor, moves);
    }
  }

  #arm(entry: ZoneEntry, mode: ArmMode, { force, reason }: Request, actor: Actor, moves: Moves): void {
    const { arming, clock } = this.#o;
    const { zones } = arming;
    if (entry.state.phase === 'entry') throw this.#refusal('not-possible', text.entryRuns, entry);
    const reasons = arming.reasonsOf(entry, mode);
    if (reasons.length > 0) {
      if (force !== true) throw this.#refusal('zone-not-ready', text.notReady(reasons), entry);
      this.#needLeader(entry, actor);
      if (reason === undefined) throw this.#refusal('invalid', text.reasonMissing, entry);
    }
    const at = instant(clock());
    const open = [...new Set(reasons.flatMap(({ why, slot }) => (why === 'open' ? [slot] : [])))];
    const bypasses = open.map(
      (slot): Bypass => ({ slot, reason: reason ?? '', by: actor.user, at, forced: true }),
    );
    const hasWay = entry.slots.some((slot) => zones.pointOf(slot)?.entry === true);
    const exit = hasWay ? zones.deadline(entry.zone.exitDelay) : undefined;
    zones.set(entry, armed(entry.state, mode, { by: actor.user, at, exit, bypasses }));
    arming.scheduler.armedByPerson(entry, moves);
    for (const bypass of bypasses) this.#tellBypass('raise', bypass, entry, actor, moves);
    const accepted = reasons.filter(({ why }) => why !== 'open');
    this.#tell(mode === 'away' ? 'ARM.SET' : 'ARM.STAY', entry, actor, moves, {
      mode,
      ...(reason === undefined ? {} : { reason }),
      ...(exit === undefined ? {} : { from: exit.until }),
      ...(accepted.length === 0 ? {} : { accepted }),
    });
  }

  #disarm(entry: ZoneEntry, actor: Actor, moves: Moves): void {
    const { arming, clock } = this.#o;
    const { state, watch } = entry;
    // a zone that could not be armed as scheduled may be left so by a person, which is then told as what it is
    if (state.mode === 'disarmed' && watch.failed === undefined)
      throw this.#refusal('already-done', text.alreadyDone, entry);
    const { bypasses, held } = state;
    arming.zones.set(entry, disarmed(state, { by: actor.user, at: instant(clock()) }));
    for (const bypass of bypasses) this.#tellBypass('clear', bypass, entry, actor, moves);
    this.#tell('ARM.UNSET', entry, actor, moves, {
      was: state.mode,
      ...(held.length === 0 ? {} : { heldBack: held.map(({ raise }) => raise.id) }),
    });
    arming.scheduler.disarmedByPerson(entry, actor.user, arming.now(), moves);
  }

  #bypass(entry: ZoneEntry, { slot, reason }: Request, actor: Actor, moves: Moves): void {
    const { arming, registry, clock } = this.#o;
    const known = this.#slotOf(entry, slot);
    this.#needLeader(entry, actor);
    if (registry.slot(known)?.lifeSafety === true)
      throw this.#refusal('not-possible', text.roundTheClock(known), entry);
    if (!this.#mayBeBypassed(known)) throw this.#refusal('not-possible', text.nothingToBypass(known), entry);
    if (reason === undefined) throw this.#refusal('invalid', text.reasonMissing, entry);
    if (entry.state.bypasses.some((bypass) => bypass.slot === known))
      throw this.#refusal('already-done', text.alreadyDone, entry);
    const bypass: Bypass = { slot: known, reason, by: actor.user, at: instant(clock()) };
    arming.zones.set(entry, bypassed(entry.state, bypass));
    this.#tellBypass('raise', bypass, entry, actor, moves);
  }

  #unbypass(entry: ZoneEntry, { slot }: Request, actor: Actor, moves: Moves): void {
    const { arming } = this.#o;
    const known = this.#slotOf(entry, slot);
    const bypass = entry.state.bypasses.find((one) => one.slot === known);
    if (bypass === undefined) throw this.#refusal('already-done', text.alreadyDone, entry);
    if (entry.state.mode !== 'disarmed' && arming.isOpen(known))
      throw this.#refusal('condition-active', text.stillOpen(known), entry);
    arming.zones.set(entry, unbypassed(entry.state, known));
    this.#tellBypass('clear', bypass, entry, actor, moves);
  }

  /** Not what protects life, nor where everything is watched around the clock: a by-pass would change nothing there. */
  #mayBeBypassed(slot: string): boolean {
    const { registry, maySay } = this.#o;
    return registry.slot(slot)?.lifeSafety !== true && maySay(slot, disarmable);
  }

  #slotOf(entry: ZoneEntry, slot: string | undefined): string {
    if (slot === undefined) throw this.#refusal('invalid', text.slotMissing, entry);
    if (!entry.slots.includes(slot)) throw this.#refusal('invalid', text.notInZone(slot), entry);
    return slot;
  }

  /** A guard asks for it: the shift leader does it, or stands as the second person. */
  #needLeader(entry: ZoneEntry, { role, second }: Actor): void {
    if (role === 'shift-leader' || second?.role === 'shift-leader') return;
    throw this.#refusal('second-person-needed', text.leaderOnly, entry);
  }

  /** All of a zone has to be within a person's scope: half a zone cannot be disarmed. */
  #isResponsible({ slots }: ZoneEntry, scope: Scope | undefined): boolean {
    const { registry } = this.#o;
    return slots.every((id) => {
      const slot = registry.slot(id);
      return slot === undefined || inScope(scope, { place: slot.place, unit: slot.unit }, registry);
    });
  }

  #refusal(
    code: ConstructorParameters<typeof MoveRefusal>[0],
    detail: { zh: string; en: string },
    entry: ZoneEntry,
  ): MoveRefusal {
    return new MoveRefusal(code, detail, { zone: this.#o.arming.view(entry) });
  }

  #tell(
    type: string,
    entry: ZoneEntry,
    actor: Actor,
    moves: Moves,
    data: Record<string, unknown> & { accepted?: ZoneReason[] },
  ): void {
    const { arming, clock } = this.#o;
    const { id, name } = entry.zone;
    const draft = ownDraft(type, 'pulse', clock(), { zone: id, name, ...who(actor), ...data });
    moves.emit({ ...draft, input: zoneInput(id) }, { origin: arming.zones.originOf(entry) });
  }

  #tellBypass(edge: 'raise' | 'clear', bypass: Bypass, entry: ZoneEntry, actor: Actor, moves: Moves): void {
    const { registry, clock } = this.#o;
    const { slot, reason, forced } = bypass;
    const { place, unit } = registry.slot(slot) ?? {};
    const draft = ownDraft('ARM.BYPASS', edge, clock(), {
      zone: entry.zone.id,
      name: entry.zone.name,
      ...who(actor),
      reason,
      ...(forced === true ? { forced } : {}),
    });
    const origin = {
      slot,
      ...(place === undefined ? {} : { place }),
      ...(unit === undefined ? {} : { unit }),
    };
    moves.emit(draft, { origin });
  }
}

function who({ user: by, role, station, second }: Actor): Record<string, unknown> {
  return { by, role, station, ...(second === undefined ? {} : { second: second.user }) };
}
