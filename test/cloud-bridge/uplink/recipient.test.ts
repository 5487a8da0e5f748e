import { describe, expect, it } from 'vitest';
import { fateOf } from '../../../cloud-bridge/uplink/recipient.ts';

describe('what a recipient gets', () => {
  it('follows the uplink policy of the type; unknown types travel in full', () => {
    const fate = fateOf(undefined);
    expect(fate({ type: 'FIR.SMOKE', severity: 1, mode: 'live' })).toBe('full');
    expect(fate({ type: 'ACC.GRANT', severity: 4, mode: 'live' })).toBe('count');
    expect(fate({ type: 'VID.FACE', severity: 4, mode: 'live' })).toBe('none');
    expect(fate({ type: 'NEW.THING', severity: 4, mode: 'live' })).toBe('full');
  });

  it('is narrowed by types, families and severity, never widened', () => {
    const fate = fateOf({ types: ['FIR.SMOKE', 'EMG', 'ACC', 'VID'], severity: 2 });
    expect(fate({ type: 'FIR.SMOKE', severity: 1, mode: 'live' })).toBe('full');
    expect(fate({ type: 'FIR.FAULT', severity: 2, mode: 'live' })).toBe('none');
    expect(fate({ type: 'EMG.PANIC', severity: 1, mode: 'live' })).toBe('full');
    expect(fate({ type: 'EMG.PANIC', severity: 3, mode: 'live' })).toBe('none');
    expect(fate({ type: 'ACC.GRANT', severity: 2, mode: 'live' })).toBe('count');
    expect(fate({ type: 'ACC.GRANT', severity: 4, mode: 'live' })).toBe('none');
    expect(fate({ type: 'VID.FACE', severity: 1, mode: 'live' })).toBe('none');
  });

  it('leaves out drills and tests where only what is live is wanted', () => {
    const fate = fateOf({ modes: ['live'] });
    const modes = ['live', 'drill', 'walktest', 'test'];
    const press = { type: 'EMG.PANIC', severity: 1 };
    expect(modes.map((mode) => fate({ ...press, mode }))).toEqual(['full', 'none', 'none', 'none']);
    expect(modes.map((mode) => fateOf(undefined)({ ...press, mode }))).toEqual(modes.map(() => 'full'));
  });
});
