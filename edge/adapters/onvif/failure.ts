/**
 * Why a call to a device failed.
 * `unreachable`: nothing was sent; `ended`: cut after it was sent; `timeout`: no whole answer in time; `tls`;
 * `http`: an answer that is no SOAP; `declined`: the same, of the statuses that say that nothing was done; `malformed`: an answer that cannot be read or is too large; `fault`: a SOAP fault;
 * `gone`: the subscription is not known there; `rejected`: credentials refused; `unsupported`: the device has no such
 * service; `stopped`: by us; `program`: a fault of this program.
 */
export type FailureKind =
  | 'unreachable'
  | 'ended'
  | 'timeout'
  | 'tls'
  | 'http'
  | 'declined'
  | 'malformed'
  | 'fault'
  | 'gone'
  | 'rejected'
  | 'unsupported'
  | 'stopped'
  | 'program';

/** What was met, for those who tell causes apart. */
export interface FailureDetail {
  /** Of Node or OpenSSL, e.g. CERT_HAS_EXPIRED. */
  code?: string | undefined;
  /** The device's own words in a fault. */
  said?: string | undefined;
}

/** A call that failed, in words for the installer: what, where, what to do. */
export class OnvifFailure extends Error {
  override readonly name = 'OnvifFailure';
  readonly kind: FailureKind;
  readonly code: string | undefined;
  readonly said: string | undefined;

  constructor(kind: FailureKind, message: string, { code, said }: FailureDetail = {}) {
    super(message);
    this.kind = kind;
    this.code = code;
    this.said = said;
  }
}

/** The device said something, whatever it was. */
export function isAnswer(kind: FailureKind): boolean {
  return !['unreachable', 'ended', 'timeout', 'tls', 'stopped', 'program'].includes(kind);
}

/** The device may have done what was asked although we do not know it. */
export function mayHaveHappened(kind: FailureKind): boolean {
  return ['ended', 'timeout', 'http', 'malformed', 'stopped', 'program'].includes(kind);
}

const tlsAdvice: ReadonlyArray<readonly [RegExp, string]> = [
  [/^CERT_HAS_EXPIRED/, 'its certificate has expired: renew it there, or correct the clock of the gateway'],
  [/^CERT_NOT_YET_VALID/, 'its certificate is not valid yet: check the clock of the gateway'],
  [
    /ALTNAME_INVALID/,
    'its certificate is for another name: use that name in onvif.url, or give its own certificate as onvif.tls.ca_file',
  ],
  [
    /SELF_SIGNED|UNABLE_TO|CERT_SIGNATURE|CERT_UNTRUSTED|CERT_CHAIN/,
    'its certificate is not the one of onvif.tls.ca_file: save the certificate of the device (PEM) and name it there',
  ],
  [
    /WRONG_VERSION|PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|EPROTO/,
    'no TLS is spoken there: check the port of onvif.url',
  ],
];

const network = /^(?:ECONN|ENOT|EHOST|ENET|ETIMEDOUT|EAI_|EADDR|EPIPE|EACCES|EMFILE|HPE_)/;

/** What an error of a socket means. `wasSent`: the request had left. */
export function explain(error: Error, wasSent: boolean): OnvifFailure {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code.startsWith('HPE_'))
    return new OnvifFailure(
      'malformed',
      `its HTTP cannot be read (${code}): check the port; newer firmware where it is right`,
    );
  if (wasSent)
    return new OnvifFailure('ended', `the connection was cut before the answer (${code || error.message})`);
  if (code === '' || network.test(code))
    return new OnvifFailure('unreachable', `${error.message}: check address, port, cable and power`);
  const advice = tlsAdvice.find(([codes]) => codes.test(code))?.[1] ?? 'check onvif.tls';
  return new OnvifFailure('tls', `TLS failed (${code}): ${advice}`, { code });
}
