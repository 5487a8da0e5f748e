import { describe, expect, test } from 'vitest';
import { eventTypes } from '../../contract/event-type.ts';
import { parsePoliceSuggestion, policeCategories, policeCodeSchema } from '../../contract/police-category.ts';

describe('policeCategories', () => {
  test('are six digits, once each, in order, with a name', () => {
    const codes = policeCategories.map((category) => category.code);
    expect(codes).toEqual([...new Set(codes)].sort());
    for (const category of policeCategories) {
      expect(category.code).toMatch(/^\d{6}$/);
      expect(category.zh).not.toBe('');
    }
  });

  test('hold what is used most', () => {
    expect(policeCategories).toContainEqual({ code: '400100', zh: '火灾' });
    expect(policeCategories).toContainEqual({ code: '990000', zh: '其他/未核实' });
  });
});

describe('policeCodeSchema', () => {
  test('accepts listed codes only, and never a star', () => {
    expect(policeCodeSchema.parse('100200')).toBe('100200');
    for (const code of ['990000*', '123456', '1002', ''])
      expect(policeCodeSchema.safeParse(code).success, code).toBe(false);
    expect(policeCodeSchema.safeParse('123456').error?.issues[0]?.message).toContain(
      '"123456" is no police category',
    );
  });
});

describe('parsePoliceSuggestion', () => {
  test('reads the star as: a person confirms', () => {
    expect(parsePoliceSuggestion('990000*')).toEqual({ code: '990000', confirm: true });
    expect(parsePoliceSuggestion('400100')).toEqual({ code: '400100', confirm: false });
  });

  test('is undefined for anything else', () => {
    for (const text of [undefined, '', '*', '123456', '990000**', '400100 ']) {
      expect(parsePoliceSuggestion(text), String(text)).toBeUndefined();
    }
  });

  test('understands the suggestion of every event type', () => {
    const suggestions = eventTypes.flatMap((type) => type.codes.ga669_7 ?? []);
    expect(suggestions.length).toBeGreaterThan(50);
    for (const text of suggestions) expect(parsePoliceSuggestion(text), text).toBeDefined();
  });
});
