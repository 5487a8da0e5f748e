import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { basicHeader, challengesOf, DigestAnswer } from '../../../edge/adapters/digest.ts';

const field = (header: string, name: string) =>
  header
    .match(new RegExp(`[ ,]${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^,]+))`))
    ?.slice(1)
    .find(Boolean);

function answer(challenge: string, user: string, password: string): DigestAnswer {
  const [found] = challengesOf([challenge]);
  if (found?.scheme !== 'digest') throw new Error(`no digest in ${challenge}`);
  return new DigestAnswer(found, { user, password });
}

test('the example of RFC 2069 (errata 749), without qop', () => {
  const header = answer(
    'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
    'Mufasa',
    'CircleOfLife',
  ).headerFor('GET', '/dir/index.html');
  expect(field(header, 'response')).toBe('1949323746fe6a43ef61f9606e7febea');
  expect(field(header, 'opaque')).toBe('5ccc069c403ebaf9f0171e9517f40e41');
  expect(header).not.toContain('qop');
});

test('RFC 7616: SHA-256 with qop counts its requests and hashes what it says', () => {
  const nonce = '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v';
  const one = answer(
    `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="${nonce}"`,
    'Mufasa',
    'Circle of Life',
  );
  const sha = (text: string) => createHash('sha256').update(text).digest('hex');
  for (const count of ['00000001', '00000002']) {
    const header = one.headerFor('DESCRIBE', 'rtsp://c/1');
    expect(field(header, 'nc')).toBe(count);
    const parts = [
      sha('Mufasa:http-auth@example.org:Circle of Life'),
      nonce,
      count,
      field(header, 'cnonce'),
      'auth',
    ];
    expect(field(header, 'response')).toBe(sha([...parts, sha('DESCRIBE:rtsp://c/1')].join(':')));
  }
});

test('algorithm MD5-sess: the password is hashed with both nonces', () => {
  const md5 = (text: string) => createHash('md5').update(text).digest('hex');
  const header = answer('Digest realm="r", nonce="n", qop="auth", algorithm=MD5-sess', 'u', 'p').headerFor(
    'POST',
    '/x',
  );
  const own = field(header, 'cnonce');
  const secret = md5(`${md5('u:r:p')}:n:${own}`);
  expect(field(header, 'response')).toBe(
    md5([secret, 'n', '00000001', own, 'auth', md5('POST:/x')].join(':')),
  );
  expect(challengesOf(['Digest realm="r", nonce="n", qop="auth-int"'])).toEqual([]);
});

test('several challenges, in one header or in several; a word inside quotes is none', () => {
  const forms = [
    ['Digest realm="a Basic realm=1", nonce="n", stale=TRUE, Basic realm="b"'],
    ['Basic realm="b"', 'Digest realm="a Basic realm=1",nonce=n,stale="true"'],
  ];
  for (const values of forms) {
    const found = challengesOf(values);
    expect(found.map(({ scheme }) => scheme).sort()).toEqual(['basic', 'digest']);
    const digest = found.find(({ scheme }) => scheme === 'digest');
    expect(digest).toMatchObject({ realm: 'a Basic realm=1', nonce: 'n', stale: true, qop: false });
  }
  expect(
    challengesOf(['Digest realm="a"', 'Bearer x', 'Digest realm="a", nonce="n", algorithm=MD4']),
  ).toEqual([]);
});

test('quotes and Chinese in user and password', () => {
  const header = answer('Digest realm="r", nonce="n"', 'a"b\\', '密码').headerFor('PLAY', 'rtsp://c/');
  expect(header).toContain('username="a\\"b\\\\"');
  expect(basicHeader({ user: 'u', password: '密码' })).toBe(
    `Basic ${Buffer.from('u:密码').toString('base64')}`,
  );
});

test.each([
  [
    'the first that we know',
    ['Digest realm="a", nonce="1", algorithm=SHA-512-256', 'Digest realm="b", nonce="2"'],
    '2',
  ],
  [
    'two in one header',
    ['Digest realm="a", nonce="1", algorithm=SHA-512-256, Digest realm="b", nonce="2", algorithm=MD5'],
    '2',
  ],
  ['among others', ['Basic realm="a"', 'Digest realm="a, Digest b", nonce="3", qop="auth"'], '3'],
  ['auth-int alone', ['Digest realm="a", nonce="1", qop="auth-int"'], undefined],
  ['none', [], undefined],
  ['Basic', ['Basic realm="x"'], undefined],
])('a challenge: %s', (_, headers, nonce) => {
  const digest = challengesOf(headers).find((challenge) => challenge.scheme === 'digest');
  expect(digest?.nonce).toBe(nonce);
});
