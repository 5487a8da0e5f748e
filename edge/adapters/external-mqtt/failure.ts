/** `protocol`: one side broke MQTT; `refused`: the broker answered no. */
export type FailureKind = 'unreachable' | 'tls' | 'timeout' | 'refused' | 'protocol' | 'ended';

/** Why there is no connection, in words for the installer. */
export class ConnectionFailure extends Error {
  override readonly name = 'ConnectionFailure';
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

const network = /^(?:ECONN|ENOT|EHOST|ENET|ETIMEDOUT|EAI_|EADDR|EPIPE|EACCES)/;

/** Codes of Node and OpenSSL that say whose certificate is wrong. */
const tlsAdvice: ReadonlyArray<readonly [RegExp, string]> = [
  [/^CERT_HAS_EXPIRED/, "the broker's certificate has expired: renew it, or correct the clock"],
  [/^CERT_NOT_YET_VALID/, "the broker's certificate is not valid yet: check the clock"],
  [
    /ALTNAME_INVALID/,
    "the broker's certificate is for another name: correct url, or set servername to the name in it",
  ],
  [
    /SELF_SIGNED|UNABLE_TO|CERT_SIGNATURE|CERT_UNTRUSTED|CERT_CHAIN/,
    "the broker's certificate is not of ca_file: set ca_file to the CA that signed it",
  ],
  [
    /ALERT_(?:UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE|NO_CERTIFICATE|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED|DECRYPT|HANDSHAKE)/,
    'the broker refuses our certificate: set cert_file and key_file to one that its CA signed',
  ],
  [/WRONG_VERSION|PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/, 'no TLS is spoken there: check the port'],
  [/KEY_VALUES_MISMATCH/, 'key_file does not belong to cert_file'],
];

/** What an error of a socket means. */
export function explain(error: Error): ConnectionFailure {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === 'ECONNRESET' || code === 'EPIPE')
    return new ConnectionFailure('ended', 'the connection was reset by the broker or the network');
  if (code === '' || network.test(code))
    return new ConnectionFailure('unreachable', `${error.message}: check address, port and network`);
  const advice = tlsAdvice.find(([codes]) => codes.test(code))?.[1] ?? 'check the files under tls';
  return new ConnectionFailure('tls', `TLS failed (${code}): ${advice}`);
}
