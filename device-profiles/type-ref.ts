import type { Kind, Severity } from '../contract/event.ts';
import { type EventTypeCode, eventTypes } from '../contract/event-type.ts';
import { testKeyOf } from './device-state.ts';

/** An event type as the hot path needs it. */
export interface TypeRef {
  readonly code: EventTypeCode;
  readonly kind: Kind;
  readonly severity: Severity;
  /** Key of its condition while the device tests itself. */
  readonly testKey: string;
}

const refs: ReadonlyMap<EventTypeCode, TypeRef> = new Map(
  eventTypes.map(({ code, kind, severity }) => [code, { code, kind, severity, testKey: testKeyOf(code) }]),
);

/** O(1), allocates nothing; undefined for a code that is not in the list. */
export function typeRef(code: unknown): TypeRef | undefined {
  return typeof code === 'string' ? refs.get(code) : undefined;
}
