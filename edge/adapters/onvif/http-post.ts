import { X509Certificate } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { PeerCertificate } from 'node:tls';
import { checkServerIdentity } from 'node:tls';
import { explain, OnvifFailure } from './failure.ts';

export interface Get {
  url: URL;
  headers: Record<string, string>;
  /** For all of it: connection, TLS, and the last byte of the answer. */
  timeoutMs: number;
  /** A longer answer is refused as soon as it is longer. */
  maxBytes: number;
  /** PEM of the device's own certificate, or of the CA that signed it. */
  ca?: string | undefined;
  signal?: AbortSignal | undefined;
}

export interface Post extends Get {
  body: string;
}

export interface HttpAnswer<Body = string> {
  status: number;
  headers: IncomingHttpHeaders;
  /** Every WWW-Authenticate header by itself. */
  challenges: string[];
  body: Body;
}

/** One POST; see `exchange`. */
export async function post({ body, ...request }: Post): Promise<HttpAnswer> {
  const answer = await exchange('POST', request, body);
  return { ...answer, body: answer.body.toString('utf8') };
}

/** One GET; see `exchange`. */
export function get(request: Get): Promise<HttpAnswer<Buffer>> {
  return exchange('GET', request, '');
}

/**
 * One request on a connection of its own (a kept one that the camera closes meanwhile looks like a lost answer); redirects
 * are not followed. Rejects with an `OnvifFailure`, in every case within `timeoutMs`.
 */
function exchange(
  method: 'GET' | 'POST',
  { url, headers, timeoutMs, maxBytes, ca, signal }: Get,
  body: string,
): Promise<HttpAnswer<Buffer>> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(new OnvifFailure('stopped', 'stopped by the gateway'));
      return;
    }
    let wasSent = false;
    const isTls = url.protocol === 'https:';
    const options: RequestOptions = {
      method,
      agent: false,
      // cameras write headers as no standard says; an answer is bounded, and goes nowhere else
      insecureHTTPParser: true,
      headers: {
        ...inLatin1(headers),
        ...(method === 'POST' ? { 'content-length': Buffer.byteLength(body) } : {}),
        connection: 'close',
      },
      ...(isTls ? pin(ca) : {}),
    };
    const request = (isTls ? httpsRequest : httpRequest)(url, options);
    const fail = (failure: OnvifFailure): void => {
      finish();
      request.destroy();
      reject(failure);
    };
    const stopped = (): void => fail(new OnvifFailure('stopped', 'stopped by the gateway'));
    const timer = setTimeout(
      () =>
        fail(
          new OnvifFailure(
            wasSent ? 'timeout' : 'unreachable',
            wasSent
              ? `no whole answer within ${timeoutMs} ms`
              : `no connection within ${timeoutMs} ms: check address and network`,
          ),
        ),
      timeoutMs,
    );
    const finish = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stopped);
    };
    signal?.addEventListener('abort', stopped);
    request.on('error', (error) => fail(explain(error, wasSent)));
    request.on('finish', () => {
      wasSent = true;
    });
    request.on('response', (response) => {
      read(response, maxBytes).then((bytes) => {
        finish();
        const { statusCode = 0, headers: answered } = response;
        resolve({ status: statusCode, headers: answered, challenges: challengesOf(response), body: bytes });
      }, fail);
    });
    request.end(body);
  });
}

function read(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    response.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > maxBytes)
        reject(new OnvifFailure('malformed', `its answer is longer than ${maxBytes} bytes`));
      else chunks.push(chunk);
    });
    response.on('end', () => resolve(Buffer.concat(chunks)));
    // a whole envelope is an answer, whatever length was promised
    const isWhole = (): boolean =>
      /Envelope>[\s\0]*$/.test(Buffer.concat(chunks.slice(-2)).toString('latin1'));
    response.on('error', (error) => {
      if (isWhole()) resolve(Buffer.concat(chunks));
      else reject(explain(error, true));
    });
    // a cut answer ends with `close` alone
    response.on('close', () => {
      if (!response.complete && isWhole()) resolve(Buffer.concat(chunks));
      else if (!response.complete)
        reject(new OnvifFailure('ended', 'the connection was cut within the answer'));
    });
  });
}

function challengesOf({ rawHeaders }: IncomingMessage): string[] {
  const values = rawHeaders.filter(
    (_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === 'www-authenticate',
  );
  return values.map((value) => Buffer.from(value, 'latin1').toString('utf8'));
}

/** Node takes and gives the bytes of a header as latin1; devices mean UTF-8 (RFC 7616, 4). */
function inLatin1(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Buffer.from(value, 'utf8').toString('latin1')]),
  );
}

/**
 * Trust for one device. Cameras sign their certificates themselves, for whatever name: the very certificate that was
 * given is trusted at any address, one that a given CA signed only at its own name.
 */
function pin(ca: string | undefined): RequestOptions {
  if (ca === undefined) return {};
  return {
    ca,
    // the device's own certificate is enough also where a CA has signed it
    allowPartialTrustChain: true,
    checkServerIdentity: (host: string, certificate: PeerCertificate) =>
      isGiven(ca, certificate) ? undefined : checkServerIdentity(host, certificate),
  };
}

function isGiven(ca: string, { raw }: PeerCertificate): boolean {
  const pems = ca.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return pems.some((pem) => new X509Certificate(pem).raw.equals(raw));
}
