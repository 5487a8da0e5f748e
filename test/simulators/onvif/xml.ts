import { SaxesParser } from 'saxes';

/** An element with its namespace resolved; `text` is its own character data, untrimmed. */
export interface XmlElement {
  local: string;
  uri: string;
  /** By local name. */
  attributes: Readonly<Record<string, string>>;
  /** Prefixes in scope, for QNames in content (topic expressions, discovery types). */
  namespaces: Readonly<Record<string, string>>;
  children: XmlElement[];
  text: string;
}

/** The document's element. Throws on anything not well-formed and on a DOCTYPE. */
export function parseXml(source: string): XmlElement {
  const open: XmlElement[] = [];
  let root: XmlElement | undefined;
  const parser = new SaxesParser({ xmlns: true });
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('doctype', () => {
    throw new Error('a DOCTYPE is refused');
  });
  parser.on('opentag', (tag) => {
    const parent = open.at(-1);
    const attributes = Object.fromEntries(Object.values(tag.attributes).map((a) => [a.local, a.value]));
    const namespaces = { ...parent?.namespaces, ...tag.ns };
    const element = { local: tag.local, uri: tag.uri, attributes, namespaces, children: [], text: '' };
    if (parent === undefined) root = element;
    else parent.children.push(element);
    open.push(element);
  });
  const addText = (text: string): void => {
    const element = open.at(-1);
    if (element !== undefined) element.text += text;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    open.pop();
  });
  parser.write(source).close();
  if (root === undefined) throw new Error('no element');
  return root;
}

/** The first descendant reached by local names, e.g. `find(envelope, 'Header', 'Security')`. */
export function find(element: XmlElement | undefined, ...path: string[]): XmlElement | undefined {
  return path.reduce<XmlElement | undefined>(
    (at, local) => at?.children.find((candidate) => candidate.local === local),
    element,
  );
}

/** Trimmed text of the element reached so; '' if there is none. */
export function textAt(element: XmlElement | undefined, ...path: string[]): string {
  return find(element, ...path)?.text.trim() ?? '';
}

/** Text or attribute value as XML. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign] ?? '&quot;');
}
