import { expect, test } from 'vitest';
import { ChainEnd, chainNext, digestOf } from '../../contract/chain.ts';

test('a chain that grows has the hashes of the rows taken one by one', () => {
  const bodies = ['{}', '{"name":"门"}', 'x'.repeat(100_000)];
  const end = new ChainEnd(Buffer.alloc(32));
  const hashes = Buffer.alloc(bodies.length * 32);
  let hash: Buffer = Buffer.alloc(32);
  for (const [i, body] of bodies.entries()) {
    const seq = 2 ** 32 - 1 + i;
    hash = chainNext(hash, seq, digestOf(body));
    end.add(seq, body, hashes, i * 32);
    expect(hashes.subarray(i * 32, i * 32 + 32)).toEqual(hash);
  }
  expect(end.hash).toEqual(hash);
});
