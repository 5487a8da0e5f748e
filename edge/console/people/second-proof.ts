import type { AlarmActionRequest } from '../../../contract/alarm.ts';

/** What the fields of a second person hold: their password here, or the code that they were given elsewhere. */
export interface SecondProof {
  user: string;
  password: string;
  code: string;
  remote: boolean;
}

export function noProof(): SecondProof {
  return { user: '', password: '', code: '', remote: false };
}

/** The second person as a request names them. The fields forget password and code: each counts for one request. */
export function takeProof(proof: SecondProof): NonNullable<AlarmActionRequest['second']> {
  const user = proof.user.trim();
  const { remote, password, code } = proof;
  Object.assign(proof, { password: '', code: '' });
  return remote ? { user, code } : { user, password };
}
