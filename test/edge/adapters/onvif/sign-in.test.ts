import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { getClock, identify } from '../../../../edge/adapters/onvif/calls.ts';
import { SoapClient } from '../../../../edge/adapters/onvif/soap-client.ts';
import { tryCredentials } from '../../../../edge/adapters/onvif/trial.ts';
import { waitFor } from '../../../simulators/wait.ts';
import { Watched } from './support.ts';

const stops: Array<() => unknown> = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

interface Form {
  status: number;
  body: string;
  headers?: Record<string, string>;
}

const soap11 = (code: string, reason: string) =>
  `<SE:Envelope xmlns:SE="http://schemas.xmlsoap.org/soap/envelope/"><SE:Body><SE:Fault><faultcode>SE:${code}</faultcode><faultstring>${reason}</faultstring></SE:Fault></SE:Body></SE:Envelope>`;
const soap12 = (code: string, subcode: string, reason: string) =>
  `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code><s:Value>s:${code}</s:Value><s:Subcode><s:Value>${subcode}</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">${reason}</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>`;
const facts =
  '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><GetDeviceInformationResponse><Manufacturer>Odd</Manufacturer></GetDeviceInformationResponse></s:Body></s:Envelope>';

/** A device that refuses everybody in its own form who does not send a token; counts those who do. */
async function device(form: Form, takesTokens: boolean) {
  const seen = { bare: 0, tokens: 0 };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const hasToken = Buffer.concat(chunks).includes('UsernameToken');
      seen[hasToken ? 'tokens' : 'bare']++;
      if (hasToken && takesTokens) response.end(facts);
      else response.writeHead(form.status, form.headers ?? {}).end(form.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/onvif/device_service`;
  const of = { id: 'cam-1', url, user: 'gateway', password: 'right' };
  return { seen, of, client: new SoapClient({ device: of, maxBytes: 65_536, deviceClock: Date.now }) };
}

const bounds = { timeoutMs: 3_000 };
const named: ReadonlyArray<readonly [string, Form]> = [
  ['SOAP 1.1, Sender', { status: 400, body: soap11('Sender', 'Sender not Authorized') }],
  ['SOAP 1.1, Client', { status: 500, body: soap11('Client', 'Authentication failed') }],
  ['NotAuthorized with 200', { status: 200, body: soap12('Sender', 'ter:NotAuthorized', 'no') }],
  ['Authority failure', { status: 500, body: soap12('Receiver', 'ter:Action', 'Authority failure') }],
];
const doubtful: ReadonlyArray<readonly [string, Form]> = [
  ['a fault that says nothing', { status: 500, body: soap12('Receiver', 'ter:Action', 'Error 17') }],
  ['an error without SOAP', { status: 400, body: '<html>Bad Request</html>' }],
];

describe('bug: credentials were never tried where the first refusal had a form of its own', () => {
  test.each([...named, ...doubtful])('%s: tried once, and accepted', async (_, form) => {
    const { seen, client } = await device(form, true);
    expect(await identify(client, bounds)).toMatchObject({ manufacturer: 'Odd' });
    expect(seen).toEqual({ bare: 1, tokens: 1 });
    expect(client.isProven).toBe(true);
  });

  test.each(named)('%s, also with a token: refused, after one attempt', async (_, form) => {
    const { seen, client } = await device(form, false);
    await expect(identify(client, bounds)).rejects.toMatchObject({ kind: 'rejected' });
    expect(seen).toEqual({ bare: 1, tokens: 1 });
  });

  test('what may mean anything is no refusal, and a step has one attempt all the same', async () => {
    const { seen, client } = await device(doubtful[0]![1], false);
    expect(await identify(client, bounds)).toBeUndefined();
    expect(await identify(client, bounds)).toBeUndefined();
    expect(seen).toEqual({ bare: 2, tokens: 1 });
    // the next step
    await expect(getClock(client, bounds)).rejects.toMatchObject({ kind: 'fault' });
    expect(await identify(client, bounds)).toBeUndefined();
    expect(seen.tokens).toBe(2);
  });
});

describe('bug: user and password were blamed for a form of sign-in that we do not have', () => {
  test.each([
    ['Basic realm="x"', /offers basic in a form .* switch Digest/],
    ['Digest realm="x", nonce="n", qop="auth-int"', /offers digest in a form .* switch Digest/],
  ])('%s', async (challenge, reason) => {
    const { of } = await device({ status: 401, body: '', headers: { 'www-authenticate': challenge } }, false);
    const watched = await new Watched([of]).start();
    stops.push(() => watched.adapter.stop());
    await waitFor('the refusal', () => watched.state() === 'refused');
    expect(watched.adapter.health('cam-1')?.reason).toMatch(reason);
    const trial = await tryCredentials({ ...of, timeoutMs: 3_000, clock: Date.now });
    expect(trial.verdict).toBe('no-digest');
  });

  test('a device that does not tell its clock may only have that wrong', async () => {
    const { of } = await device(
      { status: 400, body: soap12('Sender', 'ter:NotAuthorized', 'Sender not authorized') },
      false,
    );
    const watched = await new Watched([of]).start();
    stops.push(() => watched.adapter.stop());
    await waitFor('the refusal', () => watched.state() === 'refused');
    expect(watched.adapter.health('cam-1')?.reason).toMatch(
      /by its clock and does not tell it: set it by NTP/,
    );
  });
});

test('bug: a subscription at another port of the camera was never reached; one that is not there is asked at ours', async () => {
  const other = await device({ status: 200, body: facts }, true);
  const { seen, client } = await device({ status: 200, body: facts }, true);
  const ask = (port: string) =>
    client.call('GetDeviceInformation', {
      path: `:${port}/event-1`,
      action: 'x',
      envelope: '<x/>',
      authenticate: 'always',
      ...bounds,
    });
  await ask(new URL(other.of.url).port);
  expect([seen.bare, other.seen.bare]).toEqual([0, 1]);
  await ask('9');
  await ask('9');
  expect(seen.bare).toBe(2);
});

test('bug: a redirection was told as lost answers', async () => {
  const { client } = await device(
    { status: 302, body: '', headers: { location: 'https://camera.example/onvif' } },
    false,
  );
  await expect(getClock(client, bounds)).rejects.toMatchObject({
    kind: 'declined',
    message: expect.stringMatching(/HTTP 302 and sends us to https:\/\/camera.example\/onvif/),
  });
});
