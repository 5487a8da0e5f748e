import { expect, test } from 'vitest';
import {
  type AdoptForm,
  inputRows,
  isDisarmable,
  requestOf,
  settingValue,
} from '../../edge/console/inbox/adopt-form.ts';
import type { Candidate, ProfileView } from '../../edge/console/inbox/answers.ts';
import { matching, placeChoices } from '../../edge/console/inbox/place-paths.ts';
import { places } from './stage-campus.ts';

const form: AdoptForm = {
  profile: 'zigbee2mqtt.device',
  key: 'dorm-509',
  name: ' 509 烟感 ',
  id: 'dorm-509',
  place: 'dorm-508',
  slot: '',
  armed: 'never',
  bridge: 'z2m',
  user: '',
  settings: {},
  inputs: [],
};

const wired: ProfileView = {
  id: 'io.wired',
  title: '有线输入模块',
  bridge: false,
  topics: [],
  settings: {},
  meanings: { none: 'DEV.INPUT', panic: 'EMG.PANIC', door: 'INT.DOOR' },
};

function candidate(...reads: [type: string, input?: string][]): Candidate {
  return {
    profile: 'io.wired',
    title: '',
    deviceKey: 'io-9',
    score: 1,
    generic: false,
    why: '',
    reads: reads.map(([type, input]) => ({
      type,
      edge: 'raise',
      mode: 'live',
      freshness: 'live',
      ...(input === undefined ? {} : { input }),
    })),
  };
}

test('empty fields are not sent', () => {
  expect(requestOf(form)).toEqual({
    profile: 'zigbee2mqtt.device',
    key: 'dorm-509',
    name: '509 烟感',
    id: 'dorm-509',
    place: 'dorm-508',
    bridge: 'z2m',
  });
});

test('a slot that exists is sent instead of a place, and its arming is its own', () => {
  expect(requestOf({ ...form, slot: 'smoke-508', armed: 'always' })).toMatchObject({ slot: 'smoke-508' });
  expect(requestOf({ ...form, slot: 'smoke-508' })).not.toHaveProperty('place');
  expect(requestOf({ ...form, armed: 'always' })).toMatchObject({
    place: 'dorm-508',
    slot: { armed: 'always' },
  });
});

test('inputs come in the order of the module’s print, and those without a wire are not sent', () => {
  const rows = inputRows(candidate(['DEV.INPUT', '10'], ['DEV.INPUT', '2'], ['DEV.INPUT', '1']), wired);
  expect(rows.map(({ name }) => name)).toEqual(['1', '2', '10']);
  Object.assign(rows[0] ?? {}, { means: 'panic', slotName: '南门一键报警', place: 'gate-south' });
  Object.assign(rows[2] ?? {}, { means: 'door', polarity: 'nc' });
  expect(requestOf({ ...form, inputs: rows }).inputs).toEqual({
    1: { means: 'panic', slot: { name: '南门一键报警', place: 'gate-south' } },
    10: { means: 'door', polarity: 'nc' },
  });
  expect(inputRows(candidate(['FIR.SMOKE', '1']), { ...wired, meanings: {} })).toEqual([]);
});

test('arming is asked for where something that the device says depends on it', () => {
  expect(isDisarmable(candidate(['FIR.SMOKE']), form, wired)).toBe(false);
  expect(isDisarmable(candidate(['INT.DOOR']), form, wired)).toBe(true);
  const inputs = [{ name: '1', means: 'door', polarity: 'no', slotName: '', place: '' } as const];
  expect(isDisarmable(candidate(['DEV.INPUT', '1']), { ...form, inputs: [...inputs] }, wired)).toBe(true);
});

test('a setting is sent in its own type; what is no number stays what was typed, so that the gateway can say so', () => {
  expect(settingValue({ type: 'number' }, '25.5')).toBe(25.5);
  expect(settingValue({ type: 'number' }, 'high')).toBe('high');
  expect(settingValue({ type: 'boolean' }, 'false')).toBe(false);
  expect(settingValue({ type: 'integer', enum: [1, 2] }, '2')).toBe(2);
  expect(settingValue({ type: 'string' }, ' ')).toBeUndefined();
});

test('a place is found by words of its building and its room', () => {
  const choices = placeChoices({ places });
  expect(choices.find(({ id }) => id === 'dorm-508')?.path).toBe('3 号学生公寓 / 五层 / 508 宿舍');
  expect(matching(choices, '公寓 508').map(({ id }) => id)).toEqual(['dorm-508']);
  expect(matching(choices, 'DORM-508').map(({ id }) => id)).toEqual(['dorm-508']);
  expect(matching(choices, '')).toHaveLength(places.length);
});
