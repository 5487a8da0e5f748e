import type { Alarm, Transition } from '../../contract/alarm.ts';
import { useDuty } from './duty.ts';
import { eventType } from './event-types.ts';
import { currentLanguage, t } from './i18n/i18n.ts';
import { clockText, durationParts } from './time-text.ts';

/** A duration as people say it, in the language spoken now. */
export function durationText(ms: number): string {
  const { key, values } = durationParts(ms);
  return t(`duration.${key}`, values);
}

/** The same in its largest unit only, for where there is little room. */
export function shortDurationText(ms: number): string {
  const { key, values } = durationParts(ms);
  return t(`durationShort.${key}`, values);
}

/** What an event or alarm type is called. */
export function typeName(code: string): string {
  const type = eventType(code);
  if (type === undefined) return t('card.unknownType', { code });
  return currentLanguage() === 'en' ? type.en : type.zh;
}

/** What a recipient of the uplink is called; its own name where the console knows none. */
export function recipientName(recipient: string): string {
  const known = ['province', 'city', 'county', 'police', 'governance'];
  return known.includes(recipient) ? t(`header.uplink.${recipient}`) : recipient;
}

/** Names and times as they stand on this page; call while a component is set up. */
export function useNames() {
  const duty = useDuty();

  const clock = (at: string | number): string => clockText(at, duty.hour.value, duty.campus.value.zone);

  const place = (alarm: Pick<Alarm, 'place' | 'slot'>): string => {
    const path = duty.campus.value.placeOf(alarm);
    return path.length === 0 ? t('card.noPlace') : path.join(' / ');
  };

  /** Slot and device, each once: many are called the same. */
  const thing = ({ slot, device }: Pick<Alarm, 'slot' | 'device'>): string => {
    const { campus } = duty;
    const names = [campus.value.slotName(slot), campus.value.deviceName(device)];
    return [...new Set(names.filter((name) => name !== undefined))].join(' · ');
  };

  const who = ({ actor, second }: Pick<Transition, 'actor' | 'second'>): string => {
    const first = actorName(actor);
    return second === undefined
      ? first
      : t('actor.withSecond', { who: first, second: duty.campus.value.personName(second) });
  };

  const actorName = (actor: string): string => {
    if (actor === 'gateway' || actor === 'timer') return t(`actor.${actor}`);
    if (!actor.startsWith('device:')) return duty.campus.value.personName(actor);
    return t('actor.device', { name: duty.campus.value.deviceName(actor.slice(7)) ?? '' });
  };

  return { clock, place, thing, who, actorName };
}
