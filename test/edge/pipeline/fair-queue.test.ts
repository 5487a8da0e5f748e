import { expect, test } from 'vitest';
import { ClientQueue, FairQueue, type Queued } from '../../../edge/pipeline/fair-queue.ts';

interface Named extends Queued {
  name: string;
}

const item = (name: string, urgent = false, weight = 1): Named => ({ name, urgent, weight });
const names = (items: Named[]) => items.map((i) => i.name);

function setup() {
  const queue = new FairQueue<Named>();
  const [a, b, c] = [new ClientQueue<Named>(), new ClientQueue<Named>(), new ClientQueue<Named>()];
  return { queue, a, b, c };
}

test('a client with 1,000 waiting messages does not keep another from its turn', () => {
  const { queue, a, b } = setup();
  for (let i = 0; i < 1_000; i++) queue.push(a, item(`a${i}`));
  queue.push(b, item('b0'));
  expect(names(queue.take(4))).toEqual(['a0', 'b0', 'a1', 'a2']);
});

test('an alarm goes before everything of other clients, but takes what its own client sent before it along', () => {
  const { queue, a, b } = setup();
  for (let i = 0; i < 5; i++) queue.push(a, item(`a${i}`));
  queue.push(b, item('b0'));
  queue.push(b, item('b1', true));
  queue.push(b, item('b2'));
  expect(names(queue.take(3))).toEqual(['b0', 'b1', 'a0']);
});

test('two clients with alarms take turns', () => {
  const { queue, a, b } = setup();
  for (let i = 0; i < 3; i++) queue.push(a, item(`a${i}`, true));
  queue.push(b, item('b0', true));
  expect(names(queue.take(2))).toEqual(['a0', 'b0']);
});

test('the next batch starts with another client', () => {
  const { queue, a, b, c } = setup();
  for (let i = 0; i < 3; i++) {
    queue.push(a, item(`a${i}`));
    queue.push(b, item(`b${i}`));
    queue.push(c, item(`c${i}`));
  }
  expect(names(queue.take(2))).toEqual(['a0', 'b0']);
  expect(names(queue.take(2))).toContain('c0');
});

test('every item comes out once, in the order of its client, and the size is right', () => {
  const { queue, a, b } = setup();
  for (let i = 0; i < 50; i++) {
    queue.push(a, item(`a${i}`, i % 7 === 0));
    if (i % 2 === 0) queue.push(b, item(`b${i}`, false, 3));
  }
  const out: string[] = [];
  while (queue.size > 0) out.push(...names(queue.take(10)));
  expect(new Set(out).size).toBe(75);
  expect(out.filter((n) => n.startsWith('a'))).toEqual(Array.from({ length: 50 }, (_, i) => `a${i}`));
  expect(queue.hasUrgent).toBe(false);
});

test('urgentOnly leaves clients without an alarm waiting', () => {
  const { queue, a, b } = setup();
  queue.push(a, item('a0'));
  queue.push(b, item('b0', true));
  expect(names(queue.take(10, true))).toEqual(['b0']);
  expect(queue.size).toBe(1);
});
