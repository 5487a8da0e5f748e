import type { Alarm } from '../../contract/alarm.ts';
import type { Problem, ProblemCode } from '../../contract/problem.ts';

/** An answer of the gateway cannot take longer; then it counts as not reached. */
const ANSWER_WITHIN_MS = 15_000;

/** The gateway's answer to a request. `problem` also comes with success (`already-done`, `not-stored`). */
export interface Answer<Body> {
  readonly status: number;
  readonly body: Body | undefined;
  readonly problem: Problem | undefined;
}

/** Thrown when nothing sensible came back: no connection, or something that is not the gateway answered. */
export class Unreachable extends Error {}

/** Language of the gateway's sentences. */
let language = 'zh-CN';

export function setApiLanguage(tag: string): void {
  language = tag;
}

/** Address of an API path, below wherever the console is served from. */
export function apiUrl(path: string): URL {
  return new URL(`api/v1/${path}`, document.baseURI);
}

/** Calls the gateway. Throws only `Unreachable`; refusals are answers. A `Blob` goes as the bytes that it is. */
export async function call<Body>(method: string, path: string, body?: unknown): Promise<Answer<Body>> {
  const isFile = body instanceof Blob;
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), ANSWER_WITHIN_MS);
  try {
    const response = await fetch(apiUrl(path), {
      method,
      signal: abort.signal,
      credentials: 'same-origin',
      cache: 'no-store',
      headers: {
        accept: 'application/json, application/problem+json',
        'accept-language': language,
        ...(body === undefined ? {} : { 'content-type': isFile ? body.type : 'application/json' }),
      },
      ...(body === undefined ? {} : { body: isFile ? body : JSON.stringify(body) }),
    });
    return await read<Body>(response);
  } catch (error) {
    throw error instanceof Unreachable ? error : new Unreachable(String(error));
  } finally {
    clearTimeout(timer);
  }
}

async function read<Body>(response: Response): Promise<Answer<Body>> {
  const type = response.headers.get('content-type') ?? '';
  const text = await response.text();
  const { status } = response;
  if (text === '') return { status, body: undefined, problem: undefined };
  if (!type.includes('json')) throw new Unreachable(`${status} with ${type}`);
  const json: unknown = JSON.parse(text);
  if (type.includes('problem+json')) return { status, body: undefined, problem: json as Problem };
  return { status, body: json as Body, problem: undefined };
}

/** Did it work out? `already-done` and `not-stored` did. */
export function succeeded({ status, problem }: Answer<unknown>): boolean {
  return problem === undefined ? status < 400 : problem.status < 300;
}

export function isProblem(answer: Answer<unknown>, code: ProblemCode): boolean {
  return answer.problem?.code === code;
}

/** The alarm in an answer, marked when it is not on disk. */
export function alarmIn(answer: Answer<Alarm>): Alarm | undefined {
  const { body, problem } = answer;
  const alarm = problem === undefined ? body : problem.alarm;
  return alarm !== undefined && problem?.unsaved === true ? { ...alarm, unsaved: true } : alarm;
}
