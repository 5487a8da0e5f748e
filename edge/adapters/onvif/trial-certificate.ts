import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';

/** A certificate as a device presented it: whose it is, nobody has proven. */
export interface PresentedCertificate {
  pem: string;
  /** Upper-case hex in pairs, as devices show it. */
  sha256: string;
  subject: string;
  /** ISO 8601. */
  validFrom: string;
  validTo: string;
}

/** Connects, takes the certificate, and sends nothing. Undefined: there is no TLS, or not in time. */
export function presentedCertificate(
  address: string,
  timeoutMs: number,
): Promise<PresentedCertificate | undefined> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve) => {
    const finish = (certificate?: PresentedCertificate): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(certificate);
    };
    const host = hostname.replace(/^\[|\]$/g, '');
    const socket = connect({ host, port: port === '' ? 443 : Number(port), rejectUnauthorized: false });
    const timer = setTimeout(finish, timeoutMs);
    socket.on('error', () => finish());
    socket.on('secureConnect', () => {
      const raw = socket.getPeerCertificate().raw as Buffer | undefined;
      finish(raw === undefined ? undefined : describe(new X509Certificate(raw)));
    });
  });
}

function describe(certificate: X509Certificate): PresentedCertificate {
  return {
    pem: certificate.toString(),
    sha256: certificate.fingerprint256,
    subject: certificate.subject.split('\n').join(', ').slice(0, 200),
    validFrom: new Date(certificate.validFrom).toISOString(),
    validTo: new Date(certificate.validTo).toISOString(),
  };
}
