import { setImmediate } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Alarm, Evidence } from '../../../contract/alarm.ts';
import type { EventDraft, Media } from '../../../contract/event.ts';
import type { Committed } from '../../../edge/journal/batch.ts';
import { CaptureFailure, type NoPicture, type Picture } from '../../../edge/media/capture.ts';
import { EvidenceDesk } from '../../../edge/media/evidence.ts';
import { type MediaDraft, NoRoom } from '../../../edge/media/store.ts';
import { alarmOf, cameraSite, jpeg, silent } from './support.ts';

/** What each camera does when it is asked. */
type Answer = NoPicture | 'picture' | Promise<Picture>;

class World {
  readonly site = cameraSite({ 's-panic': ['cam-room-1', 'cam-f1'] });
  readonly alarms = new Map<string, Alarm>();
  readonly asked: string[] = [];
  readonly filmed: string[] = [];
  readonly kept: MediaDraft[] = [];
  readonly told: Array<{ alarm: string; evidence: Evidence; media: Media[] | undefined; draft: EventDraft }> =
    [];
  answers: Record<string, Answer> = {};
  room = true;
  now = 0;
  readonly desk = new EvidenceDesk({
    site: this.site,
    snapshots: true,
    take: async (camera) => {
      this.asked.push(camera);
      const answer = this.answers[camera] ?? 'picture';
      if (answer === 'picture') return { jpeg: jpeg(), at: Date.now(), from: 'camera' };
      if (typeof answer === 'string') throw new CaptureFailure(answer, answer);
      return answer;
    },
    store: {
      put: async (draft) => {
        if (!this.room) throw new NoRoom('full');
        this.kept.push(draft);
        return { kind: draft.kind, id: `m${this.kept.length}`, sha256: '0'.repeat(64), at: draft.at };
      },
    },
    alarm: (id) => this.alarms.get(id),
    tell: async (draft, { id }) => {
      const { evidence } = draft.data as { evidence: Evidence };
      this.told.push({ alarm: id, evidence, media: draft.media, draft });
    },
    clock: Date.now,
    monotonic: () => this.now,
    logger: silent,
  });

  constructor() {
    this.desk.use({ record: (camera) => void this.filmed.push(camera) });
  }

  /** A commit with these alarms; `raised`: their raising events are in it. */
  commit(alarms: Alarm[], raised = true): void {
    for (const alarm of alarms) this.alarms.set(alarm.id, alarm);
    const rows = raised ? alarms.map(({ raisedBy }) => ({ id: raisedBy })) : [];
    this.desk.committed({ position: 1, rows, alarms, cursors: [] } as unknown as Committed);
  }

  async settle(): Promise<void> {
    for (let i = 0; i < 20; i++) await setImmediate();
  }

  results(): string[] {
    return this.told.map(({ evidence }) => `${evidence.camera} ${evidence.result}`);
  }
}

let world: World;
beforeEach(() => {
  world = new World();
});

describe('a new alarm', () => {
  test('gets a picture of each camera that sees it, as an update that names it', async () => {
    world.commit([alarmOf()]);
    await world.settle();
    expect(world.results()).toEqual(['cam-room-1 taken', 'cam-f1 taken']);
    const [{ draft, media, evidence }] = world.told as [(typeof world.told)[number]];
    expect(draft).toMatchObject({
      type: 'EMG.PANIC',
      edge: 'update',
      severity: 1,
      mode: 'live',
      cause: [alarmOf().raisedBy],
      data: { alarm: alarmOf().id },
    });
    expect(media?.[0]?.id).toBe(evidence.media);
    expect(world.kept[0]).toMatchObject({ place: 'room-1', alarms: [alarmOf().id], keepDays: 180 });
    expect(world.filmed).toEqual(['cam-room-1', 'cam-f1']);
  });

  test('whose nearest camera is dead says so and offers the next nearest', async () => {
    world.answers = { 'cam-room-1': 'unreachable' };
    world.commit([alarmOf()]);
    await world.settle();
    const failure = world.told.find(({ evidence }) => evidence.result === 'unreachable');
    expect(failure?.evidence).toMatchObject({ camera: 'cam-room-1', instead: 'cam-f1' });
  });

  test('whose cameras are all dead gets one nearby, twice at most', async () => {
    const dead = ['cam-room-1', 'cam-f1', 'cam-b1', 'cam-f2'];
    world.answers = Object.fromEntries(dead.map((camera) => [camera, 'no-answer' as const]));
    world.commit([alarmOf()]);
    await world.settle();
    expect(world.asked).toEqual(['cam-room-1', 'cam-f1', 'cam-b1', 'cam-f2']);
    expect(world.told.at(-1)?.evidence.instead).toBeUndefined();
  });

  test('a camera in a private place is refused and never asked nor filmed', async () => {
    world.site.places.find(({ id }) => id === 'room-1')!.private = true;
    world.commit([alarmOf()]);
    await world.settle();
    expect(world.asked).toEqual(['cam-f1']);
    expect(world.filmed).toEqual(['cam-f1']);
    expect(world.results()).toContain('cam-room-1 private-place');
  });

  test('a place that became private while a camera waited is refused too', async () => {
    let open: (picture: Picture) => void = () => undefined;
    world.answers = { 'cam-room-1': new Promise((resolve) => (open = resolve)) };
    world.commit([alarmOf()]);
    world.site.places.find(({ id }) => id === 'f1')!.private = true;
    world.now = 5_000;
    world.commit([alarmOf({ id: 'b', raisedBy: 'rb' })]);
    open({ jpeg: jpeg(), at: 0, from: 'camera' });
    await world.settle();
    expect(world.results().filter((result) => result.startsWith('cam-room-1'))).toEqual([
      'cam-room-1 taken',
      'cam-room-1 private-place',
    ]);
  });

  test('without room it says so', async () => {
    world.room = false;
    world.commit([alarmOf()]);
    await world.settle();
    expect(world.results()).toEqual(['cam-room-1 no-room', 'cam-f1 no-room']);
    expect(world.told[0]?.media).toBeUndefined();
  });
});

describe('which alarms', () => {
  test('a hundred at once are served by one picture of each camera', async () => {
    const all = Array.from({ length: 100 }, (_, i) => alarmOf({ id: `a${i}`, raisedBy: `r${i}` }));
    world.commit(all);
    await world.settle();
    // the first one begins at once; the others share the next, or join it
    expect(world.asked.length).toBeLessThanOrEqual(4);
    expect(new Set(world.told.map(({ alarm }) => alarm)).size).toBe(100);
  });

  test.each<[string, Partial<Alarm>]>([
    ['a fault', { type: 'DEV.OFFLINE' }],
    ['a walk test', { mode: 'walktest' }],
    ['a test', { mode: 'test' }],
  ])('%s gets none', async (_, more) => {
    world.commit([alarmOf(more)]);
    await world.settle();
    expect(world.asked).toEqual([]);
  });

  test('one that closed by itself within its own commit gets its picture', async () => {
    world.commit([alarmOf({ severity: 3, operator: 'closed' })]);
    await world.settle();
    expect(world.results()).toEqual(['cam-room-1 taken', 'cam-f1 taken']);
    world.commit([alarmOf({ severity: 3, operator: 'closed', version: 5 })], false);
    await world.settle();
    expect(world.asked).toHaveLength(2);
  });

  test('what people do to it asks nobody; a new trigger does once a minute is over', async () => {
    world.commit([alarmOf()]);
    await world.settle();
    world.commit([alarmOf({ version: 2, operator: 'acknowledged' })], false);
    world.now = 30_000;
    world.commit([alarmOf({ version: 3, count: 2 })], false);
    await world.settle();
    expect(world.asked).toHaveLength(2);
    world.now = 61_000;
    world.commit([alarmOf({ version: 4, count: 3 })], false);
    await world.settle();
    expect(world.asked).toHaveLength(4);
  });

  test('bug: an alarm whose picture was cut short by a power cut never had one, nor a word about it', async () => {
    const now = new Date().toISOString();
    const evidence = [{ camera: 'cam-f1', kind: 'snapshot' as const, result: 'taken' as const, at: now }];
    const left = [
      alarmOf({ id: 'none', raisedBy: 'r1', lastAt: now }),
      alarmOf({ id: 'half', raisedBy: 'r2', lastAt: now, evidence }),
      alarmOf({ id: 'old', raisedBy: 'r3' }),
    ];
    for (const alarm of left) world.alarms.set(alarm.id, alarm);
    world.desk.restore(left);
    world.desk.resume();
    world.desk.resume();
    await world.settle();
    expect(world.told.map(({ alarm, evidence: { camera, result } }) => [alarm, camera, result])).toEqual(
      expect.arrayContaining([
        ['none', 'cam-room-1', 'taken'],
        ['none', 'cam-f1', 'taken'],
        ['half', 'cam-room-1', 'taken'],
      ]),
    );
    expect(world.told).toHaveLength(3);
  });

  test('alarms that were open before the start are left alone', async () => {
    world.desk.restore([alarmOf()]);
    world.commit([alarmOf({ version: 2, operator: 'acknowledged' })], false);
    world.commit([alarmOf({ id: 'left', version: 7 })], false);
    await world.settle();
    expect(world.asked).toEqual([]);
  });
});
