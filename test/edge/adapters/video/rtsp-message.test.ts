import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  encodeMessage,
  headerValue,
  RtspFault,
  type RtspMessage,
  RtspReader,
  withHeaders,
} from '../../../../edge/adapters/video/rtsp-message.ts';

function read(chunks: readonly Buffer[]): Array<RtspMessage | Buffer> {
  const seen: Array<RtspMessage | Buffer> = [];
  const reader = new RtspReader({
    message: (message) => seen.push(message),
    media: (bytes) => {
      const last = seen.at(-1);
      if (Buffer.isBuffer(last)) seen[seen.length - 1] = Buffer.concat([last, bytes]);
      else seen.push(Buffer.from(bytes));
    },
  });
  for (const chunk of chunks) reader.push(chunk);
  return seen;
}

const frame = (bytes: Uint8Array): Buffer => {
  const head = Buffer.from([0x24, 0, bytes.length >> 8, bytes.length & 0xff]);
  return Buffer.concat([head, bytes]);
};

test('messages and media come out in order, however the bytes are cut', () => {
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map(frame),
    fc.string({ maxLength: 50 }).map((text) => {
      const body = Buffer.from(text);
      const headers = [['CSeq', '7'] as const, ['Content-Length', String(body.length)] as const];
      return encodeMessage({ startLine: 'RTSP/1.0 200 OK', headers: [...headers], body });
    }),
  );
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 8 }),
      fc.array(fc.nat(400), { maxLength: 20 }),
      (parts, sizes) => {
        const bytes = Buffer.concat(parts);
        const chunks: Buffer[] = [];
        let at = 0;
        for (const size of sizes) {
          chunks.push(bytes.subarray(at, at + size));
          at = Math.min(bytes.length, at + size);
        }
        chunks.push(bytes.subarray(at));
        expect(read(chunks)).toEqual(read([bytes]));
        const again = read([bytes]).map((one) => (Buffer.isBuffer(one) ? one : encodeMessage(one)));
        expect(Buffer.concat(again)).toEqual(bytes);
      },
    ),
  );
});

test('what is no RTSP, or too much of it, is a fault', () => {
  const long = `OPTIONS * RTSP/1.0\r\nA: ${'x'.repeat(20_000)}`;
  const body = 'RTSP/1.0 200 OK\r\nContent-Length: 70000\r\n\r\n';
  const negative = 'RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n';
  for (const text of [long, body, negative, '\u0016\u0003\u0001', 'http'])
    expect(() => read([Buffer.from(text)])).toThrow(RtspFault);
});

test('headers are found and set whatever their case', () => {
  const [message] = read([Buffer.from('PLAY a RTSP/1.0\r\ncseq: 1\r\nSession: 4\r\n\r\n')]) as [RtspMessage];
  expect(headerValue(message, 'cseq')).toBe('1');
  const changed = withHeaders(message, { CSeq: '2', Session: undefined });
  expect(changed.headers).toEqual([['CSeq', '2']]);
});
