import { describe, expect, it } from 'vitest';
import { fateOf } from '../../../cloud-bridge/uplink/recipient.ts';

describe('what a recipient gets', () => {
  it('follows the uplink policy of the type; unknown types travel in full', () => {
    const fate = fateOf(undefined);
    expect(fate({ type: 'FIR.SMOKE', severity: 1 })).toBe('full');
    expect(fate({ type: 'ACC.GRANT', severity: 4 })).toBe('count');
    expect(fate({ type: 'VID.FACE', severity: 4 })).toBe('none');
    expect(fate({ type: 'NEW.THING', severity: 4 })).toBe('full');
  });

  it('is narrowed by types, families and severity, never widened', () => {
    const fate = fateOf({ types: ['FIR.SMOKE', 'EMG', 'ACC', 'VID'], severity: 2 });
    expect(fate({ type: 'FIR.SMOKE', severity: 1 })).toBe('full');
    expect(fate({ type: 'FIR.FAULT', severity: 2 })).toBe('none');
    expect(fate({ type: 'EMG.PANIC', severity: 1 })).toBe('full');
    expect(fate({ type: 'EMG.PANIC', severity: 3 })).toBe('none');
    expect(fate({ type: 'ACC.GRANT', severity: 2 })).toBe('count');
    expect(fate({ type: 'ACC.GRANT', severity: 4 })).toBe('none');
    expect(fate({ type: 'VID.FACE', severity: 1 })).toBe('none');
  });
});
