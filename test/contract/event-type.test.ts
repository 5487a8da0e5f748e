import { describe, expect, test } from 'vitest';
import {
  EVENT_TYPES_VERSION,
  eventType,
  eventTypeCodeSchema,
  eventTypeSchema,
  eventTypes,
} from '../../contract/event-type.ts';

const message = (code: unknown) => eventTypeCodeSchema.safeParse(code).error?.issues[0]?.message;

describe('the closed list', () => {
  test('has every code once, in version 1', () => {
    expect(EVENT_TYPES_VERSION).toBe(1);
    expect(eventTypes).toHaveLength(158);
    expect(new Set(eventTypes.map((type) => type.code)).size).toBe(eventTypes.length);
  });

  test('lane a is alarms, tampers, requests, default severity 1-2 of any kind and ALM.TRANSITION', () => {
    for (const { code, kind, severity, lane } of eventTypes) {
      const urgent =
        ['alarm', 'tamper', 'request'].includes(kind) || severity <= 2 || code === 'ALM.TRANSITION';
      expect(lane, code).toBe(urgent ? 'a' : 'e');
    }
  });

  test('lifeSafety types are urgent and cannot be disarmed', () => {
    const types = eventTypes.filter((type) => type.lifeSafety);
    expect(types.length).toBeGreaterThan(10);
    for (const { code, severity, disarmable, uplink } of types) {
      expect(severity, code).toBeLessThanOrEqual(2);
      expect(disarmable, code).toBe(false);
      expect(uplink, code).toBe('full');
    }
  });

  test('panic latches and cannot be disarmed (GB 50394-2007 5.2.3)', () => {
    for (const code of ['EMG.PANIC', 'EMG.DURESS', 'EMG.SILENT', 'EMG.BULLY']) {
      expect(eventType(code), code).toMatchObject({
        severity: 1,
        latching: true,
        disarmable: false,
        lifeSafety: true,
      });
    }
  });

  test('tamper is its own 24-hour zone (GB 50394-2007 5.2.4)', () => {
    for (const type of eventTypes) if (type.kind === 'tamper') expect(type.disarmable, type.code).toBe(false);
  });

  test('silent types are exactly duress, silent hold-up and the calls of a bullied pupil', () => {
    const silent = eventTypes.filter((type) => type.silent === true).map((type) => type.code);
    expect(silent).toEqual(['EMG.DURESS', 'EMG.SILENT', 'EMG.BULLY', 'AUD.BULLY']);
  });

  test('passages leave as counts; faces, persons, motion and bare readings stay on campus', () => {
    const left = (uplink: string) =>
      eventTypes.filter((type) => type.uplink === uplink).map((type) => type.code);
    expect(left('count')).toEqual(['ACC.GRANT', 'ACC.VISITOR', 'VEH.IN', 'VEH.OUT']);
    expect(left('none')).toEqual(['VID.MOTION', 'VID.PERSON', 'VID.FACE', 'DEV.READING']);
  });

  test('cannot be changed by its readers', () => {
    expect(Object.isFrozen(eventTypes)).toBe(true);
    expect(eventTypes.every((type) => Object.isFrozen(type))).toBe(true);
  });
});

describe('eventType', () => {
  test('finds every type and always the same object', () => {
    for (const type of eventTypes) expect(eventType(type.code)).toBe(type);
  });

  test('is undefined for an unknown code', () => {
    for (const code of ['', 'FIR.SMOK', 'fir.smoke', 'constructor', '__proto__'])
      expect(eventType(code)).toBeUndefined();
  });
});

describe('eventTypeSchema', () => {
  const smoke = eventType('FIR.SMOKE');

  test.each([
    ['kind', 'warning'],
    ['severity', 0],
    ['severity', 5],
    ['lane', 'b'],
    ['uplink', 'some'],
    ['silent', 'yes'],
    ['codes', { contactId: 110 }],
    ['colour', 'red'],
  ])('refuses %s %j', (field, value) => {
    expect(eventTypeSchema.safeParse({ ...smoke }).success).toBe(true);
    expect(eventTypeSchema.safeParse({ ...smoke, [field]: value }).success).toBe(false);
  });
});

describe('eventTypeCodeSchema', () => {
  test('accepts every code of the list', () => {
    for (const { code } of eventTypes) expect(eventTypeCodeSchema.parse(code)).toBe(code);
  });

  test.each([
    ['FIR.SMOK', 'did you mean "FIR.SMOKE"?'],
    ['fir.smoke', 'did you mean "FIR.SMOKE"?'],
    [' EMG.PANIC', 'did you mean "EMG.PANIC"?'],
    ['EMG.PANNIC', 'did you mean "EMG.PANIC"?'],
    ['GAS.SOMETHING_ELSE', 'write one of GAS.COMBUSTIBLE, GAS.TOXIC, GAS.O2, GAS.CO, GAS.VALVE'],
    ['what is this', 'contract/event-types.json'],
    [42, 'is no event type'],
  ])('refuses %j and says what to write', (code, hint) => {
    expect(message(code)).toContain(hint);
  });
});
