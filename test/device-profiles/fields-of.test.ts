import { expect, test } from 'vitest';
import { Bench, profileOf } from './helpers.ts';

const names = Array.from({ length: 20 }, (_, i) => `k${i}`);
const pulse = (type: string) => `emit: { type: ${type}, edge: pulse }`;
const many = profileOf(`
match: { topic: '{device}/{what}' }
map:
  - { when: { path: late, in: [1] }, ${pulse('EMG.PANIC')} }
  - { when: { path: $what, in: [call] }, ${pulse('EMG.MEDICAL')} }
${names.map((name) => `  - { when: { path: ${name}.on, in: [1] }, input: { text: ${name} }, ${pulse('VID.MOTION')} }`).join('\n')}
  - { each: list, when: { path: on, in: [1] }, ${pulse('INT.DOOR')} }
  - { each: { key: 'zone{n}' }, when: { in: [1] }, ${pulse('INT.FENCE')} }
  - { when: { text: '{a}-{b}', in: [x-y] }, ${pulse('FIR.SMOKE')} }
`);

test('of a profile of many keys a message is read in the order of the map, whatever its own', () => {
  const device = new Bench(many, 'd/other');
  const payload = '{"zone7":1,"b":"y","a":"x","list":[{},{"on":1}],"k9":{"on":1},"k2":{"on":1},"late":1}';
  expect(device.told(payload).map((text) => text.split(' ')[0])).toEqual([
    'EMG.PANIC',
    'VID.MOTION#k2',
    'VID.MOTION#k9',
    'INT.DOOR#2',
    'INT.FENCE#7',
    'FIR.SMOKE',
  ]);
});

test('what is not in the payload is read all the same: a capture of the topic', () => {
  expect(new Bench(many, 'd/call').told('{"nothing":1}')).toEqual(['EMG.MEDICAL pulse live live']);
});

test('keys of an object that JSON cannot make lead nowhere', () => {
  expect(new Bench(many, 'd/other').told('{"__proto__":{"late":1},"constructor":{"on":1},"k3":{}}')).toEqual(
    [],
  );
});
