import type { Logger } from 'pino';
import type { Alarm, Evidence } from '../../contract/alarm.ts';
import type { EventDraft, Media } from '../../contract/event.ts';
import { eventType } from '../../contract/event-type.ts';
import type { Committed } from '../journal/batch.ts';
import { ownDraft } from '../pipeline/own-event.ts';
import { type AlarmCameras, type CameraSite, camerasOf, isPrivateCamera, placeOfCamera } from './cameras.ts';
import { CaptureFailure, type NoPicture, type Picture } from './capture.ts';
import type { Clips } from './clips.ts';
import { Jobs } from './jobs.ts';
import { keepDaysOf, longest } from './keep-days.ts';
import { type Content, type MediaStore, NoRoom } from './store.ts';

export interface EvidenceOptions {
  site: CameraSite;
  /** Are pictures taken at all? Films have settings of their own. */
  snapshots: boolean;
  /** Rejects with a `CaptureFailure`. */
  take: (camera: string) => Promise<Picture>;
  store: Pick<MediaStore, 'put'>;
  /** An open or recently closed alarm. */
  alarm: (id: string) => Alarm | undefined;
  /** Stores an update of this alarm, with what it makes of it. */
  tell: (draft: EventDraft, alarm: Alarm) => Promise<void>;
  clock: () => number;
  monotonic: () => number;
  logger: Logger;
}

/** Cameras asked at a time. */
const AT_ONCE = 6;
/** Alarms that come together share a picture. */
const SHARED_MS = 2_000;
/** A trigger of an open alarm gets pictures of its own when the last ones are older. */
const AGAIN_MS = 60_000;
/** An alarm of before the start that is older has nothing to show any more. */
const RESUMED_MS = 15 * 60_000;
/** Cameras asked in the place of others, for one alarm. */
const MAX_INSTEAD = 2;

/** What is known of an open alarm. */
interface Case {
  count: number;
  askedAt: number;
  cameras: AlarmCameras;
  /** Cameras that gave nothing. */
  failed: Set<string>;
  /** Cameras that were asked because others failed. */
  instead: Set<string>;
}

type Outcome = { picture: Picture } | { failure: CaptureFailure };

/**
 * Pictures and films for alarms. Looks at each commit once it is on disk and asks the cameras that see a new alarm; what
 * comes of it follows as updates. Nothing waits for it.
 */
export class EvidenceDesk {
  readonly #o: EvidenceOptions;
  readonly #cases = new Map<string, Case>();
  readonly #jobs: Jobs<Outcome>;
  readonly #storing = new Set<Promise<void>>();
  /** Alarms of before the start that are to be looked at. */
  #left: string[] = [];
  #clips: Pick<Clips, 'record'> | undefined;
  #stopped = false;
  /** Since the start: pictures and films kept, and those that there are none of. */
  readonly counts = { taken: 0, failed: 0 };

  constructor(options: EvidenceOptions) {
    this.#o = options;
    this.#jobs = new Jobs({
      atOnce: AT_ONCE,
      sharedMs: SHARED_MS,
      monotonic: options.monotonic,
      take: (camera) => this.#take(camera),
      done: (camera, alarms, outcome) => this.#taken(camera, alarms, outcome),
    });
  }

  /** Cameras that are asked or wait to be. */
  get waiting(): number {
    return this.#jobs.size;
  }

  /** Alarms that were open before the start; see `resume`. */
  restore(open: readonly Alarm[]): void {
    for (const { id, count } of open) this.#cases.set(id, this.#newCase(count));
    this.#left = open.map(({ id }) => id);
  }

  /**
   * Asks once more for those of the last minutes of which nothing is on record: the gateway went down between the alarm and
   * its picture. The picture bears its own, later time.
   */
  resume(): void {
    const left = this.#left;
    this.#left = [];
    for (const id of left) {
      const alarm = this.#o.alarm(id);
      const known = this.#cases.get(id);
      if (this.#stopped || alarm === undefined || known === undefined) continue;
      const ageMs = this.#o.clock() - Date.parse(alarm.lastAt);
      if (ageMs > RESUMED_MS || known.askedAt > Number.NEGATIVE_INFINITY || !wantsPictures(alarm)) continue;
      const { asked } = camerasOf(alarm, this.#o.site);
      const hasNone = (camera: string): boolean =>
        alarm.evidence?.some((one) => one.camera === camera && one.kind === 'snapshot') !== true;
      if (asked.some(hasNone)) this.#ask(known, alarm, hasNone);
    }
  }

  /** Films are made by these. */
  use(clips: Pick<Clips, 'record'>): void {
    this.#clips = clips;
  }

  /** A commit is on disk: asks cameras for the alarms that it raised. */
  committed({ alarms, rows }: Committed): void {
    for (const alarm of alarms) {
      if (this.#stopped) return;
      const known = this.#cases.get(alarm.id);
      if (known !== undefined) this.#follow(known, alarm);
      // what a damaged journal left, or closed long ago, may be touched again: its moment is over
      else if (rows.some(({ id }) => id === alarm.raisedBy)) this.#open(alarm);
      else if (alarm.operator !== 'closed') this.#cases.set(alarm.id, this.#newCase(alarm.count));
    }
  }

  /** A film was made, or could not be. */
  filmed(camera: string, alarms: readonly string[], film: { file: string; at: number } | undefined): void {
    if (film === undefined) {
      for (const id of alarms) this.#tell(id, { camera, kind: 'clip', result: 'no-picture' });
      return;
    }
    this.#keep({ camera, kind: 'clip', at: film.at }, alarms, { file: film.file });
  }

  /** Asks nobody any more; resolves when what was taken is stored. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#jobs.clear();
    await Promise.all(this.#storing);
  }

  #open(alarm: Alarm): void {
    const known = this.#newCase(alarm.count);
    if (alarm.operator !== 'closed') this.#cases.set(alarm.id, known);
    if (wantsPictures(alarm)) this.#ask(known, alarm);
  }

  #follow(known: Case, alarm: Alarm): void {
    const isTriggered = alarm.count > known.count;
    known.count = alarm.count;
    if (alarm.operator === 'closed') {
      this.#cases.delete(alarm.id);
      return;
    }
    const isDue = this.#o.monotonic() - known.askedAt >= AGAIN_MS;
    if (isTriggered && isDue && wantsPictures(alarm)) this.#ask(known, alarm);
  }

  #newCase(count: number): Case {
    const cameras = { asked: [], spare: [] };
    return { count, askedAt: Number.NEGATIVE_INFINITY, cameras, failed: new Set(), instead: new Set() };
  }

  #ask(known: Case, alarm: Alarm, isWanted = (_camera: string): boolean => true): void {
    known.askedAt = this.#o.monotonic();
    known.cameras = camerasOf(alarm, this.#o.site);
    known.failed.clear();
    known.instead.clear();
    for (const camera of known.cameras.asked.filter(isWanted)) {
      if (this.#o.snapshots) this.#jobs.add(camera, alarm.id, alarm.severity);
      if (!isPrivateCamera(camera, this.#o.site)) this.#clips?.record(camera, alarm.id);
    }
  }

  async #take(camera: string): Promise<Outcome> {
    // asked here and not before: a place may have become private meanwhile
    if (isPrivateCamera(camera, this.#o.site))
      return { failure: new CaptureFailure('private-place', 'it hangs in a private place') };
    try {
      return { picture: await this.#o.take(camera) };
    } catch (error) {
      const failure =
        error instanceof CaptureFailure ? error : new CaptureFailure('no-picture', String(error));
      this.#o.logger.warn(
        { camera, why: failure.result, reason: failure.message },
        'no picture for an alarm',
      );
      return { failure };
    }
  }

  #taken(camera: string, alarms: readonly string[], outcome: Outcome): void {
    if (this.#stopped) return;
    if ('picture' in outcome) {
      const { jpeg, at } = outcome.picture;
      this.#keep({ camera, kind: 'snapshot', at }, alarms, { bytes: jpeg });
      return;
    }
    for (const id of alarms) this.#failed(camera, id, outcome.failure.result);
  }

  /** Says it on the card, offers the next nearest, and asks that one too. */
  #failed(camera: string, id: string, result: NoPicture): void {
    const known = this.#cases.get(id);
    const alarm = this.#o.alarm(id);
    known?.failed.add(camera);
    const { asked = [], spare = [] } = known?.cameras ?? {};
    const instead = [...asked, ...spare].find(
      (one) => known?.failed.has(one) === false && !isPrivateCamera(one, this.#o.site),
    );
    this.#tell(id, { camera, kind: 'snapshot', result, ...(instead === undefined ? {} : { instead }) });
    if (known === undefined || alarm === undefined || instead === undefined || asked.includes(instead))
      return;
    if (known.instead.has(instead) || known.instead.size >= MAX_INSTEAD || this.#stopped) return;
    known.instead.add(instead);
    this.#jobs.add(instead, id, alarm.severity);
  }

  #keep(
    what: { camera: string; kind: Media['kind']; at: number },
    alarms: readonly string[],
    content: Content,
  ): void {
    const storing = this.#store(what, alarms, content).finally(() => this.#storing.delete(storing));
    this.#storing.add(storing);
  }

  async #store(
    { camera, kind, at }: { camera: string; kind: Media['kind']; at: number },
    ids: readonly string[],
    content: Content,
  ): Promise<void> {
    const { store, site, logger } = this.#o;
    const alarms = ids.flatMap((id) => this.#o.alarm(id) ?? []);
    const place = placeOfCamera(camera, site);
    try {
      const media = await store.put(
        {
          kind,
          camera,
          ...(place === undefined ? {} : { place }),
          alarms: [...ids],
          at: new Date(at).toISOString(),
          keepDays: longest(alarms.map(keepDaysOf)),
        },
        content,
      );
      this.counts.taken += 1;
      for (const id of ids) this.#tell(id, { camera, kind, result: 'taken', media: media.id }, media);
    } catch (err) {
      logger.error({ err, camera, kind }, 'a picture of an alarm could not be kept');
      for (const id of ids)
        if (err instanceof NoRoom) this.#tell(id, { camera, kind, result: 'no-room' });
        else this.#tell(id, { camera, kind, result: 'no-picture' });
    }
  }

  #tell(id: string, told: Omit<Evidence, 'at'>, media?: Media): void {
    if (told.result !== 'taken') this.counts.failed += 1;
    const alarm = this.#o.alarm(id);
    if (alarm === undefined) return;
    const now = this.#o.clock();
    const evidence: Evidence = { ...told, at: new Date(now).toISOString() };
    const draft = ownDraft(alarm.type, 'update', now, { alarm: id, evidence });
    draft.severity = alarm.severity;
    draft.mode = alarm.mode;
    draft.cause = [alarm.raisedBy];
    const { slot, device, subject } = alarm;
    if (slot === undefined && device !== undefined && subject.startsWith(`${device}#`))
      draft.input = subject.slice(device.length + 1);
    if (media !== undefined) draft.media = [media];
    this.#o.tell(draft, alarm).catch((err) => {
      this.#o.logger.warn({ err, alarm: id, camera: told.camera }, 'a picture is not noted on its alarm');
    });
  }
}

/** A fault is no scene, and a test no emergency. */
function wantsPictures({ type, mode }: Alarm): boolean {
  return eventType(type)?.kind !== 'fault' && (mode === 'live' || mode === 'drill');
}
