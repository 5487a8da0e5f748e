import { type Alarm, type OperatorState, operatorStateSchema } from '../../contract/alarm.ts';

/** Operators move along this order only; a new trigger alone brings an alarm back to `new`. */
const order: readonly OperatorState[] = operatorStateSchema.options;

export function isAtLeast(alarm: Pick<Alarm, 'operator'>, state: OperatorState): boolean {
  return order.indexOf(alarm.operator) >= order.indexOf(state);
}
