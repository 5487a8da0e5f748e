import type { DrillReport, DrillRequest, PoliceNotice, WalkTestRequest } from '../../contract/drill.ts';
import { eventType } from '../../contract/event-type.ts';
import { type Actor, rights } from '../alarms/rights.ts';
import { deadlineIn } from '../ops/deadline.ts';
import { stored as inTime } from '../ops/stored.ts';
import type { Moves } from '../pipeline/machine.ts';
import { MoveRefusal } from '../pipeline/move-refusal.ts';
import { inScope } from '../registry/scope.ts';
import { type Drill, type Point, pointKey } from './drill-state.ts';
import type { Drills } from './drills.ts';
import type { Names } from './report.ts';
import { type Campus, pointsOf, type WantedScope } from './scope.ts';
import { text } from './text.ts';

const MAX_RUNNING = 8;
const NOTICE_MAX_AGE_MS = 7 * 86_400_000;
/** A clock of a browser may be ahead by so much. */
const AHEAD_MS = 300_000;

export interface DrillDeskOptions {
  drills: Drills;
  campus: Campus;
  names: Names;
  move<Result>(work: (moves: Moves) => Result): Promise<{ result: Result; stored: Promise<void> }>;
  /** Milliseconds since 1970. */
  clock: () => number;
  newId: () => string;
}

type Parts<Request> = Omit<Request, 'second' | 'station'>;

/** A drill and whether it is on disk; `stored: false`: it holds all the same and is stored later. */
export interface DrillResult {
  report: DrillReport;
  stored: boolean;
}

/** What people do with drills and walk tests. Refusals are thrown as `MoveRefusal`. */
export class DrillDesk {
  readonly #o: DrillDeskOptions;

  constructor(options: DrillDeskOptions) {
    this.#o = options;
  }

  /** Those that run and the last that are over, the newest first. */
  reports(): DrillReport[] {
    return this.#o.drills.reports();
  }

  /** Throws `unknown-drill`. */
  report(id: string): DrillReport {
    const found = this.reports().find((report) => report.id === id);
    if (found === undefined) throw new MoveRefusal('unknown-drill', text.unknownDrill(id));
    return found;
  }

  /** A drill (演练), for the shift leader. */
  async startDrill(request: Parts<DrillRequest>, actor: Actor): Promise<DrillResult> {
    if (cell('drill', actor) !== 'yes') throw new MoveRefusal('not-allowed', text.leaderOnly);
    return this.#start('drill', request, actor);
  }

  /** A walk test (步测), for the shift leader, and for an installer whom somebody on duty consents to. */
  async startWalkTest(request: Parts<WalkTestRequest>, actor: Actor): Promise<DrillResult> {
    if (cell('walk-test', actor) === 'starts') checkConsent(actor);
    else if (cell('walk-test', actor) !== 'yes') throw new MoveRefusal('not-allowed', text.notYou);
    if ((request.zone === undefined) === (request.places === undefined))
      throw new MoveRefusal('invalid', text.scopeMissing);
    return this.#start('walktest', request, actor);
  }

  /** Where a walk test is to be, for whoever has to consent; undefined: all over the campus, or nowhere that is known. */
  placeOf({ places, zone }: Pick<WalkTestRequest, 'places' | 'zone'>): string | undefined {
    const { campus, names } = this.#o;
    return names.commonPlace(places ?? placesOf(pointsOf(campus, { zone }), names));
  }

  /** Anybody who may work with alarms may end it: from then on everything is real. */
  async end(id: string, actor: Actor): Promise<DrillResult> {
    const { drills, names } = this.#o;
    const { result, stored } = await this.#o.move((moves) => {
      const drill = drills.running().find((one) => one.id === id);
      if (drill === undefined) throw new MoveRefusal('unknown-drill', text.unknownDrill(id));
      const { user, role, station } = actor;
      drills.end(drill, { actor: user, role, station }, names.commonPlace(drill.places), moves);
      return this.report(id);
    });
    return { report: result, stored: await inTime(stored) };
  }

  async #start(
    kind: Drill['kind'],
    request: Parts<DrillRequest> | Parts<WalkTestRequest>,
    actor: Actor,
  ): Promise<DrillResult> {
    const { drills, clock, newId, names } = this.#o;
    const { result, stored } = await this.#o.move((moves) => {
      const points = this.#points(request, actor);
      this.#checkOthers(kind, points);
      checkTypes(request.types);
      checkNotice(request.types, request.notice, clock());
      const now = clock();
      const { reason, notice } = request;
      const zone = 'zone' in request ? request.zone : undefined;
      const places = request.places ?? placesOf(points, names);
      const drill: Drill = {
        id: newId(),
        kind,
        places,
        ...(zone === undefined ? {} : { zone }),
        types: [...new Set(request.types)],
        points,
        reason,
        by: actor.user,
        ...(actor.second === undefined ? {} : { second: actor.second.user }),
        ...(notice === undefined ? {} : { notice }),
        at: new Date(now).toISOString(),
        deadline: deadlineIn(request.minutes * 60_000, now),
        presses: {},
        ticks: {},
      };
      drills.begin(drill, actor, names.commonPlace(places), moves);
      return this.report(drill.id);
    });
    return { report: result, stored: await inTime(stored) };
  }

  #points(wanted: WantedScope, { scope }: Actor): Point[] {
    const { campus } = this.#o;
    const unknown = wanted.places?.find((id) => campus.place(id) === undefined);
    if (unknown !== undefined) throw new MoveRefusal('invalid', text.unknownPlace(unknown));
    const { zone } = wanted;
    if (zone !== undefined && !campus.site().zones.some(({ id }) => id === zone))
      throw new MoveRefusal('unknown-zone', text.unknownZone(zone));
    const points = pointsOf(campus, wanted);
    const stray = [
      ...(wanted.slots ?? []).filter((id) => !points.some(({ slot }) => slot === id)),
      ...(wanted.devices ?? []).filter((id) => !points.some(({ device }) => device === id)),
    ];
    if (stray.length > 0) throw new MoveRefusal('invalid', text.notInScope(stray));
    if (points.length === 0) throw new MoveRefusal('invalid', text.noPoints);
    const isOwn = ({ slot }: Point): boolean => {
      const { place, unit } = (slot === undefined ? undefined : campus.slot(slot)) ?? {};
      return inScope(scope, { place, unit }, campus);
    };
    if (!points.every(isOwn)) throw new MoveRefusal('not-allowed', text.outOfScope);
    return points;
  }

  #checkOthers(kind: Drill['kind'], points: readonly Point[]): void {
    const running = this.#o.drills.running();
    if (kind === 'walktest' && running.some((drill) => drill.kind === 'walktest'))
      throw new MoveRefusal('not-possible', text.walkTestRuns);
    if (running.length >= MAX_RUNNING) throw new MoveRefusal('not-possible', text.tooMany);
    const taken = new Set(running.flatMap((drill) => drill.points.map(pointKey)));
    const both = points.filter((point) => taken.has(pointKey(point)));
    if (both.length === 0) return;
    throw new MoveRefusal(
      'not-possible',
      text.overlaps(both.slice(0, 10).map(({ slot, device }) => slot ?? device)),
    );
  }
}

function cell(row: 'drill' | 'walk-test', { role }: Pick<Actor, 'role'>): string | undefined {
  const cells: Partial<Record<Actor['role'], string>> = rights[row];
  return cells[role];
}

function checkConsent({ user, second }: Actor): void {
  if (second === undefined) throw new MoveRefusal('second-person-needed', text.consentNeeded);
  if (second.user === user) throw new MoveRefusal('second-person-needed', text.secondIsFirst);
  const consents = cell('walk-test', second);
  if (consents !== 'consents' && consents !== 'yes')
    throw new MoveRefusal('second-person-needed', text.consentNeeded);
}

function checkTypes(types: readonly string[]): void {
  const wrong = types.find((type) => eventType(type)?.kind !== 'alarm');
  if (wrong !== undefined) throw new MoveRefusal('invalid', text.notPractised(wrong));
}

/** STANDARDS S17. */
function checkNotice(types: readonly string[], notice: PoliceNotice | undefined, now: number): void {
  if (notice === undefined) {
    if (types.some((type) => type.startsWith('EMG.'))) throw new MoveRefusal('invalid', text.noticeMissing);
    return;
  }
  const age = now - Date.parse(notice.at);
  if (age < -AHEAD_MS || age > NOTICE_MAX_AGE_MS) throw new MoveRefusal('invalid', text.noticeTime);
}

function placesOf(points: readonly Point[], names: Names): string[] {
  const places = points.flatMap(({ slot }) => (slot === undefined ? [] : (names.placeOfSlot(slot) ?? [])));
  return [...new Set(places)];
}
