import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DrillRequest } from '../../../contract/drill.ts';
import type { Actor } from '../../../edge/alarms/rights.ts';
import { csvOf } from '../../../edge/drills/report.ts';
import type { Registry } from '../../../edge/registry/registry.ts';
import { CampusPlay, campusRegistry } from './campus-play.ts';

const dir = mkdtempSync(join(tmpdir(), 'drills-'));
const leader: Actor = { user: 'leader', role: 'shift-leader', station: 'centre' };
const guard: Actor = { user: 'guard', role: 'guard', station: 'gate' };
const installer: Actor = { user: 'installer', role: 'installer', station: 'gate' };
let registry: Registry;
let play: CampusPlay;

beforeAll(async () => {
  registry = await campusRegistry(join(dir, 'site.db'));
});

beforeEach(async () => {
  play = new CampusPlay(registry);
  // the modules are known before anything is tried: what is told at first sight is no press
  for (const device of ['io-1', 'io-2']) await play.report(device, 1, 'normal');
});

afterAll(async () => {
  await registry.close();
  rmSync(dir, { recursive: true, force: true });
});

const notice = () => ({ who: '王警官', number: '110', at: new Date(play.wall - 60_000).toISOString() });

function start(over: Partial<DrillRequest> = {}) {
  const request = { places: ['room-io-1'], types: ['EMG.PANIC'], minutes: 30, reason: '季度测试' };
  return play.drills.desk.startDrill({ ...request, notice: notice(), ...over }, leader);
}

const press = async (device = 'io-1') => {
  await play.report(device, 1, 'alarm');
};
const release = (device = 'io-1') => play.report(device, 1, 'normal');
const open = () => play.book.open().filter(({ type }) => type === 'EMG.PANIC');

describe('a drill', () => {
  it('is announced with its scope, and told when it is over', async () => {
    const { report } = await start();
    expect(play.told('TST.DRILL', 'raise')[0]).toMatchObject({
      severity: 4,
      mode: 'live',
      origin: { place: 'room-io-1' },
      data: {
        by: 'leader',
        reason: '季度测试',
        types: ['EMG.PANIC'],
        places: ['room-io-1'],
        slots: expect.arrayContaining(['io-1-panic', 'io-1-smoke']),
        notice: { who: '王警官', number: '110' },
      },
    });
    expect(play.drills.machine.view()).toMatchObject([
      { kind: 'drill', leftS: 1_800, points: 4, reported: 0 },
    ]);
    await press();
    await release();
    await play.pass(30 * 60_000);
    expect(play.drills.machine.view()).toEqual([]);
    expect(play.told('TST.DRILL', 'clear')[0]).toMatchObject({
      data: { drill: report.id, by: 'timer', points: 4, reported: 1 },
    });
    expect(play.modes('EMG.PANIC')).toEqual(['drill']);
    await press();
    expect(play.modes('EMG.PANIC')).toEqual(['drill', 'live']);
  });

  it('takes a second press for real, ends the drill card and links the real one', async () => {
    await start();
    await press();
    const [card] = open();
    expect(card).toMatchObject({ mode: 'drill', severity: 1, operator: 'new' });
    await release();
    expect(open()[0]).toMatchObject({ mode: 'drill', condition: 'returned' });
    await press();
    expect(open()).toMatchObject([
      { mode: 'live', operator: 'new', condition: 'active', previous: card?.id },
    ]);
    expect(play.book.get(card?.id ?? '')).toMatchObject({
      mode: 'drill',
      operator: 'closed',
      disposition: { verdict: 'real' },
    });
    await release();
    expect(open()).toMatchObject([{ mode: 'live', condition: 'returned', latched: true }]);
  });

  it('takes another device, another danger and a device of another place for real', async () => {
    await start({ slots: ['io-1-panic'] });
    await play.report('io-1', 2, 'normal');
    await play.report('io-1', 2, 'alarm');
    await press('io-2');
    expect(play.modes('FIR.SMOKE')).toEqual(['live']);
    expect(play.modes('EMG.PANIC')).toEqual(['live']);
  });

  it('leaves an alarm alone that was open before', async () => {
    await press();
    const [before] = open();
    await release();
    await start();
    await press();
    expect(open()).toMatchObject([{ id: before?.id, mode: 'live', count: 2 }]);
  });

  it('raises for real what still holds at its end, by time or by a person', async () => {
    const { report } = await start();
    await press();
    const [card] = open();
    await play.drills.desk.end(report.id, guard);
    expect(open()).toMatchObject([
      { mode: 'live', condition: 'active', freshness: 'live', severity: 1, previous: card?.id },
    ]);
    expect(play.told('EMG.PANIC', 'raise').at(-1)).toMatchObject({
      mode: 'live',
      origin: { device: 'io-1', slot: 'io-1-panic', place: 'room-io-1' },
      cause: [card?.raisedBy],
    });
    await release();
    expect(open()).toMatchObject([{ mode: 'live', condition: 'returned' }]);
    expect(play.drills.desk.report(report.id)).toMatchObject({ endedBy: 'guard' });
    expect(play.drills.desk.report(report.id).points.find(({ slot }) => slot === 'io-1-panic')?.real).toBe(
      true,
    );
  });

  it('can be made real with one key, whatever version the guard has seen', async () => {
    await start();
    await press();
    const [card] = open();
    const { result } = await play.pipeline.move((moves) =>
      play.drills.machine.makeReal(moves, card?.id ?? '', { version: 99 }, guard),
    );
    expect(result).toMatchObject({
      alarm: { id: card?.id, operator: 'closed', disposition: { by: 'guard' } },
    });
    expect(open()).toMatchObject([{ mode: 'live', condition: 'active', previous: card?.id }]);
    expect(play.told('ALM.TRANSITION').at(-1)?.data).toMatchObject({
      action: 'make-real',
      actor: 'guard',
      station: 'gate',
      alarm: { mode: 'live' },
    });
    await release();
    expect(open()).toMatchObject([{ mode: 'live', condition: 'returned' }]);
    const again = await play.pipeline.move((moves) =>
      play.drills.machine.makeReal(moves, card?.id ?? '', { version: 1 }, guard),
    );
    expect(again.result).toMatchObject({ refused: 'already-done' });
    const real = open()[0]?.id ?? '';
    const other = await play.pipeline.move((moves) =>
      play.drills.machine.makeReal(moves, real, { version: 1 }, leader),
    );
    expect(other.result).toMatchObject({ refused: 'not-possible' });
  });

  it('can be made real after it is over, also while another drill runs there', async () => {
    const { report } = await start();
    await press();
    await release();
    await play.drills.desk.end(report.id, leader);
    await start();
    const [card] = open();
    expect(card).toMatchObject({ mode: 'drill', condition: 'returned' });
    await play.pipeline.move((moves) =>
      play.drills.machine.makeReal(moves, card?.id ?? '', { version: 1 }, guard),
    );
    expect(open()).toMatchObject([
      { mode: 'live', previous: card?.id, condition: 'returned', latched: true },
    ]);
  });
});

describe('a drill over a restart', () => {
  it('goes on for what is left, and knows what was pressed', async () => {
    await start();
    await press();
    await release();
    await play.pass(10 * 60_000);
    play.restart();
    expect(play.drills.machine.view()).toMatchObject([{ leftS: 20 * 60 }]);
    await release(); // first sight
    await press();
    expect(play.modes('EMG.PANIC')).toEqual(['drill', 'live']);
  });

  it('ends early rather than late when a clock was set', async () => {
    await start();
    const began = play.wall;
    play.wall = Date.parse('1970-01-01T00:00:00Z');
    play.restart();
    expect(play.drills.machine.view()).toMatchObject([{ leftS: 1_800 }]);
    play.wall = began + 2 * 3_600_000;
    play.restart();
    await play.due();
    expect(play.drills.machine.view()).toEqual([]);
    expect(play.told('TST.DRILL', 'clear')).toHaveLength(1);
  });

  it('is neither shortened nor prolonged by a clock that jumps while it runs', async () => {
    await start();
    for (const jump of [7_200_000, -14_400_000]) {
      play.wall += jump;
      await play.due();
      expect(play.drills.machine.view()).toMatchObject([{ leftS: 1_800 }]);
    }
    await play.pass(30 * 60_000);
    expect(play.drills.machine.view()).toEqual([]);
  });

  it('raises what was held when it died and its time is over; nobody knows whether it still holds', async () => {
    await start();
    await press();
    const [card] = open();
    play.wall += 3_600_000;
    play.restart();
    await play.due();
    expect(open()).toMatchObject([{ mode: 'live', freshness: 'initial', previous: card?.id }]);
  });

  it('is over when what was kept of it cannot be read', () => {
    play.states.set('drill:broken', '{');
    play.restart();
    expect(play.drills.machine.view()).toEqual([]);
  });
});

describe('a walk test', () => {
  const walk = (actor: Actor, over = {}) =>
    play.drills.desk.startWalkTest(
      { places: ['room-io-1'], types: [], minutes: 20, reason: '步测', ...over },
      actor,
    );

  it('ticks off what reports, and names what is missing', async () => {
    const { report } = await walk(leader);
    await play.report('io-1', 3, 'normal');
    await play.report('io-1', 3, 'alarm');
    await play.report('io-1', 3, 'normal');
    expect(play.modes('INT.DOOR')).toEqual(['walktest']);
    expect(play.book.open()).toEqual([]);
    await play.drills.desk.end(report.id, leader);
    const { points } = play.drills.desk.report(report.id);
    expect(points.filter(({ at }) => at !== undefined)).toMatchObject([
      { slot: 'io-1-door', type: 'INT.DOOR' },
    ]);
    expect(play.told('TST.WALK', 'clear')[0]?.data).toMatchObject({
      points: 4,
      reported: 1,
      missing: ['io-1-panic', 'io-1-smoke', 'io-1-fence'],
    });
    const csv = csvOf(play.drills.desk.report(report.id));
    expect(csv.split('\r\n')).toHaveLength(6);
    expect(csv).toContain(',门磁,');
  });

  it('makes a card of severity 1 that can be made real, and takes a panic that is not tested for real', async () => {
    await walk(leader, { types: ['FIR.SMOKE'] });
    await play.report('io-1', 2, 'normal');
    await play.report('io-1', 2, 'alarm');
    await press();
    expect(play.book.open()).toMatchObject(
      expect.arrayContaining([
        expect.objectContaining({ type: 'FIR.SMOKE', mode: 'walktest' }),
        expect.objectContaining({ type: 'EMG.PANIC', mode: 'live' }),
      ]),
    );
  });

  it.each<[string, Actor, string | undefined]>([
    ['the shift leader', leader, undefined],
    ['a guard alone', guard, 'not-allowed'],
    ['an installer alone', installer, 'second-person-needed'],
    ['an installer with a guard', { ...installer, second: { user: 'guard', role: 'guard' } }, undefined],
    [
      'an installer with himself',
      { ...installer, second: { user: 'installer', role: 'guard' } },
      'second-person-needed',
    ],
    [
      'an installer with an installer',
      { ...installer, second: { user: 'x', role: 'installer' } },
      'second-person-needed',
    ],
  ])('may be started by %s: %s', async (_, actor, refused) => {
    const answer = walk(actor);
    if (refused === undefined) await expect(answer).resolves.toMatchObject({ stored: true });
    else await expect(answer).rejects.toMatchObject({ refused });
  });

  it('is one at a time', async () => {
    await walk(leader);
    await expect(walk(leader, { places: ['room-io-2'] })).rejects.toMatchObject({ refused: 'not-possible' });
  });
});

describe('starting a drill is refused', () => {
  it('without a record of whom the police was told (S17)', async () => {
    const request = { places: ['room-io-1'], types: ['EMG.PANIC'], minutes: 30, reason: 'x' };
    await expect(play.drills.desk.startDrill(request, leader)).rejects.toMatchObject({ refused: 'invalid' });
    const old = { ...notice(), at: new Date(play.wall - 8 * 86_400_000).toISOString() };
    await expect(start({ notice: old })).rejects.toMatchObject({ refused: 'invalid' });
  });

  it.each<[string, Partial<DrillRequest>, string]>([
    ['an unknown place', { places: ['nowhere'] }, 'invalid'],
    ['a slot of another place', { slots: ['io-2-panic'] }, 'invalid'],
    ['a place without devices', { places: ['lab'], devices: ['io-1'] }, 'invalid'],
    ['a type that is no alarm', { types: ['DEV.BATT'] }, 'invalid'],
  ])('for %s', async (_, over, refused) => {
    await expect(start(over)).rejects.toMatchObject({ refused });
  });

  it('to everybody but the shift leader, outside of their scope, and where another one runs', async () => {
    const request = { places: ['room-io-1'], types: ['FIR.SMOKE'], minutes: 30, reason: 'x' };
    for (const actor of [guard, installer])
      await expect(play.drills.desk.startDrill(request, actor)).rejects.toMatchObject({
        refused: 'not-allowed',
      });
    const elsewhere: Actor = { ...leader, scope: { places: ['room-io-2'] } };
    await expect(play.drills.desk.startDrill(request, elsewhere)).rejects.toMatchObject({
      refused: 'not-allowed',
    });
    await start();
    await expect(start({ places: ['teaching'] })).rejects.toMatchObject({ refused: 'not-possible' });
  });
});
