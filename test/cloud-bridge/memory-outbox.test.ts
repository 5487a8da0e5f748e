import { outboxConformance } from '../conformance/outbox.ts';
import { MemoryOutbox } from '../support/memory-outbox.ts';

outboxConformance('memory', async () => {
  const outbox = new MemoryOutbox();
  return {
    outbox,
    append: async (events) => void outbox.append(...events),
    remove: async (lane, to) => outbox.remove(lane, to),
  };
});
