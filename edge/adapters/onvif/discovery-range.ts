/** Addresses of one search at most: a /22. */
export const MAX_ADDRESSES = 1_024;

/** Networks that are nobody's on the Internet: RFC 1918, RFC 6598, RFC 3927, and this machine. */
const privateNets: ReadonlyArray<readonly [net: string, prefix: number]> = [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
  ['127.0.0.0', 8],
];

/** Why a range is not searched. */
export type RangeFault = 'malformed' | 'too-large' | 'not-private';

/**
 * The addresses of an IPv4 range (`192.168.1.0/24`, or one address), without those of the network and of everybody; or
 * what is wrong with it.
 */
export function addressesOf(range: string): { addresses: string[] } | { fault: RangeFault } {
  const [, text = '', prefixText] = /^(\d{1,3}(?:\.\d{1,3}){3})(?:\/(\d{1,2}))?$/.exec(range.trim()) ?? [];
  const address = numberOf(text);
  const prefix = prefixText === undefined ? 32 : Number(prefixText);
  if (address === undefined || prefix > 32) return { fault: 'malformed' };
  const size = 2 ** (32 - prefix);
  if (size > MAX_ADDRESSES) return { fault: 'too-large' };
  const first = address - (address % size);
  const isPrivate = privateNets.some(
    ([net, bits]) => bits <= prefix && sameNet(first, numberOf(net) as number, bits),
  );
  if (!isPrivate) return { fault: 'not-private' };
  const all = Array.from({ length: size }, (_, i) => textOf(first + i));
  return { addresses: prefix < 31 ? all.slice(1, -1) : all };
}

function sameNet(a: number, b: number, prefix: number): boolean {
  const size = 2 ** (32 - prefix);
  return Math.floor(a / size) === Math.floor(b / size);
}

function numberOf(text: string): number | undefined {
  const parts = text.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !(part <= 255))) return undefined;
  return parts.reduce((number, part) => number * 256 + part, 0);
}

function textOf(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}
