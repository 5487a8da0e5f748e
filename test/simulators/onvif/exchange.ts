import type { IncomingMessage, ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import { accessOperations } from './access-service.ts';
import { Authenticator, type Verdict } from './authentication.ts';
import type { CameraState } from './camera-state.ts';
import { deviceOperations } from './device-service.ts';
import { doorOperations } from './door-service.ts';
import { eventOperations } from './event-service.ts';
import { mediaOperations, SNAPSHOT_PATH } from './media-service.ts';
import type { Operations } from './operations.ts';
import { ptzOperations } from './ptz-service.ts';
import { type Reply, send, spoil } from './reply.ts';
import { snapshot } from './snapshot.ts';
import { envelope, NS, notAuthorized, notSupported, SoapFault } from './soap.ts';
import { find, parseXml, type XmlElement } from './xml.ts';

const OPERATIONS: Operations = {
  ...deviceOperations,
  ...eventOperations,
  ...mediaOperations,
  ...ptzOperations,
  ...accessOperations,
  ...doorOperations,
};

/** Operations of access class PRE_AUTH (ONVIF core clause 5.9.4). */
const PUBLIC = new Set([
  `${NS.tds}/GetSystemDateAndTime`,
  `${NS.tds}/GetServices`,
  `${NS.tds}/GetServiceCapabilities`,
  `${NS.tds}/GetCapabilities`,
]);

const LARGEST_REQUEST = 1024 * 1024;

class RequestError extends Error {}

/** Answers the HTTP requests of one camera. */
export class Exchange {
  readonly #camera: CameraState;
  readonly #authenticator: Authenticator;

  constructor(camera: CameraState) {
    this.#camera = camera;
    const { user, authentication, digestAlgorithms, clockWindowMs } = camera.options;
    this.#authenticator = new Authenticator({
      user,
      authentication,
      digestAlgorithms,
      clockWindowMs,
      password: () => camera.password,
      now: () => camera.now(),
      nonceOnce: () => camera.faults.has('stale-nonce'),
    });
  }

  /** One request from its first byte to its answer; never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    response.on('error', () => {});
    try {
      const body = await readBody(request);
      if (request.method === 'GET') {
        const reply = this.#snapshot(request);
        if (!this.#lost('snapshot', request, response)) send(response, reply);
      } else await this.#post(request, response, body, gone.signal);
    } catch (error) {
      // The client went away in the middle, or sent too much; anything else is a bug of the simulator.
      if (!gone.signal.aborted && !(error instanceof RequestError)) console.error(error);
      response.destroy();
    }
  }

  async #post(
    request: IncomingMessage,
    response: ServerResponse,
    body: string,
    aborted: AbortSignal,
  ): Promise<void> {
    const { faults } = this.#camera;
    let parts: { header: XmlElement | undefined; element: XmlElement };
    try {
      parts = readEnvelope(body);
    } catch (error) {
      const fault =
        error instanceof SoapFault ? error : new SoapFault('Sender', ['ter:WellFormed'], String(error));
      return send(response, this.#fault(fault));
    }
    const { uri, local: operation } = parts.element;
    // The credential first: an attempt counts also when nothing is answered.
    const refused = PUBLIC.has(`${uri}/${operation}`)
      ? undefined
      : this.#refuse(operation, this.#authenticator.check(request, parts.header));
    if (this.#lost(operation, request, response)) return;
    const reply = refused ?? (await this.#answer(request, parts, aborted));
    if (aborted.aborted) return;
    const lost = faults.use('lost-reply', operation, ['CreatePullPointSubscription']);
    if (lost !== undefined) return cut(request);
    await spoil(response, reply, faults, operation);
  }

  async #answer(
    request: IncomingMessage,
    { header, element }: { header: XmlElement | undefined; element: XmlElement },
    aborted: AbortSignal,
  ): Promise<Reply> {
    const camera = this.#camera;
    const key = `${element.uri}/${element.local}`;
    try {
      const ordered = camera.faults.use('soap-fault', element.local, ['PullMessages']);
      if (ordered !== undefined) {
        const {
          code = 'Receiver',
          subcode = 'ter:Action',
          reason = 'Optional Action Not Implemented',
        } = ordered;
        throw new SoapFault(code, [subcode], reason, ordered.status);
      }
      const operation = OPERATIONS[key];
      const served = camera.services().some(([uri]) => uri === element.uri) || element.uri === NS.wsnt;
      if (operation === undefined || !served) throw notSupported(element.local);
      const path = request.url ?? '';
      const body = await operation({ camera, request: element, header, path, aborted });
      return { status: 200, headers: {}, body: envelope(body, camera.namespaces) };
    } catch (error) {
      if (error instanceof SoapFault) return this.#fault(error);
      throw error;
    }
  }

  // The answer to a request whose credential is missing or wrong; undefined: it may pass.
  #refuse(operation: string, verdict: Verdict): Reply | undefined {
    const camera = this.#camera;
    const { authentication, notAuthorizedStatus } = camera.options;
    const ordered = camera.faults.use('not-authorized', operation);
    if (verdict === undefined && authentication === 'none' && ordered === undefined) return undefined;
    if (verdict !== undefined) {
      const reason = camera.lockedOut() ? 'locked out' : ordered === undefined ? verdict.reason : 'password';
      const accepted = reason === undefined && verdict.accepted;
      camera.attempted({ operation, how: verdict.how, accepted, ...(accepted ? {} : { reason: reason! }) });
      if (accepted) return undefined;
    }
    const digests = authentication !== 'token' && authentication !== 'none';
    const status = ordered?.status ?? notAuthorizedStatus ?? (digests ? 401 : 400);
    const challenges =
      digests && status === 401 ? this.#authenticator.challenge(verdict?.reason === 'stale nonce') : [];
    const reply = this.#fault(notAuthorized(status));
    return challenges.length === 0 ? reply : { ...reply, headers: { 'WWW-Authenticate': challenges } };
  }

  #fault(fault: SoapFault): Reply {
    return { status: fault.status, headers: {}, body: envelope(fault.toXml(), this.#camera.namespaces) };
  }

  // The snapshot behind HTTP Digest, whatever the SOAP side demands.
  #snapshot(request: IncomingMessage): Reply {
    const camera = this.#camera;
    const operation = 'snapshot';
    if (request.url !== SNAPSHOT_PATH || camera.options.kind !== 'camera') return htmlError(404);
    const picture: Reply = { status: 200, headers: {}, type: 'image/jpeg', body: snapshot() };
    if (camera.options.authentication === 'none') return picture;
    const verdict = this.#authenticator.checkHttp(request);
    const accepted = verdict?.accepted === true && !camera.lockedOut();
    if (verdict !== undefined) camera.attempted({ operation, ...verdict, accepted });
    if (accepted) return picture;
    const challenges = this.#authenticator.challenge(verdict?.reason === 'stale nonce');
    return { ...htmlError(401), headers: { 'WWW-Authenticate': challenges } };
  }

  // Whether a fault takes the request away before anything is done.
  #lost(operation: string, request: IncomingMessage, response: ServerResponse): boolean {
    const { faults, counters } = this.#camera;
    counters.requests[operation] = (counters.requests[operation] ?? 0) + 1;
    if (faults.use('hang', operation) !== undefined) return true;
    if (faults.use('reset', operation) !== undefined) {
      cut(request);
      return true;
    }
    const http = faults.use('http', operation);
    if (http !== undefined) send(response, htmlError(http.status ?? 503));
    return http !== undefined;
  }
}

function readEnvelope(body: string): { header: XmlElement | undefined; element: XmlElement } {
  const root = parseXml(body);
  const [element] = find(root, 'Body')?.children ?? [];
  if (root.local !== 'Envelope' || root.uri !== NS.s || element === undefined) {
    throw new SoapFault('Sender', ['ter:WellFormed'], 'No SOAP 1.2 envelope with a body');
  }
  return { header: find(root, 'Header'), element };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LARGEST_REQUEST) throw new RequestError('request too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function cut({ socket }: IncomingMessage): void {
  // A TLS socket has no reset of its own.
  if (socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}

function htmlError(status: number): Reply {
  const body = `<html><head><title>${status}</title></head><body><h1>Error ${status}</h1></body></html>`;
  return { status, headers: {}, type: 'text/html', body };
}
