import { describe, expect, test } from 'vitest';
import { Bench, profileOf } from './helpers.ts';

const smoke = (path: string) => `
  - { when: { path: ${path}, in: [1] }, emit: { type: FIR.SMOKE, edge: raise } }
  - { when: { path: ${path}, in: [0] }, emit: { type: FIR.SMOKE, edge: clear } }`;
const bench = (form: string, path = 'smoke') =>
  new Bench(profileOf(`match: { topic: 'a/{device}', ${form} }\nmap:${smoke(path)}`), 'a/1');

describe('unfold', () => {
  test('elements are late, the rest is live and comes last', () => {
    const device = bench('unfold: { in: history, late: true }');
    expect(device.told({ smoke: 0, history: [{ smoke: 1 }] })).toEqual([
      'FIR.SMOKE raise live late',
      'FIR.SMOKE clear live live',
    ]);
  });

  test('history never silences the next alarm, and its own alarm can end', () => {
    const device = bench('unfold: { in: history, late: true }');
    device.send({ smoke: 0 });
    expect(device.told({ history: [{ smoke: 1 }] })).toEqual(['FIR.SMOKE raise live late']);
    expect(device.told({ smoke: 0 })).toEqual(['FIR.SMOKE clear live live']);
    device.send({ history: [{ smoke: 1 }] });
    expect(device.told({ smoke: 1 })).toEqual(['FIR.SMOKE raise live live']);
    device.send({ history: [{ smoke: 0 }] });
    expect(device.told({ smoke: 1 })).toEqual([]);
  });

  test('an envelope is opened, and what is around it is not read', () => {
    const device = bench('unfold: { in: Event, only: true }');
    expect(device.told({ Event: { smoke: 1 }, smoke: 0 })).toEqual(['FIR.SMOKE raise live live']);
  });

  test('levels go into elements, which see the keys named by "with"', () => {
    const profile = profileOf(`
match: { topic: 'a/{device}', unfold: [{ in: devices, only: true }, { in: services, with: [id], only: true }] }
map: [{ input: id, when: { path: smoke, in: [1] }, emit: { type: FIR.SMOKE, edge: raise } }]`);
    const devices = [
      { id: 'A', services: [{ smoke: 1 }] },
      { id: 'B', services: [{ smoke: 1 }, 5, null] },
    ];
    expect(new Bench(profile, 'a/1').told({ devices })).toEqual([
      'FIR.SMOKE#A raise live live',
      'FIR.SMOKE#B raise live live',
    ]);
  });

  test('a huge list is read in part, says so, and the message around it is still read', () => {
    const device = bench('unfold: { in: history, late: true }');
    const result = device.send({ smoke: 1, history: Array(50_000).fill(0) });
    expect(result.detail).toContain('50001 messages');
    expect(result.unknown).toBeGreaterThan(49_000);
    expect(result.drafts).toMatchObject([{ type: 'FIR.SMOKE', edge: 'raise', freshness: 'live' }]);
  });
});

describe('pivot', () => {
  const list = () => bench('pivot: { in: status, key: code, value: value, as: dp, time: t }', 'dp.smoke');

  test('a list of codes becomes an object', () => {
    expect(list().told({ status: [{ code: 'smoke', value: 1 }, { code: 7 }, null, 'x'] })).toEqual([
      'FIR.SMOKE raise live live',
    ]);
  });

  test('a code that comes twice is told in order', () => {
    const status = [
      { code: 'smoke', value: 1 },
      { code: 'smoke', value: 0 },
    ];
    expect(list().told({ status })).toEqual(['FIR.SMOKE raise live live', 'FIR.SMOKE clear live live']);
  });

  test('a code that nothing names is unmapped, not ignored', () => {
    expect(list().send({ status: [{ code: 'siren', value: 1 }] })).toMatchObject({ status: 'unmapped' });
  });

  test('an object of values, plain or with their time', () => {
    const device = bench('pivot: { in: params, value: value, as: p }', 'p.smoke');
    expect(device.told({ params: { smoke: { value: 1, time: 5 } } })).toEqual(['FIR.SMOKE raise live live']);
    expect(device.told({ params: { smoke: 0 } })).toEqual(['FIR.SMOKE clear live live']);
  });

  test('hostile codes and huge lists are bounded and harmless', () => {
    const device = list();
    device.send('{"status":[{"code":"__proto__","value":{"smoke":1}},{"code":"constructor","value":1}]}');
    expect(device.last?.drafts).toEqual([]);
    expect(({} as Record<string, unknown>).smoke).toBeUndefined();
    const many = Array.from({ length: 5_000 }, (_, i) => ({ code: `c${i}`, value: 1 }));
    expect(device.send({ status: many })).toMatchObject({
      drafts: [],
      detail: expect.stringContaining('4488 codes'),
    });
    const same = Array.from({ length: 5_000 }, (_, i) => ({ code: 'smoke', value: i % 2 }));
    expect(device.send({ status: same }).drafts.length).toBeLessThanOrEqual(512);
  });
});
