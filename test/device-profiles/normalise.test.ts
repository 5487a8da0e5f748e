import { describe, expect, test } from 'vitest';
import { eventDraftSchema } from '../../contract/event.ts';
import { eventType } from '../../contract/event-type.ts';
import { forget } from '../../device-profiles/normalise.ts';
import { Bench, builtinProfile, profileOf, T0 } from './helpers.ts';

const zigbee = (settings = {}, state?: ConstructorParameters<typeof Bench>[3]) =>
  new Bench(builtinProfile('zigbee2mqtt.device'), 'zigbee2mqtt/hall', settings, state);
const wired = (means: Record<string, string>, state?: ConstructorParameters<typeof Bench>[3]) => {
  const inputs = Object.fromEntries(
    Object.entries(means).map(([input, meaning]) => [input, { means: meaning }]),
  );
  return new Bench(builtinProfile('io.wired'), 'io/m1/state', { inputs }, state);
};
/** A device whose smoke was clear before. */
const smokeClear = { points: { '': { 'FIR.SMOKE': { smoke: 0 } } } } as const;

describe('rule 1: a missing key clears nothing; an unknown value raises nothing and is counted', () => {
  test('a message without the key leaves the condition alone', () => {
    const hall = zigbee();
    hall.send({ smoke: true });
    const before = hall.state;
    expect(hall.told({ battery: 90 })).toEqual(['DEV.BATT clear live initial']);
    expect(hall.told({ linkquality: 3 })).toEqual([]);
    expect(hall.state?.points?.['']?.['FIR.SMOKE']).toEqual(before?.points?.['']?.['FIR.SMOKE']);
    expect(hall.told({ smoke: false })).toEqual(['FIR.SMOKE clear live live']);
  });

  test.each([
    ['maybe', 1],
    [null, undefined],
    [2, 1],
    [{}, 1],
    [[true], 1],
    ['', 1],
  ])('smoke %j raises nothing, clears nothing', (smoke, unknown) => {
    const hall = zigbee({}, { points: { '': { 'FIR.SMOKE': { smoke: 1 } } } });
    const result = hall.send({ smoke, tamper: false });
    expect(result.status).toBe('mapped');
    // null is not there
    expect(result.unknown).toBe(unknown);
    expect(result.drafts.map(({ type }) => type)).toEqual(['DEV.TAMPER']);
  });

  test('nothing understood at all is unmapped, and the detail names the key but no value', () => {
    const result = zigbee().send({ smoke: 'secret-4711' });
    expect(result).toMatchObject({ status: 'unmapped', drafts: [], unknown: 1 });
    expect(result.detail).toContain('"smoke"');
    expect(JSON.stringify(result)).not.toContain('4711');
  });

  test('values are strict: "1" is not 1 is not true, unless the profile lists them', () => {
    const profile = profileOf(`
match: { topic: 'x/{device}' }
map:
  - when: { path: a, in: [1] }
    emit: { type: FIR.SMOKE, edge: raise }
  - when: { path: a, in: ['0'] }
    emit: { type: FIR.SMOKE, edge: clear }`);
    const bench = new Bench(profile, 'x/1');
    for (const a of ['1', true, 0, false, [1]]) expect(bench.send({ a }).unknown, JSON.stringify(a)).toBe(1);
    expect(bench.told({ a: 1 })).toEqual(['FIR.SMOKE raise live live']);
    expect(bench.told({ a: ' 0 ' })).toEqual(['FIR.SMOKE clear live live']);
  });
});

describe('rule 2: pure, and only changes are emitted', () => {
  test('the state is the same object when nothing changed', () => {
    const hall = zigbee();
    hall.send({ smoke: false, battery: 90, tamper: true });
    const state = hall.state;
    hall.send({ smoke: false, battery: 90, tamper: true, linkquality: 7 });
    expect(hall.state).toBe(state);
  });

  test('the given state is never changed in place', () => {
    const frozen = deepFreeze({ points: { '': { 'FIR.SMOKE': { smoke: 0 } } }, values: {} } as const);
    const hall = zigbee({}, frozen);
    hall.send({ smoke: true, test: true, tamper: true, last_seen: '2026-01-01T00:00:00Z' });
    expect(hall.state).not.toBe(frozen);
    expect(frozen.points['']['FIR.SMOKE']).toEqual({ smoke: 0 });
  });

  test('every result is a list of its own, which the pipeline may extend', () => {
    const hall = zigbee();
    const a = hall.send({ linkquality: 1 });
    const b = hall.send({ linkquality: 1 });
    expect(a.drafts).not.toBe(b.drafts);
  });

  test('a republishing source: first sight is initial, later changes are live', () => {
    const hall = zigbee();
    expect(hall.told({ smoke: false })).toEqual(['FIR.SMOKE clear live initial']);
    expect(hall.told({ smoke: true })).toEqual(['FIR.SMOKE raise live live']);
    expect(hall.told({ smoke: true, battery: 80 })).toEqual(['DEV.BATT clear live initial']);
  });

  test('a source that does not republish: first sight is live', () => {
    expect(wired({ 1: 'panic' }).told({ ch: { 1: 'alarm' } })[0]).toBe('EMG.PANIC#1 raise live live');
  });

  test('a re-sent alarm is no new raise, however often', () => {
    const module = wired({ 1: 'panic' });
    module.send({ ch: { 1: 'alarm' } });
    for (let seq = 0; seq < 5; seq++) expect(module.told({ ch: { 1: 'alarm' }, seq })).toEqual([]);
  });

  test('two keys of one condition: raised once, cleared when both are clear', () => {
    const hall = zigbee({}, { points: { '': { 'FIR.SMOKE': { smoke: 0, smoke_state: 0 } } } });
    expect(hall.told({ smoke_state: 'normal', smoke: true })).toEqual(['FIR.SMOKE raise live live']);
    expect(hall.told({ smoke_state: 'alarm', smoke: true })).toEqual([]);
    expect(hall.told({ smoke_state: 'alarm', smoke: false })).toEqual([]);
    expect(hall.told({ smoke_state: 'normal', smoke: false })).toEqual(['FIR.SMOKE clear live live']);
  });

  test('contradicting keys at first sight: one raise, initial, and no clear before it', () => {
    expect(zigbee().told({ smoke: false, smoke_state: 'alarm' })).toEqual(['FIR.SMOKE raise live initial']);
  });

  test('keys that only raise and keys that only clear speak of the same condition', () => {
    const profile = profileOf(`
match: { topic: 'x/{device}' }
map:
  - when: { path: alarm, in: [1] }
    emit: { type: INT.AREA, edge: raise }
  - when: { path: restore, in: [1] }
    emit: { type: INT.AREA, edge: clear }`);
    const bench = new Bench(profile, 'x/1');
    expect(bench.told({ alarm: 1 })).toEqual(['INT.AREA raise live live']);
    expect(bench.told({ restore: 1 })).toEqual(['INT.AREA clear live live']);
    expect(bench.told({ alarm: 1 })).toEqual(['INT.AREA raise live live']);
  });

  test('"state" names the keys that are followed; others tell every message', () => {
    const profile = profileOf(`
match: { topic: 'x/{device}' }
state: [b]
map:
  - when: { path: a, in: [1] }
    emit: { type: EMG.PANIC, edge: raise }
  - when: { path: b, in: [1] }
    emit: { type: DEV.TAMPER, edge: raise }`);
    const bench = new Bench(profile, 'x/1');
    expect(bench.told({ a: 1, b: 1 })).toHaveLength(2);
    expect(bench.told({ a: 1, b: 1 })).toEqual(['EMG.PANIC raise live live']);
  });

  test('an update is told when the value changed by enough', () => {
    const bench = zigbee({ record_readings: true });
    expect(bench.told({ temperature: 20 })).toEqual(['DEV.READING update live initial']);
    expect(bench.told({ temperature: 20.4 })).toEqual([]);
    expect(bench.told({ temperature: 20.5 })).toEqual(['DEV.READING update live live']);
  });
});

describe('rule 3: test is not live', () => {
  test('a test raise and a real raise of one detector are two conditions', () => {
    const hall = zigbee({}, smokeClear);
    expect(hall.told({ smoke: true, test: true })).toEqual(['FIR.SMOKE raise test live']);
    expect(hall.told({ smoke: true, test: true })).toEqual([]);
    expect(hall.told({ smoke: true, test: false })).toEqual(['FIR.SMOKE raise live live']);
    expect(hall.told({ smoke: false, test: false })).toEqual([
      'FIR.SMOKE clear live live',
      'FIR.SMOKE clear test live',
    ]);
  });

  test('a test that ends without a real alarm clears the test alone', () => {
    const hall = zigbee({}, smokeClear);
    hall.send({ smoke: true, test: true });
    expect(hall.told({ smoke: false, test: false })).toEqual(['FIR.SMOKE clear test live']);
  });

  test('an open real alarm is not touched by a test', () => {
    const hall = zigbee({}, smokeClear);
    hall.send({ smoke: true });
    expect(hall.told({ smoke: true, test: true })).toEqual(['FIR.SMOKE raise test live']);
    expect(hall.told({ smoke: false })).toEqual(['FIR.SMOKE clear live live', 'FIR.SMOKE clear test live']);
  });

  test('a press while testing is a test', () => {
    expect(zigbee().told({ action: 'emergency', test: true })).toEqual(['EMG.PANIC pulse test live']);
  });

  test('a flag that is stuck hides no real alarm after 10 minutes', () => {
    const hall = zigbee({}, smokeClear);
    hall.send({ test: true });
    expect(hall.told({ smoke: true, test: true }, { receivedAt: T0 + 600_001 })).toEqual([
      'FIR.SMOKE raise live live',
    ]);
  });

  test('nor one that it raised as a test, and never ended', () => {
    const hall = zigbee({}, smokeClear);
    hall.send({ smoke: true, test: true });
    const still = { smoke: true, test: true, battery: 90 };
    expect(hall.told(still, { receivedAt: T0 + 600_000 })).toEqual(['DEV.BATT clear live initial']);
    expect(hall.told(still, { receivedAt: T0 + 3_600_000 })).toEqual(['FIR.SMOKE raise live live']);
    expect(hall.told(still, { receivedAt: T0 + 3_700_000 })).toEqual([]);
  });
});

describe('rule 4: a press is a pulse, and which press means panic is a setting', () => {
  test.each([['emergency'], ['panic'], ['sos'], ['EMERGENCY']])('%s is a panic by default', (action) => {
    expect(zigbee().told({ action })).toEqual(['EMG.PANIC pulse live live']);
  });

  test.each([['single'], ['double'], ['hold'], ['disarm'], ['arm_away']])(
    '%s is recorded by default',
    (action) => {
      const [draft] = zigbee().send({ action }).drafts;
      expect(draft).toMatchObject({
        type: 'DEV.INPUT',
        edge: 'pulse',
        kind: 'event',
        data: { press: action },
      });
    },
  );

  test('the registry decides', () => {
    const bench = zigbee({ press: { double: 'panic', emergency: 'medical', hold: 'EMG.BULLY' } });
    expect(bench.told({ action: 'double' })).toEqual(['EMG.PANIC pulse live live']);
    expect(bench.told({ action: 'emergency' })).toEqual(['EMG.MEDICAL pulse live live']);
    expect(bench.told({ action: 'hold' })).toEqual(['EMG.BULLY pulse live live']);
    expect(bench.told({ action: 'panic' })).toEqual(['EMG.PANIC pulse live live']);
  });

  test('a press is told every time: two presses are two', () => {
    const bench = zigbee();
    expect(bench.told({ action: 'sos' })).toHaveLength(1);
    expect(bench.told({ action: 'sos' })).toHaveLength(1);
  });

  test('an empty action resets nothing', () => {
    expect(zigbee().send({ action: '' })).toMatchObject({ status: 'mapped', drafts: [] });
    expect(zigbee().send({ action: null })).toMatchObject({ status: 'mapped', drafts: [] });
  });
});

describe('rule 5: the key of a message needs all its parts', () => {
  const key = (payload: object, receivedAt = T0) => {
    const module = wired({ 1: 'panic' }, { points: { '1': { 'EMG.PANIC': { 'ch[]': 0 } } } });
    return module.send({ ch: { 1: 'alarm' }, ...payload }, { receivedAt }).drafts[0]?.dedupKey;
  };

  test('seq and a proven time make a key', () => {
    expect(key({ seq: 7, t: '2026-01-01T00:00:01Z' })).toBe('7|2026-01-01T00:00:00.000Z');
  });

  test('a counter that restarts after a reboot must not swallow a real press: alone it is no key', () => {
    expect(key({ seq: 1 })).toBeUndefined();
    expect(key({ seq: 1, t: '1970-01-01T00:00:05Z' })).toBeUndefined();
    expect(key({ seq: 1, t: '0000-00-00 00:00:00' })).toBeUndefined();
    expect(key({ t: '2026-01-01T00:00:00Z' })).toBeUndefined();
  });

  test('a number that JavaScript cannot hold is no key', () => {
    const profile = profileOf(`
match: { topic: 'x/{device}' }
dedup: { by: ['path:id'], window: 30s }
map: [{ when: { path: a, in: [1] }, emit: { type: EMG.PANIC, edge: pulse } }]`);
    expect(profile.dedupWindowMs).toBe(30_000);
    const bench = new Bench(profile, 'x/1');
    expect(bench.send('{"a":1,"id":12345678901234567890}').drafts[0]?.dedupKey).toBeUndefined();
    expect(bench.send('{"a":1,"id":"12345678901234567890"}').drafts[0]?.dedupKey).toBe(
      '12345678901234567890',
    );
    expect(bench.send('{"a":1,"id":42}').drafts[0]?.dedupKey).toBe('42');
  });
});

describe('rule 6: a bridge that is gone clears nothing', () => {
  test('bridge offline and online in both forms', () => {
    const bridge = new Bench(builtinProfile('zigbee2mqtt.bridge'), 'zigbee2mqtt/bridge/state');
    expect(bridge.told('offline')).toEqual(['SYS.GATEWAY_DOWN raise live live']);
    expect(bridge.told({ state: 'online' })).toEqual(['SYS.GATEWAY_DOWN clear live live']);
    expect(bridge.profile.bridge).toBe(true);
  });

  test('after it, what is still active is raised again as initial; what stayed clear is silent', () => {
    const hall = zigbee();
    hall.send({ smoke: true, tamper: false, battery: 90 });
    hall.state = forget(hall.state ?? {});
    expect(hall.told({ smoke: true, tamper: false, battery: 90 })).toEqual(['FIR.SMOKE raise live initial']);
    expect(hall.told({ smoke: true, tamper: false, battery: 90 })).toEqual([]);
  });

  test('what returned meanwhile is cleared; what came meanwhile is initial, for the cache may be old', () => {
    const hall = zigbee();
    hall.send({ smoke: true, tamper: false });
    hall.state = forget(hall.state ?? {});
    expect(hall.told({ smoke: false, tamper: true })).toEqual([
      'DEV.TAMPER raise live initial',
      'FIR.SMOKE clear live initial',
    ]);
  });

  test('a condition of two keys is raised again once', () => {
    const hall = zigbee();
    hall.send({ smoke: true, smoke_state: 'alarm' });
    hall.state = forget(hall.state ?? {});
    expect(hall.told({ smoke: true, smoke_state: 'alarm' })).toEqual(['FIR.SMOKE raise live initial']);
    hall.state = forget(hall.state ?? {});
    expect(hall.told({ smoke: false, smoke_state: 'alarm' })).toEqual(['FIR.SMOKE raise live initial']);
    hall.state = forget(hall.state ?? {});
    expect(hall.told({ smoke: false, smoke_state: 'none' })).toEqual(['FIR.SMOKE clear live initial']);
  });

  test('forget leaves a device without conditions as it is', () => {
    const state = { testSince: 1 };
    expect(forget(state)).toBe(state);
  });
});

describe('rule 8: a PIN reaches no event', () => {
  test('neither events nor state nor detail hold it', () => {
    const result = zigbee().send({ action: 'disarm', action_code: '4711', action_zone: 23 });
    expect(result.drafts).toHaveLength(1);
    expect(JSON.stringify(result)).not.toContain('4711');
  });

  test('even when a profile asks for it', () => {
    const profile = profileOf(`
match: { topic: 'x/{device}' }
mask: [pin, who]
map: [{ when: { path: a, in: [1] }, emit: { type: ACC.DENY, edge: pulse, data: { pin: { path: pin } } } }]
readings: [{ path: who.name, name: who }]`);
    const result = new Bench(profile, 'x/1').send({ a: 1, pin: '4711', who: { name: 'Li' } });
    expect(result.drafts[0]?.data).toEqual({ pin: '***' });
    expect(result.drafts[0]?.readings).toBeUndefined();
  });
});

describe('freshness limits machines, not people', () => {
  test('retained is replay, queued is late', () => {
    expect(zigbee().told({ smoke: true }, { stored: 'retained' })).toEqual(['FIR.SMOKE raise live replay']);
    expect(zigbee().told({ smoke: true }, { stored: 'queued' })).toEqual(['FIR.SMOKE raise live late']);
  });

  test('a live publish with the RETAIN flag is live', () => {
    const module = wired({ 1: 'panic' });
    expect(module.told({ ch: { 1: 'alarm' } }, { retain: true })[0]).toBe('EMG.PANIC#1 raise live live');
  });

  test('a retained press never raises; a queued one does', () => {
    const retained = zigbee().send({ action: 'emergency' }, { stored: 'retained' });
    expect(retained).toMatchObject({ status: 'mapped', drafts: [] });
    expect(retained.detail).toContain('history');
    expect(zigbee().told({ action: 'emergency' }, { stored: 'queued' })).toEqual([
      'EMG.PANIC pulse live late',
    ]);
  });

  test('what a retained message told is known: the same again, live, is no new raise', () => {
    const hall = zigbee();
    hall.send({ smoke: true }, { stored: 'retained' });
    expect(hall.told({ smoke: true })).toEqual([]);
  });

  test('learnt while a subscription starts is initial', () => {
    expect(wired({ 1: 'panic' }).told({ ch: { 1: 'alarm' } }, { initial: true })[0]).toBe(
      'EMG.PANIC#1 raise live initial',
    );
  });

  test('MQTT DUP is no proof of lateness', () => {
    expect(wired({ 1: 'panic' }).told({ ch: { 1: 'alarm' } }, { dup: true })[0]).toBe(
      'EMG.PANIC#1 raise live live',
    );
  });

  test("a vendor's own late flag is proof", () => {
    const profile = profileOf(`
match: { topic: 'x/{device}' }
late: { path: currentEvent, in: [false] }
map: [{ when: { path: a, in: [1] }, emit: { type: EMG.PANIC, edge: raise } }]`);
    expect(new Bench(profile, 'x/1').told({ a: 1, currentEvent: false })).toEqual([
      'EMG.PANIC raise live late',
    ]);
    expect(new Bench(profile, 'x/1').told({ a: 1, currentEvent: true })).toEqual([
      'EMG.PANIC raise live live',
    ]);
  });

  test('a device time in sync that is older than 30 s makes it late, dated by the device', () => {
    const module = wired({ 1: 'panic' });
    module.send({ ch: { 1: 'normal' }, t: '2026-01-01T00:00:00Z' });
    const { drafts } = module.send(
      { ch: { 1: 'alarm' }, t: '2026-01-01T00:00:10Z' },
      { receivedAt: T0 + 60_000 },
    );
    expect(drafts[0]).toMatchObject({
      freshness: 'late',
      occurredAt: '2026-01-01T00:00:10.000Z',
      receivedAt: '2026-01-01T00:01:00.000Z',
      clock: { source: 'device', quality: 'sync', offsetMs: -50_000 },
    });
  });

  test('the same time of a clock that was never proven is not late, and dated by the receipt', () => {
    const module = wired({ 1: 'panic' });
    const { drafts } = module.send(
      { ch: { 1: 'alarm' }, t: '2026-01-01T00:00:10Z' },
      { receivedAt: T0 + 60_000 },
    );
    expect(drafts[0]).toMatchObject({
      freshness: 'live',
      occurredAt: '2026-01-01T00:01:00.000Z',
      clock: { source: 'device', quality: 'unsync', offsetMs: -50_000 },
    });
  });

  test('a time without a zone is read in the zone of the site, and marked', () => {
    const { drafts } = wired({ 1: 'panic' }).send({ ch: { 1: 'alarm' }, t: '2026-01-01 08:00:01' });
    expect(drafts[0]?.clock).toEqual({ source: 'device', quality: 'sync', offsetMs: 1_000, zoneless: true });
  });

  test('without a device time the clock is the gateway', () => {
    const { drafts } = wired({ 1: 'panic' }).send({ ch: { 1: 'alarm' } });
    expect(drafts[0]?.clock).toEqual({ source: 'gateway', quality: 'sync' });
  });
});

describe('wired inputs', () => {
  test('a cut or short line neither raises nor clears what is behind it', () => {
    const module = wired({ 1: 'smoke' });
    module.send({ ch: { 1: 'alarm' } });
    expect(module.told({ ch: { 1: 'cut' } })).toEqual(['INT.LINE#1 raise live live']);
    expect(module.last?.drafts[0]?.data).toEqual({ line: 'cut' });
    expect(module.told({ ch: { 1: 'short' } })).toEqual([]);
    expect(module.told({ ch: { 1: 'alarm' } })).toEqual(['INT.LINE#1 clear live live']);
    expect(module.told({ ch: { 1: 'normal' } })).toEqual(['FIR.SMOKE#1 clear live live']);
  });

  test('polarity turns open and closed around, and nothing else', () => {
    const inputs = {
      1: { means: 'panic', polarity: 'nc' as const },
      2: { means: 'panic', polarity: 'no' as const },
    };
    const module = new Bench(builtinProfile('io.wired'), 'io/m1/state', { inputs });
    const edges = (ch: object) =>
      module
        .send({ ch })
        .drafts.flatMap(({ type, input, edge }) => (type === 'EMG.PANIC' ? `${input} ${edge}` : []));
    expect(edges({ 1: 1, 2: 1 })).toEqual(['1 clear', '2 raise']);
    expect(edges({ 1: 0, 2: 0 })).toEqual(['1 raise', '2 clear']);
    expect(edges({ 1: 'closed', 2: 'closed' })).toEqual(['1 clear', '2 raise']);
    expect(edges({ 1: 'alarm', 2: 'normal' })).toEqual(['1 raise', '2 clear']);
  });

  test('an input without a meaning, or with one nobody knows, is DEV.INPUT', () => {
    expect(wired({}).told({ ch: { 9: 'alarm' } })[0]).toBe('DEV.INPUT#9 raise live live');
    expect(wired({ 9: 'pannic' }).told({ ch: { 9: 'alarm' } })[0]).toBe('DEV.INPUT#9 raise live live');
  });

  test('every meaning becomes its type, with kind and severity of the list', () => {
    const profile = builtinProfile('io.wired');
    const meanings = Object.entries(profile.definition.meanings);
    expect(meanings.length).toBeGreaterThan(25);
    for (const [means, code] of meanings) {
      const [draft] = wired({ 1: means }).send({ ch: { 1: 'alarm' } }).drafts;
      expect(draft, means).toMatchObject({
        type: code,
        kind: eventType(code)?.kind,
        severity: eventType(code)?.severity,
      });
      expect(eventDraftSchema.safeParse(draft).success, means).toBe(true);
    }
  });

  test('sixteen inputs in one message; two panics are two inputs', () => {
    const ch = Object.fromEntries(Array.from({ length: 16 }, (_, i) => [String(i + 1), 'alarm']));
    const module = wired({ 1: 'panic', 2: 'panic' });
    const raised = module.send({ ch }).drafts.filter(({ edge }) => edge === 'raise');
    expect(raised).toHaveLength(16);
    expect(raised.filter(({ type }) => type === 'EMG.PANIC').map(({ input }) => input)).toEqual(['1', '2']);
  });

  test('the last will of the module', () => {
    const module = new Bench(builtinProfile('io.wired'), 'io/m1/status');
    expect(module.told('offline', { will: true })).toEqual(['DEV.OFFLINE raise live live']);
    expect(module.told('online')).toEqual(['DEV.OFFLINE clear live live']);
  });
});

describe('inputs as a list', () => {
  const profile = profileOf(`
match: { topic: 'x/{device}' }
meanings: { none: DEV.INPUT, panic: EMG.PANIC }
map:
  - each: di
    when: { in: [1] }
    emit: { type: { input: means }, edge: raise }
  - each: di
    when: { in: [0] }
    emit: { type: { input: means }, edge: clear }
  - each: { in: zones, input: id }
    when: { path: s.v, in: [alarm] }
    emit: { type: INT.AREA, edge: raise, data: { why: zone } }`);

  test('elements are numbered from 1', () => {
    const bench = new Bench(profile, 'x/1', { inputs: { 2: { means: 'panic' } } });
    expect(bench.told({ di: [0, 1] })).toEqual([
      'DEV.INPUT#1 clear live live',
      'EMG.PANIC#2 raise live live',
    ]);
  });

  test('or name themselves', () => {
    const bench = new Bench(profile, 'x/1');
    const zones = [{ id: 'Z7', s: { v: 'alarm' } }, { id: 8, s: { v: 'alarm' } }, { s: { v: 'alarm' } }];
    expect(bench.told({ zones })).toEqual(['INT.AREA#Z7 raise live live', 'INT.AREA#8 raise live live']);
    expect(bench.last?.unknown).toBe(1);
  });
});

describe('gas and carbon monoxide', () => {
  test.each([[30], [1], ['30'], ['12 m3']])('gas %j without a unit raises nothing', (gas) => {
    expect(zigbee().send({ gas })).toMatchObject({ status: 'unmapped', drafts: [], unknown: 1 });
  });

  test('a number of %LEL raises from the limit of the device', () => {
    const lab = zigbee({ gas_unit: '%LEL', gas_alarm: 10, gas_clear: 8 });
    expect(lab.told({ gas: 9.9 })).toEqual([]);
    expect(lab.told({ gas: 10 })).toEqual(['GAS.COMBUSTIBLE raise live initial']);
    expect(lab.told({ gas: 9 })).toEqual([]);
    expect(lab.told({ gas: 7.9 })).toEqual(['GAS.COMBUSTIBLE clear live live']);
  });

  test('carbon_monoxide 1 may be a reading: it raises nothing', () => {
    expect(zigbee().send({ carbon_monoxide: 1 }).drafts).toEqual([]);
    expect(zigbee().told({ carbon_monoxide: true })).toEqual(['GAS.CO raise live initial']);
  });
});

describe('readings', () => {
  const profile = profileOf(`
match: { topic: 'x/{device}' }
map: [{ when: { path: a, in: [1] }, emit: { type: LAB.TEMP, edge: raise } }, { when: { path: a, in: [0] }, emit: { type: LAB.TEMP, edge: clear, readings: [t] } }]
readings:
  - { path: t.v, name: t, unit: Cel, unitPath: t.u }
  - { path: mv, name: v, unit: V, scale: 0.001 }
  - { path: note, name: note }`);

  test('are attached to events, as the entry says', () => {
    const bench = new Bench(profile, 'x/1');
    const body = { t: { v: 21.5, u: '°C' }, mv: 3015, note: 'ok' };
    expect(bench.send({ a: 1, ...body }).drafts[0]?.readings).toEqual([
      { name: 't', value: 21.5, unit: 'Cel' },
      { name: 'v', value: 3.015, unit: 'V' },
      { name: 'note', value: 'ok' },
    ]);
    expect(bench.send({ a: 0, ...body }).drafts[0]?.readings).toEqual([
      { name: 't', value: 21.5, unit: 'Cel' },
    ]);
  });

  test('another unit than ours is left out and said', () => {
    const result = new Bench(profile, 'x/1').send({ a: 1, t: { v: 70, u: 'F' } });
    expect(result.drafts[0]).not.toHaveProperty('readings');
    expect(result).toMatchObject({ unknown: 1, detail: expect.stringContaining('correct the profile') });
  });

  test('a number that is none is left out', () => {
    const result = new Bench(profile, 'x/1').send('{"a":1,"t":{"v":"warm"},"mv":1e999}');
    expect(result.drafts[0]).not.toHaveProperty('readings');
  });

  test('alone they are no news', () => {
    expect(zigbee().send({ temperature: 20, linkquality: 9 })).toMatchObject({
      status: 'ignored',
      drafts: [],
    });
  });
});

describe('forms', () => {
  const profile = profileOf(`
match:
  - { name: alarm, topic: 'x/{device}', has: [alarm] }
  - { name: beat, topic: 'x/{device}', has: [beat, n] }
map:
  - { on: alarm, when: { path: alarm, in: [1] }, emit: { type: EMG.PANIC, edge: pulse } }
  - { on: beat, when: { path: beat, in: [1] }, emit: { type: DEV.ONLINE, edge: pulse } }`);

  test('the first form whose keys are all there takes the message', () => {
    const bench = new Bench(profile, 'x/1');
    expect(bench.told({ alarm: 1, beat: 1 })).toEqual(['EMG.PANIC pulse live live']);
    expect(bench.told({ beat: 1, n: 0 })).toEqual(['DEV.ONLINE pulse live live']);
    expect(bench.send({ beat: 1 })).toMatchObject({
      status: 'unmapped',
      detail: expect.stringContaining('no form'),
    });
  });

  test('a topic of another device is said', () => {
    expect(new Bench(profile, 'y/1').send({ alarm: 1 })).toMatchObject({ status: 'unmapped', drafts: [] });
  });

  test('a lamp is unmapped and its keys are named', () => {
    const result = zigbee().send({ brightness: 3, color_temp: 325, linkquality: 9 });
    expect(result).toMatchObject({
      status: 'unmapped',
      detail: expect.stringContaining('"brightness", "color_temp"'),
    });
  });
});

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
