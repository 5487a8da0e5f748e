import type { ServerResponse } from 'node:http';
import type { FaultBook } from './fault-book.ts';

/** An HTTP answer before it is sent. */
export interface Reply {
  status: number;
  headers: Record<string, string | string[]>;
  /** Media type; SOAP if left out. */
  type?: string;
  body: string | Buffer;
}

const SOAP_TYPE = 'application/soap+xml; charset=utf-8';
const HUGE_BYTES = 32 * 1024 * 1024;
const PIECE = Buffer.alloc(64 * 1024, ' ');

/** Sends an answer as it is. */
export function send(response: ServerResponse, { status, headers, type, body }: Reply): void {
  response.writeHead(status, {
    'Content-Type': type ?? SOAP_TYPE,
    'Content-Length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}

/** Sends an answer, damaged if a fault asks for it. */
export async function spoil(
  response: ServerResponse,
  reply: Reply,
  faults: FaultBook,
  operation: string,
): Promise<void> {
  const body = reply.body.toString();
  if (faults.use('empty', operation) !== undefined) return send(response, { ...reply, body: '' });
  if (faults.use('truncated', operation) !== undefined) {
    return send(response, { ...reply, body: body.slice(0, Math.floor(body.length * 0.6)) });
  }
  if (faults.use('malformed', operation) !== undefined) {
    return send(response, { ...reply, body: body.replace('</s:Body>', '</s:Boby><&>') });
  }
  if (faults.use('doctype', operation) !== undefined) {
    return send(response, {
      ...reply,
      body: body.replace('<s:Body>', '<s:Body>&l9;').replace('?>\n', `?>\n${bomb()}`),
    });
  }
  const huge = faults.use('huge', operation);
  if (huge !== undefined) return sendHuge(response, reply, huge.bytes ?? HUGE_BYTES);
  const drip = faults.use('drip', operation);
  if (drip !== undefined) return sendSlowly(response, reply, drip.bytes ?? 16, drip.everyMs ?? 1000);
  send(response, reply);
}

// Ten entities, each ten times the one before: 10^9 letters when expanded.
function bomb(): string {
  const entities = Array.from({ length: 9 }, (_, level) => {
    const value = `&l${level};`.repeat(10);
    return `<!ENTITY l${level + 1} "${value}">`;
  });
  return `<!DOCTYPE s:Envelope [<!ENTITY l0 "lol">${entities.join('')}]>`;
}

async function sendHuge(response: ServerResponse, reply: Reply, bytes: number): Promise<void> {
  const { status, headers } = reply;
  const body = reply.body.toString();
  const at = body.indexOf('<s:Body>');
  response.writeHead(status, { 'Content-Type': SOAP_TYPE, ...headers });
  response.write(body.slice(0, at));
  for (let sent = 0; sent < bytes && !response.destroyed; sent += PIECE.length) {
    if (!response.write(PIECE)) await drained(response);
  }
  response.end(body.slice(at));
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      response.off('drain', go);
      response.off('close', go);
      resolve();
    };
    response.on('drain', go);
    response.on('close', go);
  });
}

async function sendSlowly(
  response: ServerResponse,
  { status, headers, body }: Reply,
  bytes: number,
  everyMs: number,
): Promise<void> {
  const all = Buffer.from(body);
  response.writeHead(status, { 'Content-Type': SOAP_TYPE, 'Content-Length': all.length, ...headers });
  for (let at = 0; at < all.length && !response.destroyed; at += bytes) {
    response.write(all.subarray(at, at + bytes));
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, everyMs);
      timer.unref();
    });
  }
  response.end();
}
