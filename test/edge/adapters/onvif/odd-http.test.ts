import { type AddressInfo, createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { identify } from '../../../../edge/adapters/onvif/calls.ts';
import { SoapClient } from '../../../../edge/adapters/onvif/soap-client.ts';

const stops: Array<() => unknown> = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const envelope =
  '<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><GetDeviceInformationResponse><Manufacturer>Odd</Manufacturer></GetDeviceInformationResponse></s:Body></s:Envelope>';
const mime = `--b\r\nContent-Type: application/xop+xml\r\n\r\n${envelope}\r\n--b--\r\n`;

/** An answer as firmware writes it: headers beside the usual ones, body, and what is changed of the whole. */
function answer(headers: string[], body = envelope, length: number | undefined = body.length): string {
  const usual = ['HTTP/1.1 200 OK', 'Content-Type: application/soap+xml', ...headers, 'Connection: close'];
  const all = length === undefined ? usual : [...usual, `Content-Length: ${length}`];
  return `${all.join('\r\n')}\r\n\r\n${body}`;
}

test.each([
  ['a NUL behind the envelope', answer([], `${envelope}\0`)],
  ['a new line before it', answer([], `\r\n${envelope}`)],
  ['a folded header', answer(['X-A: one', '\ttwo'])],
  ['a control character in a header', answer(['Server: cam\u0001era'])],
  ['a length that is too large', answer([], envelope, envelope.length + 5)],
  ['a MIME message', answer([], mime)],
  ['no length at all', answer([], envelope, Number.NaN).replace(/\r\nContent-Length: NaN/, '')],
])('bug: a camera was dead for ever for its way to write HTTP: %s', async (_, text) => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(text, 'latin1'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => server.close());
  const device = {
    id: 'cam-1',
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/onvif/device_service`,
  };
  const client = new SoapClient({ device, maxBytes: 65_536, deviceClock: Date.now });
  expect(await identify(client, { timeoutMs: 3_000 })).toMatchObject({ manufacturer: 'Odd' });
});
