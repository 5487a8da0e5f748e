import { type Answer, call } from '../api.ts';

export function changePassword(password: string, next: string): Promise<Answer<unknown>> {
  return call('POST', 'account/password', { password, next });
}

/** A new secret for an authenticator; it counts once it was confirmed. */
export function offerFactor(password: string): Promise<Answer<{ secret: string; uri: string }>> {
  return call('POST', 'account/second-factor', { password });
}

export function confirmFactor(code: string): Promise<Answer<{ recovery: string[] }>> {
  return call('POST', 'account/second-factor/confirm', { code });
}

export function dropFactor(password: string): Promise<Answer<unknown>> {
  return call('POST', 'account/second-factor/remove', { password });
}

export function leaveEverywhere(): Promise<Answer<unknown>> {
  return call('DELETE', 'account/sessions');
}
