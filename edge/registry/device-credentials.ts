import { randomBytes } from 'node:crypto';
import type { Device } from '../../contract/site.ts';

/** No letter or digit that is taken for another when it is typed into a device: no 0, 1, l, o. 32 of them. */
const LETTERS = '23456789abcdefghijkmnpqrstuvwxyz';
const GROUPS = 4;
const GROUP_LETTERS = 5;

/** A broker account as it is shown once, to whoever types it into the device. */
export interface IssuedCredential {
  user: string;
  password: string;
  /** Ids of the devices that use this account. */
  devices: string[];
  /** The account is new; else its password was replaced. */
  created: boolean;
}

/** 100 random bits in four groups that a person can read out. */
export function newDevicePassword(): string {
  const letters = [...randomBytes(GROUPS * GROUP_LETTERS)].map((byte) => LETTERS[byte % LETTERS.length]);
  return Array.from({ length: GROUPS }, (_, i) =>
    letters.slice(i * GROUP_LETTERS, (i + 1) * GROUP_LETTERS).join(''),
  ).join('-');
}

/** The account that a device gets: the one it has, else one of its own name that no other device uses. */
export function accountOf(
  device: Pick<Device, 'id' | 'user'>,
  hasCredential: (user: string) => boolean,
  isUsed: (user: string) => boolean,
): string {
  if (device.user !== undefined) return device.user;
  let user = device.id;
  for (let n = 2; hasCredential(user) && isUsed(user); n++) user = `${device.id.slice(0, 58)}-${n}`;
  return user;
}
