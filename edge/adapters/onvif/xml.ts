import { SaxesParser } from 'saxes';

/** Deepest nesting read; ONVIF's own answers stay below 20. */
const MAX_DEPTH = 64;
/** Elements of one answer; 1,000 notifications of 40 elements. */
const MAX_ELEMENTS = 50_000;
/** A prefix without a declaration, which some cameras send, stands for itself. */
const UNBOUND = 'unbound:';

/** An attribute as the wire has it, its entities resolved. */
export interface XmlAttribute {
  local: string;
  prefix: string;
  uri: string;
  value: string;
}

/** An element with its namespace resolved. */
export interface XmlElement {
  local: string;
  prefix: string;
  uri: string;
  attributes: XmlAttribute[];
  /** Prefixes declared here, for QNames in content; see {@link namespaceOf}. */
  declared: Readonly<Record<string, string>>;
  parent: XmlElement | undefined;
  children: XmlElement[];
  /** Its own character data, untrimmed. */
  text: string;
}

/**
 * The document's element. Throws on what is not well-formed, on a DOCTYPE (entities may be a bomb), and beyond the
 * bounds of depth and size. A prefix that nobody declared is taken as it is: some cameras forget `xsi`.
 */
export function parseXml(source: string): XmlElement {
  let root: XmlElement | undefined;
  let open: XmlElement | undefined;
  let depth = 0;
  let elements = 0;
  const parser = new SaxesParser({ xmlns: true, resolvePrefix: (prefix: string) => UNBOUND + prefix });
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('doctype', () => {
    throw new Error('it has a DOCTYPE, which is refused');
  });
  parser.on('opentag', (tag) => {
    if (++depth > MAX_DEPTH) throw new Error(`it is nested deeper than ${MAX_DEPTH}`);
    if (++elements > MAX_ELEMENTS) throw new Error(`it has more than ${MAX_ELEMENTS} elements`);
    const { local, prefix, uri, ns } = tag;
    const attributes = Object.values(tag.attributes).map((attribute) => ({
      local: attribute.local,
      prefix: attribute.prefix,
      uri: attribute.uri,
      value: attribute.value,
    }));
    const element = { local, prefix, uri, attributes, declared: ns, parent: open, children: [], text: '' };
    if (open === undefined) root = element;
    else open.children.push(element);
    open = element;
  });
  const addText = (text: string): void => {
    if (open !== undefined) open.text += text;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    depth--;
    open = open?.parent;
  });
  parser.write(source).close();
  if (root === undefined) throw new Error('it has no element');
  return root;
}

/** What a prefix stands for at this element; undefined where nobody declared it. */
export function namespaceOf(element: XmlElement, prefix: string): string | undefined {
  for (let at: XmlElement | undefined = element; at !== undefined; at = at.parent) {
    if (Object.hasOwn(at.declared, prefix)) return at.declared[prefix];
  }
  return undefined;
}

/** The first descendant reached by local names: vendors disagree on namespaces, never on these. */
export function child(element: XmlElement | undefined, ...path: string[]): XmlElement | undefined {
  return path.reduce<XmlElement | undefined>(
    (at, local) => at?.children.find((candidate) => candidate.local === local),
    element,
  );
}

/** All children of this local name. */
export function childrenOf(element: XmlElement | undefined, local: string): XmlElement[] {
  return element?.children.filter((candidate) => candidate.local === local) ?? [];
}

/** Trimmed text of the element reached so; '' if there is none. */
export function textAt(element: XmlElement | undefined, ...path: string[]): string {
  return child(element, ...path)?.text.trim() ?? '';
}

/** Value of an attribute by its local name. */
export function attribute(element: XmlElement, local: string): string | undefined {
  return element.attributes.find((candidate) => candidate.local === local)?.value;
}

const escapes: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Text as XML content or attribute value. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => escapes[char] as string);
}

/** Writes an element again, namespaces declared where they are used; `extra` are attributes of the outermost one. */
export function writeXml(element: XmlElement, extra = ''): string {
  const names = new Map<string, string>();
  const note = (prefix: string, uri: string): void => {
    if (prefix !== 'xml' && prefix !== 'xmlns' && !uri.startsWith(UNBOUND)) names.set(prefix, uri);
  };
  note(element.prefix, element.uri);
  const attributes = element.attributes.filter(
    ({ prefix, local }) => prefix !== 'xmlns' && local !== 'xmlns',
  );
  for (const { prefix, uri } of attributes) if (prefix !== '') note(prefix, uri);
  const name = element.prefix === '' ? element.local : `${element.prefix}:${element.local}`;
  const declarations = [...names].map(
    ([prefix, uri]) => ` xmlns${prefix === '' ? '' : `:${prefix}`}="${escapeXml(uri)}"`,
  );
  const values = attributes.map(
    ({ prefix, local, value }) => ` ${prefix === '' ? '' : `${prefix}:`}${local}="${escapeXml(value)}"`,
  );
  const inner = escapeXml(element.text) + element.children.map((one) => writeXml(one)).join('');
  return `<${name}${declarations.join('')}${values.join('')}${extra}>${inner}</${name}>`;
}
