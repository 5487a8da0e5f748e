import type { Alarm } from '../../../contract/alarm.ts';
import { deliveries, freshnessMark } from '../alarm-facts.ts';
import { t } from '../i18n/i18n.ts';
import { durationText, recipientName } from '../names.ts';
import type { IconName } from '../parts/icons.ts';

/** A small fact on a card: icon and words; `hint` says more on hovering. */
export interface Mark {
  readonly key: string;
  readonly icon: IconName;
  readonly text: string;
  readonly hint?: string;
  readonly tone: 'plain' | 'ok' | 'warn' | 'bad' | 'mode';
}

/** All marks of an alarm, what changes its meaning first. `clock` writes an instant as a time. */
export function marksOf(alarm: Alarm, clock: (at: string) => string): Mark[] {
  return [
    ...meaningMarks(alarm),
    ...freshnessMarks(alarm, clock),
    conditionMark(alarm),
    ...waitingMarks(alarm, clock),
    ...stateMarks(alarm, clock),
    ...deliveryMarks(alarm, clock),
  ];
}

function meaningMarks({ mode, silent, unsaved }: Alarm): Mark[] {
  const marks: Mark[] = [];
  if (mode !== 'live') {
    marks.push({ key: `mode-${mode}`, icon: mode, text: t(`card.mode.${mode}`), tone: 'mode' });
  }
  if (silent === true) {
    const hint = t('card.silentHint');
    marks.push({ key: 'silent', icon: 'discreet', text: t('card.silent'), hint, tone: 'warn' });
  }
  if (unsaved === true) {
    const hint = t('card.unsavedHint');
    marks.push({ key: 'unsaved', icon: 'unsaved', text: t('card.unsaved'), hint, tone: 'bad' });
  }
  return marks;
}

function freshnessMarks(alarm: Alarm, clock: (at: string) => string): Mark[] {
  const freshness = freshnessMark(alarm);
  switch (freshness?.mark) {
    case undefined:
      return [];
    case 'late': {
      const age = durationText(freshness.ageMs);
      const hint = t('card.lateHint', { time: clock(alarm.firstAt), age });
      return [{ key: 'late', icon: 'late', text: t('card.late', { age }), hint, tone: 'warn' }];
    }
    case 'present':
      return [
        {
          key: 'present',
          icon: 'present',
          text: t('card.present'),
          hint: t('card.presentHint'),
          tone: 'warn',
        },
      ];
    case 'replay':
      return [
        { key: 'replay', icon: 'replay', text: t('card.replay'), hint: t('card.replayHint'), tone: 'warn' },
      ];
  }
}

function conditionMark({ condition }: Alarm): Mark {
  const icons = { active: 'active', returned: 'returned', unknown: 'question' } as const;
  const tones = { active: 'bad', returned: 'ok', unknown: 'warn' } as const;
  return {
    key: `condition-${condition}`,
    icon: icons[condition],
    text: t(`condition.${condition}`),
    tone: tones[condition],
  };
}

/** Nobody took it, or not in time. */
function waitingMarks({ escalation, operator, overdue }: Alarm, clock: (at: string) => string): Mark[] {
  const marks: Mark[] = [];
  if (escalation !== undefined && operator === 'new') {
    const text = t(`card.escalation.${escalation.step}`, { time: clock(escalation.at) });
    marks.push({ key: `escalation-${escalation.step}`, icon: 'up', text, tone: 'bad' });
  }
  for (const level of ['handle', 'scene'] as const) {
    const at = overdue?.[level];
    if (at === undefined) continue;
    marks.push({
      key: `overdue-${level}`,
      icon: 'late',
      text: t(`card.overdue.${level}`),
      hint: clock(at),
      tone: 'bad',
    });
  }
  return marks;
}

function stateMarks(
  { latched, previous, chattering, unprotectedMs = 0 }: Alarm,
  clock: (at: string) => string,
): Mark[] {
  const marks: Mark[] = [];
  if (latched) marks.push({ key: 'latched', icon: 'lock', text: t('card.latched'), tone: 'plain' });
  if (previous !== undefined) {
    marks.push({ key: 'previous', icon: 'again', text: t('card.previous'), tone: 'plain' });
  }
  if (chattering !== undefined) {
    const hint = t('card.chatteringHint', { time: clock(chattering) });
    marks.push({ key: 'chattering', icon: 'again', text: t('card.chattering'), hint, tone: 'warn' });
  }
  const minutes = Math.round(unprotectedMs / 60_000);
  if (minutes > 0) {
    const text = t('card.unprotected', { n: minutes });
    marks.push({ key: 'unprotected', icon: 'shieldOff', text, tone: 'plain' });
  }
  return marks;
}

function deliveryMarks(alarm: Alarm, clock: (at: string) => string): Mark[] {
  const tones = { pending: 'plain', receipted: 'ok', failed: 'bad' } as const;
  return deliveries(alarm).map(({ recipient, state, at }) => ({
    key: `delivery-${recipient}-${state}`,
    icon: 'upload',
    text: t(`delivery.${state}`, {
      who: recipientName(recipient),
      time: at === undefined ? '' : clock(at),
    }).trim(),
    tone: tones[state],
  }));
}
