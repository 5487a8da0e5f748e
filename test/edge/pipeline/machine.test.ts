import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { uuidv7 } from 'uuidv7';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Event } from '../../../contract/event.ts';
import { siteSchema } from '../../../contract/site.ts';
import { AlarmBook } from '../../../edge/alarms/book.ts';
import type { SealedBatch } from '../../../edge/journal/batch.ts';
import { LiveDevices } from '../../../edge/pipeline/devices.ts';
import { Duplicates } from '../../../edge/pipeline/duplicates.ts';
import { Intake } from '../../../edge/pipeline/intake.ts';
import type { Machine } from '../../../edge/pipeline/machine.ts';
import { ownDraft } from '../../../edge/pipeline/own-event.ts';
import { Pipeline } from '../../../edge/pipeline.ts';
import { UnknownDeviceInbox } from '../../../edge/registry/inbox.ts';
import { profileFacts, topicsOf } from '../../../edge/registry/profile-facts.ts';
import { Registry } from '../../../edge/registry/registry.ts';
import { testCampus } from '../../simulators/test-campus.ts';
import { catalogue } from '../../support/builtin-catalogue.ts';

const logger = pino({ level: 'silent' });
let dir: string;
let registry: Registry;
let book: AlarmBook;
let pipeline: Pipeline;
let commits: SealedBatch[];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'machine-'));
  registry = await Registry.open({ file: join(dir, 'site.db'), logger, topicsOf: topicsOf(catalogue) });
  await registry.importSite(siteSchema.parse(testCampus(1)), { profiles: profileFacts(catalogue) });
});

afterEach(async () => {
  pipeline.stop();
  await registry.close();
  rmSync(dir, { recursive: true, force: true });
});

function build(machine: Machine): void {
  commits = [];
  const seq = { a: 1, e: 1 };
  const identity = { gateway: 'gw-1', school: '2137000001', region: '370102' };
  const devices = new LiveDevices(catalogue, registry, new Map(), identity);
  book = new AlarmBook({ clock: Date.now, newId: uuidv7 });
  pipeline = new Pipeline({
    identity,
    machines: [machine],
    journal: {
      storage: 'ok',
      onStorage: () => () => undefined,
      nextSeq: (lane) => seq[lane]++,
      append: (batch) => {
        commits.push(batch);
        return { alarms: Promise.resolve(), all: Promise.resolve() };
      },
    },
    registry,
    devices,
    book,
    duplicates: new Duplicates(),
    clock: Date.now,
    clockQuality: () => 'sync',
    intake: new Intake({
      devices,
      inbox: new UnknownDeviceInbox(),
      profileClock: { siteZone: 'Asia/Shanghai', lateAfterMs: 30_000 },
      onOutcome: () => undefined,
    }),
    onUnsaved: () => undefined,
    onFault: (error) => {
      throw error;
    },
    onConnection: () => undefined,
    onRefused: () => undefined,
  });
}

const typesOf = (batch: SealedBatch | undefined): string[] => (batch?.rows ?? []).map(({ type }) => type);

it('keeps what a machine decides in the commit of the event that caused it', async () => {
  build({
    mark: (draft) => {
      if (draft.type === 'INT.DOOR') draft.mode = 'drill';
    },
    follow: (event, _changes, moves) => {
      if (event.type !== 'INT.DOOR') return;
      moves.emit(ownDraft('ARM.FAIL', 'raise', Date.now(), { why: 'door open' }));
      moves.keep('zone:dorm', 'alarm');
    },
    dueAt: () => undefined,
    act: () => undefined,
  });
  await pipeline.emit(ownDraft('INT.DOOR', 'raise', Date.now(), {}));
  expect(commits).toHaveLength(1);
  expect(typesOf(commits[0])).toEqual(['INT.DOOR', 'ARM.FAIL', 'ALM.TRANSITION']);
  expect(JSON.parse(commits[0]?.rows[0]?.body ?? '{}').mode).toBe('drill');
  expect(commits[0]?.states).toEqual([{ key: 'zone:dorm', value: 'alarm' }]);
});

it('bug: what is held back and raised later was not followed, so that floods and chatter did not count it', async () => {
  let held: Event | undefined;
  const followed: string[] = [];
  build({
    follow: (event, changes) => {
      followed.push([event.type, ...changes.map(({ transition }) => transition.action)].join(' '));
    },
    armed: (event) => {
      held = event;
      return 'never';
    },
    dueAt: () => (held === undefined ? undefined : 0),
    act: (moves) => {
      if (held !== undefined) moves.judge(held, 'always');
      held = undefined;
    },
  });
  await pipeline.emit(ownDraft('INT.DOOR', 'raise', Date.now(), {}));
  expect(book.open()).toEqual([]);
  pipeline.tick();
  pipeline.tick(); // one is on its way already
  const { result, stored } = await pipeline.move(() => book.open().map(({ type }) => type));
  await stored;
  expect(result).toEqual(['INT.DOOR']);
  expect(commits.flatMap(typesOf)).toEqual(['INT.DOOR', 'ALM.TRANSITION']);
  expect(followed).toEqual(['INT.DOOR', 'INT.DOOR raise']);
});

it('answers what a move throws, and goes on', async () => {
  build({ dueAt: () => undefined, act: () => undefined });
  await expect(
    pipeline.move(() => {
      throw new Error('the zone is not ready');
    }),
  ).rejects.toThrow('the zone is not ready');
  await expect(pipeline.move(() => 1)).resolves.toMatchObject({ result: 1 });
});
