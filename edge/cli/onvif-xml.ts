import type { TrialMessage } from '../../device-profiles/trial.ts';
import { readNotification } from '../adapters/onvif/notification.ts';
import { parseXml, type XmlElement } from '../adapters/onvif/xml.ts';

/** Does a payload look like what a camera sends, and not like what the adapter makes of it? */
export function isXml(text: string): boolean {
  return text.trimStart().startsWith('<');
}

/**
 * The notifications in captured XML (a NotificationMessage, a PullMessagesResponse, a whole envelope), as the adapter would
 * hand them over. Throws for what is no XML, and where there is none.
 */
export function onvifMessages(text: string): TrialMessage[] {
  const found = notificationsIn(parseXml(text)).flatMap(readNotification);
  if (found.length === 0)
    throw new Error('the XML holds no NotificationMessage with a topic; capture the answer to PullMessages');
  return found.map(({ topic, body }) => ({ topic, payload: body }));
}

function notificationsIn(element: XmlElement): XmlElement[] {
  if (element.local === 'NotificationMessage') return [element];
  return element.children.flatMap(notificationsIn);
}
