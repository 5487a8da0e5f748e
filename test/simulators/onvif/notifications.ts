import type { Items, Notification } from './types.ts';
import { escapeXml } from './xml.ts';

const TOPIC_DIALECT = 'http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet';

/** Pairs in the order given. */
function pairs(items: Items = []): ReadonlyArray<readonly [string, string]> {
  return Array.isArray(items) ? items : Object.entries(items);
}

/** One wsnt:NotificationMessage; `utcTime` is used when the notification names none. */
export function notificationXml(notification: Notification, utcTime: string): string {
  const { topic, operation, source, key, data, elements = [] } = notification;
  const property = operation === undefined ? '' : ` PropertyOperation="${operation}"`;
  const time = escapeXml(notification.utcTime ?? utcTime);
  const keys = key === undefined ? '' : `<tt:Key>${simpleItems(key)}</tt:Key>`;
  const complex = elements.map(
    (name) => `<tt:ElementItem Name="${escapeXml(name)}"><tt:Object/></tt:ElementItem>`,
  );
  return `<wsnt:NotificationMessage><wsnt:Topic Dialect="${TOPIC_DIALECT}">${escapeXml(topic)}</wsnt:Topic><wsnt:Message><tt:Message UtcTime="${time}"${property}><tt:Source>${simpleItems(source)}</tt:Source>${keys}<tt:Data>${simpleItems(data)}${complex.join('')}</tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage>`;
}

function simpleItems(items: Items | undefined): string {
  return pairs(items)
    .map(([name, value]) => `<tt:SimpleItem Name="${escapeXml(name)}" Value="${escapeXml(value)}"/>`)
    .join('');
}

/** What makes two notifications the same property: topic, source and key. */
function propertyKey({ topic, source, key }: Notification): string {
  return JSON.stringify([plainTopic(topic), pairs(source), pairs(key)]);
}

/** The topic without a trailing `//.`. */
export function plainTopic(topic: string): string {
  return topic.replace(/\/+\.?$/, '');
}

/** The device's properties as last told, that is what a synchronisation point repeats. */
export class PropertyStates {
  readonly #states = new Map<string, Notification>();

  /** Takes the new value of a property; one-shot events leave no trace. */
  take(notification: Notification): void {
    const { operation } = notification;
    if (operation === undefined) return;
    const key = propertyKey(notification);
    if (operation === 'Deleted') this.#states.delete(key);
    else this.#states.set(key, notification);
  }

  /** All properties as `Initialized`. */
  initialized(): Notification[] {
    return [...this.#states.values()].map((state) => ({ ...state, operation: 'Initialized' as const }));
  }

  topics(): string[] {
    return [...new Set([...this.#states.values()].map(({ topic }) => plainTopic(topic)))];
  }
}
