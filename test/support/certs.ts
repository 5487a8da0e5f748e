import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requirePeer } from './peers.ts';

/** PEM texts of a throw-away certificate. */
export interface Certificate {
  cert: string;
  key: string;
}

export interface Certificates {
  /** The authority that signed `server` and `client`. */
  ca: string;
  /** For 127.0.0.1 and localhost. */
  server: Certificate;
  client: Certificate;
  /** Of a broker user. */
  device: Certificate;
  /** Of that user too, and over since yesterday. */
  expired: Certificate;
  /** A client certificate of an authority nobody knows. */
  rogue: Certificate;
}

/** Makes certificates with openssl, valid for a day; `device` is that of the broker user `user`. */
export function makeCertificates(user = 'io1'): Certificates {
  const directory = mkdtempSync(join(tmpdir(), 'certs-'));
  const openssl = (...args: string[]): void => {
    execFileSync(requirePeer('openssl'), args, { cwd: directory, stdio: 'pipe' });
  };
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const read = (name: string): string => readFileSync(join(directory, name), 'utf8');
  const authority = (name: string): void => {
    openssl(
      'req',
      '-x509',
      ...newKey,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.crt`,
      '-days',
      '1',
      '-subj',
      `/CN=${name}`,
    );
  };
  const certificate = (
    name: string,
    ca: string,
    commonName: string,
    extension: string,
    days = 1,
  ): Certificate => {
    openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${commonName}`);
    writeFileSync(join(directory, `${name}.ext`), extension);
    openssl(
      ...['x509', '-req', '-in', `${name}.csr`, '-CA', `${ca}.crt`, '-CAkey', `${ca}.key`, '-CAcreateserial'],
      ...['-out', `${name}.crt`, '-days', String(days), '-extfile', `${name}.ext`],
    );
    return { cert: read(`${name}.crt`), key: read(`${name}.key`) };
  };
  try {
    authority('ca');
    authority('unknown-ca');
    return {
      ca: read('ca.crt'),
      server: certificate('server', 'ca', '127.0.0.1', 'subjectAltName=IP:127.0.0.1,DNS:localhost'),
      client: certificate('client', 'ca', 'dev-smoke-01', 'extendedKeyUsage=clientAuth'),
      device: certificate('device', 'ca', user, 'extendedKeyUsage=clientAuth'),
      expired: certificate('expired', 'ca', user, 'extendedKeyUsage=clientAuth', -1),
      rogue: certificate('rogue', 'unknown-ca', 'dev-smoke-01', 'extendedKeyUsage=clientAuth'),
    };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
