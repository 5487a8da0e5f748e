import type { Mode } from '../contract/event.ts';

/** An uplink as it is written. */
interface Written {
  recipient: string;
  filter?: { modes?: Mode[] | undefined } | undefined;
}

/** `police`, `police-110`, `police-lixia`... */
export function isPolice({ recipient }: Pick<Written, 'recipient'>): boolean {
  return recipient.startsWith('police');
}

/** What a recipient gets by mode; undefined: everything. The police get nothing but what is real (STANDARDS S17). */
export function modesOf(uplink: Written): readonly Mode[] | undefined {
  return isPolice(uplink) ? ['live'] : uplink.filter?.modes;
}
