import { escapeXml } from './xml.ts';

/** Namespaces by the prefixes that the camera's answers use. */
export const NS = {
  s: 'http://www.w3.org/2003/05/soap-envelope',
  wsa: 'http://www.w3.org/2005/08/addressing',
  tds: 'http://www.onvif.org/ver10/device/wsdl',
  trt: 'http://www.onvif.org/ver10/media/wsdl',
  tev: 'http://www.onvif.org/ver10/events/wsdl',
  tptz: 'http://www.onvif.org/ver20/ptz/wsdl',
  tmd: 'http://www.onvif.org/ver10/deviceIO/wsdl',
  tac: 'http://www.onvif.org/ver10/accesscontrol/wsdl',
  tdc: 'http://www.onvif.org/ver10/doorcontrol/wsdl',
  tt: 'http://www.onvif.org/ver10/schema',
  ter: 'http://www.onvif.org/ver10/error',
  wsnt: 'http://docs.oasis-open.org/wsn/b-2',
  wstop: 'http://docs.oasis-open.org/wsn/t-1',
  wsrfr: 'http://docs.oasis-open.org/wsrf/r-2',
  tns1: 'http://www.onvif.org/ver10/topics',
  tnshik: 'http://www.hikvision.com/2011/event/topics',
  tnsaxis: 'http://www.axis.com/2009/event/topics',
  tnssamsung: 'http://www.samsungcctv.com/2011/event/topics',
} as const;

/** Prefixes and URIs of an envelope. */
export type Namespaces = Readonly<Record<string, string>>;

/** A SOAP 1.2 answer with all namespaces on the envelope, as cameras write it. */
export function envelope(body: string, namespaces: Namespaces = NS): string {
  const declarations = Object.entries(namespaces).map(([prefix, uri]) => ` xmlns:${prefix}="${uri}"`);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<s:Envelope${declarations.join('')}><s:Body>${body}</s:Body></s:Envelope>`;
}

/** A fault as ONVIF core clause 5.8 writes it: code of the envelope, subcodes of `ter:` or `wsnt:`, a reason. */
export class SoapFault extends Error {
  readonly code: 'Sender' | 'Receiver';
  readonly subcodes: readonly string[];
  readonly status: number;

  constructor(code: 'Sender' | 'Receiver', subcodes: readonly string[], reason: string, status?: number) {
    super(reason);
    this.code = code;
    this.subcodes = subcodes;
    this.status = status ?? (code === 'Sender' ? 400 : 500);
  }

  /** The fault as the SOAP body holds it. */
  toXml(): string {
    const subcode = this.subcodes.reduceRight(
      (inner, value) => `<s:Subcode><s:Value>${value}</s:Value>${inner}</s:Subcode>`,
      '',
    );
    const code = `<s:Code><s:Value>s:${this.code}</s:Value>${subcode}</s:Code>`;
    const reason = `<s:Reason><s:Text xml:lang="en">${escapeXml(this.message)}</s:Text></s:Reason>`;
    return `<s:Fault>${code}${reason}</s:Fault>`;
  }
}

/** Refused credentials, ONVIF core clause 5.9. */
export function notAuthorized(status: 400 | 401): SoapFault {
  return new SoapFault('Sender', ['ter:NotAuthorized'], 'Sender not Authorized', status);
}

/** The request names something that this device has not got. */
export function noEntity(what: string): SoapFault {
  return new SoapFault('Sender', ['ter:InvalidArgVal', 'ter:NoEntity'], `No such ${what}`);
}

/** The service or the operation is not there. */
export function notSupported(operation: string): SoapFault {
  return new SoapFault('Receiver', ['ter:ActionNotSupported'], `${operation} is not implemented`);
}
