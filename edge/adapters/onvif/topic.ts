import { namespaceOf, type XmlElement } from './xml.ts';

/** Canonical prefixes of topic namespaces, whatever prefix a device declares for them. */
const prefixes: Readonly<Record<string, string>> = {
  'http://www.onvif.org/ver10/topics': 'tns1',
  'http://www.hikvision.com/2011/event/topics': 'tnshik',
  'http://www.axis.com/2009/event/topics': 'tnsaxis',
  'http://www.samsungcctv.com/2011/event/topics': 'tnssamsung',
  'http://www.hanwhavision.com/2011/event/topics': 'tnssamsung',
  'http://www.boschsecurity.com/2011/event/topics': 'tnsbosch',
  'http://www.bosch.com/2013/bosch/events': 'tnsbosch',
  'http://www.dahuasecurity.com/2012/event/topics': 'tnsdahua',
  'http://www.dahuatech.com/2011/event/topics': 'tnsdahua',
};

/** Longest topic passed on. */
const MAX_LENGTH = 512;

/**
 * The concrete topic with canonical prefixes (WS-Topics, 8.2): `tns1:Device/tnsaxis:IO/VirtualInput`, a prefix where the
 * namespace changes, without the trailing `//.` of some devices. An unknown namespace keeps the document's own prefix.
 * Empty where there is none.
 */
export function canonicalTopic(topic: XmlElement): string {
  const segments = topic.text
    .trim()
    .split('/')
    .map((segment) => segment.trim())
    .filter((segment) => segment !== '' && segment !== '.');
  let current = '';
  const canonical = segments.map((segment) => {
    const colon = segment.indexOf(':');
    if (colon < 1) return segment;
    const prefix = segment.slice(0, colon);
    const local = segment.slice(colon + 1);
    const uri = namespaceOf(topic, prefix);
    const name = (uri === undefined ? undefined : prefixes[uri]) ?? prefix;
    if (name === current) return local;
    current = name;
    return `${name}:${local}`;
  });
  return canonical.join('/').slice(0, MAX_LENGTH);
}
