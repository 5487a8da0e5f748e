import { describe, expect, it } from 'vitest';
import type { Event } from '../../../contract/event.ts';
import { auditCsv } from '../../../edge/audit/csv.ts';
import { auditOf, type WhoIs } from '../../../edge/audit/from-event.ts';
import { ownDraft } from '../../../edge/pipeline/own-event.ts';

const at = Date.UTC(2026, 11, 1, 8);
const whoIs: WhoIs = (user) => ({ role: user === 'li' ? 'shift-leader' : 'guard', address: '192.0.2.7' });

function event(type: string, data?: Record<string, unknown>, origin: object = {}): Event {
  const draft = ownDraft(type, 'pulse', at, data);
  return {
    ...draft,
    id: 'e-1',
    lane: 'e',
    seq: 1,
    origin: { gateway: 'g', school: 's', region: 'r', ...origin },
  };
}

describe('the line of the audit of an event', () => {
  it('says who, from where, what, on what, with whom and with what result', () => {
    const data = {
      alarmId: 'a-1',
      action: 'close',
      actor: 'li',
      role: 'shift-leader',
      station: 'gate',
      second: 'wang',
    };
    expect(auditOf(event('ALM.TRANSITION', data), whoIs)).toMatchObject({
      at: new Date(at).toISOString(),
      user: 'li',
      role: 'shift-leader',
      station: 'gate',
      address: '192.0.2.7',
      act: 'alarm.close',
      on: 'a-1',
      result: 'done',
      second: { user: 'wang', role: 'guard' },
      event: 'e-1',
    });
  });

  it.each([
    ['a device', event('FIR.SMOKE', undefined, { device: 'smoke-1' })],
    ['the gateway', event('ALM.TRANSITION', { actor: 'gateway', role: 'system', action: 'raise' })],
    ['nobody', event('SYS.BOOT', { boot: '1' })],
  ])('there is none where %s caused it', (_, caused) => {
    expect(auditOf(caused, whoIs)).toBeUndefined();
  });

  it.each([
    ['SYS.CFG', { by: 'li', what: 'credential issued', device: 'io-1' }, 'configuration', 'io-1'],
    ['SYS.CFG', { by: 'li', act: 'people.add', person: 'wang' }, 'people.add', 'wang'],
    ['DEV.OUTPUT', { actor: 'li', command: 'view' }, 'video.view', 'cam-1'],
    ['DEV.OUTPUT', { actor: 'li', command: 'siren_on' }, 'device.command', 'cam-1'],
    ['TST.WALK', { actor: 'li' }, 'TST.WALK', 'cam-1'],
  ])('of %s %j is %s on %s', (type, data, act, on) => {
    const base = event('SYS.CFG', data, { device: 'cam-1' });
    expect(auditOf({ ...base, type }, whoIs)).toMatchObject({ act, on });
  });

  it.each([
    ['refused', 'refused'],
    ['failed', 'failed'],
    ['unanswered', 'failed'],
    ['sent', 'done'],
  ])('of a command that was %s is %s', (result, expected) => {
    expect(auditOf(event('DEV.OUTPUT', { actor: 'li', command: 'siren_on', result }), whoIs)?.result).toBe(
      expected,
    );
  });
});

it('a file of the audit starts no formula in a spreadsheet and keeps commas and quotes', () => {
  const line = { n: 1, at: '2026-12-01T08:00:00.000Z', act: 'session.sign-in', result: 'failed' as const };
  const csv = auditCsv([{ ...line, user: '=HYPERLINK("x")', station: 'desk 1, "left"' }]);
  expect(csv.startsWith('\uFEFFn,at,')).toBe(true);
  expect(csv).toContain(`"'=HYPERLINK(""x"")"`);
  expect(csv).toContain('"desk 1, ""left"""');
});
