import type { Phone } from '../../../contract/site.ts';

/** Whether a telephone is answered at a time of the day, `07:30`; one without hours always is. */
export function isAnswered({ hours }: Pick<Phone, 'hours'>, time: string): boolean {
  if (hours === undefined) return true;
  const { from, to } = hours;
  return from <= to ? from <= time && time < to : time >= from || time < to;
}
