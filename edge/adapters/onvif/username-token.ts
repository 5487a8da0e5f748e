import { createHash, randomBytes } from 'node:crypto';
import { escapeXml } from './xml.ts';

const WSSE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
const WSU = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd';
const PROFILE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0';
const MESSAGE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0';

/**
 * The Security header of WS-UsernameToken with a password digest (ONVIF core, 5.9.4): Base64(SHA-1(nonce + created +
 * password)), text as UTF-8. `createdAt` is by the clock of the device, milliseconds since 1970.
 */
export function usernameToken(
  { user, password }: { user: string; password: string },
  createdAt: number,
  nonce: Buffer = randomBytes(16),
): string {
  const created = new Date(createdAt).toISOString();
  const digest = createHash('sha1').update(nonce).update(created).update(password, 'utf8').digest('base64');
  return (
    `<Security s:mustUnderstand="1" xmlns="${WSSE}"><UsernameToken>` +
    `<Username>${escapeXml(user)}</Username>` +
    `<Password Type="${PROFILE}#PasswordDigest">${digest}</Password>` +
    `<Nonce EncodingType="${MESSAGE}#Base64Binary">${nonce.toString('base64')}</Nonce>` +
    `<Created xmlns="${WSU}">${created}</Created>` +
    '</UsernameToken></Security>'
  );
}
