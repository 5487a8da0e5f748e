import { hash } from 'node:crypto';
import { UNREADABLE } from './repair.ts';
import { canonicalTopic } from './topic.ts';
import { attribute, child, childrenOf, type XmlElement } from './xml.ts';

/** SimpleItems and ElementItems of one notification at most. */
const MAX_ITEMS = 64;
/** Characters of one value at most. */
const MAX_VALUE = 4_096;

/** What is passed on of a notification, all of it as on the wire: no value is interpreted. */
export interface NotificationBody {
  /** `Initialized`, `Changed`, `Deleted`; empty for a one-shot event. */
  operation: string;
  utcTime: string;
  source: Record<string, string>;
  key: Record<string, string>;
  data: Record<string, string>;
  /** Names of the ElementItems; their XML is left out. */
  elements?: string[];
}

export interface Notification {
  topic: string;
  body: NotificationBody;
  /** Items beyond the bounds were left out, or values cut. */
  wasCut: boolean;
  /** Nothing of it could be read but its topic. */
  isUnread?: boolean;
}

/**
 * The notifications of one NotificationMessage (usually one). Empty: it has no topic, so nobody can say what it means.
 * Names are compared without namespaces, which vendors confuse. What could not be read has a topic of its own.
 */
export function readNotification(message: XmlElement): Notification[] {
  const unreadable = child(message, UNREADABLE);
  if (unreadable !== undefined) return [unread(unreadable)];
  const topicElement = child(message, 'Topic');
  const topic = topicElement === undefined ? '' : canonicalTopic(topicElement);
  if (topic === '') return [];
  const outer = child(message, 'Message');
  const inner = childrenOf(outer, 'Message');
  // a topic without a message is an event nevertheless; some firmware leaves out the outer element
  const bodies = inner.length > 0 ? inner : [outer];
  return bodies.map((body) => readBody(topic, body));
}

/**
 * Names what a notification says but for its time and its operation: the same is repeated as `Initialized` by some firmware,
 * and another card at the same door in the same second is another event.
 */
export function fingerprintOf(topic: string, { source, key, data }: NotificationBody): string {
  return hash('sha256', JSON.stringify([topic, source, key, data]), 'base64url').slice(0, 16);
}

/** Under a topic that no profile knows: whoever looks after the device is told, and nobody takes it for what it is not. */
function unread(topic: XmlElement): Notification {
  const body = { operation: '', utcTime: '', source: {}, key: {}, data: {} };
  return { topic: `unreadable/${canonicalTopic(topic)}`, body, wasCut: false, isUnread: true };
}

function readBody(topic: string, message: XmlElement | undefined): Notification {
  const items = new Items();
  const source = items.of(child(message, 'Source'));
  const key = items.of(child(message, 'Key'));
  const data = items.of(child(message, 'Data'));
  const said = (name: string): string => items.cut((message && attribute(message, name)) ?? '');
  const body: NotificationBody = {
    operation: said('PropertyOperation'),
    utcTime: said('UtcTime'),
    source,
    key,
    data,
    ...(items.elements.length === 0 ? {} : { elements: items.elements }),
  };
  return { topic, body, wasCut: items.wasCut };
}

/** Reads items within the bounds of one notification. */
class Items {
  readonly elements: string[] = [];
  wasCut = false;
  #count = 0;

  of(list: XmlElement | undefined): Record<string, string> {
    const values: Record<string, string> = Object.create(null);
    for (const item of list?.children ?? []) {
      const name = this.cut(attribute(item, 'Name') ?? '');
      if (item.local !== 'SimpleItem' && item.local !== 'ElementItem') continue;
      if (++this.#count > MAX_ITEMS) {
        this.wasCut = true;
        break;
      }
      if (item.local === 'ElementItem') this.elements.push(name);
      else values[freeName(name, values)] = this.cut(attribute(item, 'Value') ?? '');
    }
    return values;
  }

  cut(text: string): string {
    if (text.length <= MAX_VALUE) return text;
    this.wasCut = true;
    return text.slice(0, MAX_VALUE);
  }
}

/** The same name twice: the later one gets `#2`, `#3`... */
function freeName(name: string, taken: Record<string, string>): string {
  if (!(name in taken)) return name;
  let n = 2;
  while (`${name}#${n}` in taken) n++;
  return `${name}#${n}`;
}
