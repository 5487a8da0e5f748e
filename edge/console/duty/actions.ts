import type { IconName } from '../parts/icons.ts';
import type { Offer } from '../rights.ts';

const icons: Readonly<Record<string, IconName>> = {
  silence: 'mute',
  acknowledge: 'hand',
  confirm: 'eye',
  dispatch: 'send',
  arrive: 'arrive',
  dispose: 'dispose',
  reset: 'reset',
  close: 'check',
  shelve: 'clock',
  unshelve: 'bell',
  isolate: 'shieldOff',
  restore: 'shield',
  'make-real': 'alert',
};

/** Icon and message key of a button. */
export function buttonOf({ action, propose }: Offer): { icon: IconName; label: string } {
  return { icon: icons[action] ?? 'check', label: propose ? 'action.propose' : `action.${action}` };
}
