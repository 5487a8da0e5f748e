import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { envelope } from './soap.ts';
import type { SimulatedCamera } from './types.ts';
import { escapeXml, find, parseXml, textAt, type XmlElement } from './xml.ts';

/** Of another process, or a SimulatedCamera, whose address may change. */
type Target = Pick<SimulatedCamera, 'url' | 'user' | 'password'>;

/** A plain SOAP client by which the simulator's own tests see what is on the wire. */
export class SoapClient {
  readonly #camera: Target;
  /** Sent with each request; false: none. */
  credentials: { user: string; password: string; created?: () => string } | false;
  timeoutMs = 5_000;
  /** Authority of an HTTPS camera's certificate. */
  ca: string | undefined;

  constructor(camera: Target) {
    this.#camera = camera;
    this.credentials = { user: camera.user, password: camera.password };
  }

  /** One request to the device's address (or `to`); rejects when the connection breaks or nothing comes in time. */
  async call(body: string, to = this.#camera.url, header = ''): Promise<SoapAnswer> {
    const security = this.credentials === false ? '' : usernameToken(this.credentials);
    const text = envelope(body).replace('<s:Body>', `<s:Header>${security}${header}</s:Header><s:Body>`);
    const { response, content } = await exchange(to, text, this.timeoutMs, this.ca);
    return new SoapAnswer(response, content);
  }

  /** Creates a pull point and resolves with its address. */
  async create(options: { filter?: string; termination?: string } = {}): Promise<string> {
    const filter =
      options.filter === undefined
        ? ''
        : `<tev:Filter><wsnt:TopicExpression Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">${escapeXml(options.filter)}</wsnt:TopicExpression></tev:Filter>`;
    const termination =
      options.termination === undefined
        ? ''
        : `<tev:InitialTerminationTime>${options.termination}</tev:InitialTerminationTime>`;
    const answer = await this.call(
      `<tev:CreatePullPointSubscription>${filter}${termination}</tev:CreatePullPointSubscription>`,
    );
    if (answer.status !== 200) throw new Error(`${answer.status} ${answer.subcode} ${answer.content}`);
    return textAt(answer.body, 'CreatePullPointSubscriptionResponse', 'SubscriptionReference', 'Address');
  }

  pull(address: string, timeout = 'PT1S', limit = 100): Promise<SoapAnswer> {
    return this.call(
      `<tev:PullMessages><tev:Timeout>${timeout}</tev:Timeout><tev:MessageLimit>${limit}</tev:MessageLimit></tev:PullMessages>`,
      address,
    );
  }
}

/** What came back. */
export class SoapAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly content: string;

  constructor({ statusCode = 0, headers }: IncomingMessage, content: string) {
    this.status = statusCode;
    this.headers = headers;
    this.content = content;
  }

  /** The SOAP body; throws if the answer is no XML. */
  get body(): XmlElement | undefined {
    return find(parseXml(this.content), 'Body');
  }

  /** The innermost subcode of a fault. */
  get subcode(): string {
    let at = find(this.body, 'Fault', 'Code');
    while (find(at, 'Subcode') !== undefined) at = find(at, 'Subcode');
    return textAt(at, 'Value');
  }

  /** Notifications of a PullMessagesResponse as `topic operation name=value ...`. */
  get messages(): string[] {
    const response = find(this.body, 'PullMessagesResponse');
    return (response?.children ?? [])
      .filter(({ local }) => local === 'NotificationMessage')
      .map((notification) => {
        const message = find(notification, 'Message', 'Message');
        const items = (message?.children ?? []).flatMap(({ children }) =>
          children.map(({ attributes }) => `${attributes.Name}=${attributes.Value}`),
        );
        const operation = message?.attributes.PropertyOperation ?? '-';
        return [textAt(notification, 'Topic'), operation, ...items].join(' ');
      });
  }
}

function usernameToken(given: { user: string; password: string; created?: () => string }): string {
  const nonce = randomBytes(16);
  const created = given.created?.() ?? new Date().toISOString();
  const digest = createHash('sha1').update(nonce).update(created).update(given.password).digest('base64');
  const wsse = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss';
  return `<wsse:Security xmlns:wsse="${wsse}-wssecurity-secext-1.0.xsd" xmlns:wsu="${wsse}-wssecurity-utility-1.0.xsd"><wsse:UsernameToken><wsse:Username>${escapeXml(given.user)}</wsse:Username><wsse:Password Type="${wsse}-username-token-profile-1.0#PasswordDigest">${digest}</wsse:Password><wsse:Nonce>${nonce.toString('base64')}</wsse:Nonce><wsu:Created>${created}</wsu:Created></wsse:UsernameToken></wsse:Security>`;
}

function exchange(
  url: string,
  body: string,
  timeoutMs: number,
  ca: string | undefined,
): Promise<{ response: IncomingMessage; content: string }> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const request = send(
      url,
      {
        method: 'POST',
        agent: false,
        ...(ca === undefined ? {} : { ca }),
        headers: { 'Content-Type': 'application/soap+xml' },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => resolve({ response, content: Buffer.concat(chunks).toString() }));
      },
    );
    const timer = setTimeout(() => request.destroy(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
    request.on('close', () => clearTimeout(timer));
    request.on('error', reject);
    request.end(body);
  });
}
