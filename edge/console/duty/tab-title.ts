import { watchEffect } from 'vue';
import type { Duty } from '../duty.ts';
import { t } from '../i18n/i18n.ts';

/** Lets the tab's title flash while something waits for a person; call while the page is set up. */
export function useTabTitle(duty: Duty): void {
  watchEffect(() => {
    const name = duty.campus.value.school || t('app.name');
    const waiting = duty.rows.value.filter(({ alarm }) => alarm.operator === 'new').length;
    const word =
      duty.link.value === 'lost'
        ? t('lost.title')
        : waiting > 0
          ? `(${waiting}) ${t('counts.unacknowledged')}`
          : undefined;
    const blink = Math.floor(duty.now.value / 1000) % 2 === 0;
    document.title = word === undefined ? name : blink ? word : `(${waiting}) ${name}`;
  });
}
