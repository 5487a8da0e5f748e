import { escapeXml } from './xml.ts';

interface Node {
  topic: boolean;
  children: Map<string, Node>;
}

/** wstop:TopicSet with one element a level, `wstop:topic="true"` on what can be subscribed. */
export function topicSet(topics: readonly string[]): string {
  const root: Node = { topic: false, children: new Map() };
  for (const topic of topics) {
    let at = root;
    for (const step of topic.split('/')) {
      const next = at.children.get(step) ?? { topic: false, children: new Map() };
      at.children.set(step, next);
      at = next;
    }
    at.topic = true;
  }
  return `<wstop:TopicSet>${children(root)}</wstop:TopicSet>`;
}

function children(node: Node): string {
  return [...node.children]
    .map(([name, child]) => {
      const element = escapeXml(name);
      return `<${element}${child.topic ? ' wstop:topic="true"' : ''}>${children(child)}</${element}>`;
    })
    .join('');
}
