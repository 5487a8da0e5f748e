import { randomBytes } from 'node:crypto';
import type { Device } from '../../contract/site.ts';
import type { BrokerAccount } from '../adapters/mqtt/options.ts';

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

/**
 * Whether what an account may publish is this device alone: each of its topics names the device by its key. What is
 * wider speaks for others, too, and is no device's own.
 */
export function isOwnAccount(
  { publish, commissioning }: Pick<BrokerAccount, 'publish'> & { commissioning?: boolean | undefined },
  key: string,
): boolean {
  return commissioning !== true && publish.every((filter) => `/${filter}/`.includes(`/${key}/`));
}

/** The account that a device gets: the one it has, else one of its own name that is nobody else's. */
export function accountOf(device: Pick<Device, 'id' | 'user'>, isTaken: (user: string) => boolean): string {
  if (device.user !== undefined) return device.user;
  let user = device.id;
  for (let n = 2; isTaken(user); n++) user = `${device.id.slice(0, 58)}-${n}`;
  return user;
}
