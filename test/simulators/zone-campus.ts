import { testCampus } from './test-campus.ts';

/**
 * The test campus with a zone: the room of `io-1` (door on the way in, fence) with short delays. The panic button and
 * the smoke detector of the room are in it as well, and must not care.
 */
export function zoneCampus(delays: { entry: number; exit: number }): Record<string, unknown> {
  const campus = testCampus(1);
  const slots = (campus.slots as Array<{ id: string }>).map((slot) =>
    slot.id === 'io-1-door' ? { ...slot, armed: 'never' } : slot,
  );
  const zone = {
    id: 'z-io-1',
    name: '一号防区',
    places: ['room-io-1'],
    entrySlots: ['io-1-door'],
    entryDelay: delays.entry,
    exitDelay: delays.exit,
  };
  return { ...campus, slots, zones: [zone] };
}
