import { type Answer, call } from '../api.ts';

/** A request for a second person from afar. */
export interface SecondRequest {
  readonly id: string;
  readonly act: string;
  readonly on: string;
  readonly by: { readonly user: string; readonly name: string; readonly station?: string };
  readonly leftS: number;
  readonly agreed: ReadonlyArray<{ user: string; name: string }>;
}

/** How often requests are looked for, milliseconds: people wait for them. */
export const LOOK_MS = 3_000;

export function readRequests(): Promise<Answer<{ requests: SecondRequest[] }>> {
  return call('GET', 'second-person');
}

export function askForSecond(act: string, on: string): Promise<Answer<SecondRequest>> {
  return call('POST', 'second-person', { act, on });
}

/** Agrees; the code is told to who asked. */
export function agree(id: string): Promise<Answer<{ code: string; leftS: number }>> {
  return call('POST', `second-person/${encodeURIComponent(id)}/code`);
}

export function takeBack(id: string): Promise<Answer<unknown>> {
  return call('DELETE', `second-person/${encodeURIComponent(id)}`);
}
