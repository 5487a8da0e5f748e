import { plainTopic } from './notifications.ts';
import { type Namespaces, SoapFault } from './soap.ts';
import { find, type XmlElement } from './xml.ts';

/** Whether a topic passes. */
export type TopicFilter = (topic: string) => boolean;

/**
 * The filter of a CreatePullPointSubscription in ONVIF's ConcreteSet dialect: `a|b//.`, `//.` with everything below.
 * Prefixes are resolved by the request's namespaces on one side and the camera's own on the other.
 */
export function topicFilter(filter: XmlElement | undefined, own: Namespaces): TopicFilter {
  const expressions = (filter?.children ?? []).filter(({ local }) => local === 'TopicExpression');
  if (expressions.length === 0) return () => true;
  const paths = expressions.flatMap((expression) =>
    expression.text.split('|').map((path) => parsePath(path.trim(), expression)),
  );
  return (topic) => {
    const names = expand(plainTopic(topic), own);
    return paths.some(({ steps, below }) => {
      if (below ? names.length < steps.length : names.length !== steps.length) return false;
      return steps.every((step, index) => step === '*' || step === names[index]);
    });
  };
}

function parsePath(path: string, { namespaces }: XmlElement): { steps: string[]; below: boolean } {
  const below = path.endsWith('//.');
  const steps = expand(plainTopic(path), namespaces);
  if (steps.includes('?')) {
    throw new SoapFault('Sender', ['wsnt:InvalidTopicExpressionFault'], `Invalid topic expression: ${path}`);
  }
  return { steps, below };
}

// A step without a prefix belongs to the namespace of the step before it.
function expand(path: string, namespaces: Namespaces): string[] {
  let uri = '';
  return path.split('/').map((step) => {
    if (step === '*') return step;
    const [prefix, local] = step.includes(':') ? (step.split(':') as [string, string]) : [undefined, step];
    if (prefix !== undefined) uri = namespaces[prefix] ?? '?';
    return uri === '?' || local === '' ? '?' : `{${uri}}${local}`;
  });
}

/** The tt:Filter of a request. */
export function filterOf(request: XmlElement): XmlElement | undefined {
  return find(request, 'Filter');
}
