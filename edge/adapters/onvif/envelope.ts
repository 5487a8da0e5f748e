import { OnvifFailure } from './failure.ts';
import { child, childrenOf, escapeXml, textAt, type XmlElement } from './xml.ts';

/** A SOAP 1.2 request; `header` and `body` are XML, `a:` is WS-Addressing there. */
export function envelope(header: string, body: string): string {
  return (
    '<?xml version="1.0" encoding="UTF-8"?>' +
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing">' +
    `<s:Header>${header}</s:Header><s:Body>${body}</s:Body></s:Envelope>`
  );
}

/** The header with the security of a request put in. */
export function secured(request: string, security: string): string {
  return request.replace('<s:Header>', () => `<s:Header>${security}`);
}

/** WS-Addressing headers of a call to a subscription. `reference`: what its maker asked to be given back. */
export function addressing(to: string, action: string, id: string, reference: string): string {
  return (
    `<a:Action s:mustUnderstand="1">${escapeXml(action)}</a:Action><a:MessageID>urn:uuid:${id}</a:MessageID>` +
    '<a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address></a:ReplyTo>' +
    `<a:To s:mustUnderstand="1">${escapeXml(to)}</a:To>${reference}`
  );
}

/** The answer within an envelope; throws an `OnvifFailure` for a fault and for anything else. */
export function answerIn(document: XmlElement, operation: string): XmlElement {
  const body = document.local === 'Envelope' ? child(document, 'Body') : undefined;
  const fault = child(body, 'Fault');
  if (fault !== undefined) throw readFault(fault);
  const answer = child(body, `${operation}Response`);
  if (answer === undefined) throw new OnvifFailure('malformed', `its answer to ${operation} is none`);
  return answer;
}

/** Subcodes that say whose fault it is; cameras use several for the same. */
const kinds: ReadonlyArray<readonly [RegExp, 'rejected' | 'unsupported' | 'gone']> = [
  [/NotAuthorized|FailedAuthentication|InvalidSecurity|OperationProhibited|SenderNotAuthorized/i, 'rejected'],
  [/ActionNotSupported|OptionalActionNotImplemented|NoSuchService|UnknownAction/i, 'unsupported'],
  [/ResourceUnknown|UnableToDestroySubscription|UnknownResource|DestinationUnreachable/i, 'gone'],
];

/** What firmware without subcodes writes of a sign-in that is missing or wrong: `Authority failure`, `Sender not Authorized`. */
const signInWords = /auth(?:or|ent)|\bpassword\b|\bcredentials?\b|\blog[ -]?[io]n\b/i;

function readFault(fault: XmlElement): OnvifFailure {
  const codes: string[] = [];
  const walk = (code: XmlElement | undefined): void => {
    if (code === undefined) return;
    codes.push(textAt(code, 'Value'));
    walk(child(code, 'Subcode'));
  };
  walk(child(fault, 'Code'));
  // SOAP 1.1 faults come from old firmware
  const reason = textAt(fault, 'Reason', 'Text') || textAt(fault, 'faultstring');
  const details = childrenOf(fault, 'Detail').flatMap(({ children }) => children.map(({ local }) => local));
  const words = [...codes, textAt(fault, 'faultcode'), ...details].filter((word) => word !== '').join(' ');
  const kind =
    kinds.find(([pattern]) => pattern.test(words))?.[1] ?? (signInWords.test(reason) ? 'rejected' : 'fault');
  const said = reason.slice(0, 200) || words.slice(0, 200) || undefined;
  return new OnvifFailure(kind, `it answers "${reason.slice(0, 200) || 'fault'}" (${words.slice(0, 200)})`, {
    said,
  });
}
