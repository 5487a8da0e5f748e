import type { IncomingHttpHeaders } from 'node:http';

/**
 * True when a request that changes something may come from where it says. Browsers send `Origin` with every such
 * request and with every WebSocket; its host must be the host asked for. Programs send none: they have no cookies of
 * somebody else.
 */
export function isOwnOrigin(headers: IncomingHttpHeaders): boolean {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  if (origin === undefined) return site === undefined || site === 'same-origin' || site === 'none';
  if (host === undefined) return false;
  try {
    const from = new URL(origin);
    if (from.protocol !== 'http:' && from.protocol !== 'https:') return false;
    // the same scheme, so that a default port counts the same with and without its number
    return from.host === new URL(`${from.protocol}//${host}`).host;
  } catch {
    return false;
  }
}
