import { describe, expect, test } from 'vitest';
import { answerIn } from '../../../../edge/adapters/onvif/envelope.ts';
import { OnvifFailure } from '../../../../edge/adapters/onvif/failure.ts';
import { ownUrl, pathOf } from '../../../../edge/adapters/onvif/soap-client.ts';
import { usernameToken } from '../../../../edge/adapters/onvif/username-token.ts';
import { parseXml } from '../../../../edge/adapters/onvif/xml.ts';

test('a user token is that of the profile, text as UTF-8', () => {
  const nonce = Buffer.from('LKqI6G/AikKCQrN0zqZFlg==', 'base64');
  const at = Date.parse('2010-09-16T07:50:45.000Z');
  const xml = usernameToken({ user: 'a<&>"b', password: '密码' }, at, nonce);
  const token = parseXml(xml);
  expect(token.children[0]!.children.map(({ local }) => local)).toEqual([
    'Username',
    'Password',
    'Nonce',
    'Created',
  ]);
  expect(token.children[0]!.children[0]!.text).toBe('a<&>"b');
  expect(token.children[0]!.children[2]!.text).toBe('LKqI6G/AikKCQrN0zqZFlg==');
  expect(token.children[0]!.children[3]!.text).toBe('2010-09-16T07:50:45.000Z');
});

describe('addresses that a device gives', () => {
  const own = new URL('http://192.0.2.10:81/onvif/device_service');

  test.each([
    ['http://10.0.0.1/onvif/events?id=7', 'http://192.0.2.10:81/onvif/events?id=7'],
    ['http://10.0.0.1//evil.example/x', 'http://192.0.2.10:81//evil.example/x'],
    ['/Subscription?Idx=0', 'http://192.0.2.10:81/Subscription?Idx=0'],
    ['//evil.example/x', 'http://192.0.2.10:81/x'],
    ['file:///etc/passwd', 'http://192.0.2.10:81/etc/passwd'],
    // bug: TP-Link serves each subscription at a port of its own, which was never asked
    ['http://192.0.2.10:1024/event-1024_1024', 'http://192.0.2.10:1024/event-1024_1024'],
    ['http://192.0.2.10/onvif/events', 'http://192.0.2.10:81/onvif/events'],
    ['https://192.0.2.10:1024/x', 'http://192.0.2.10:81/x'],
  ])('lead to its own host: %s', (given, called) => {
    expect(ownUrl(own, pathOf(given, own.href)!).href).toBe(called);
  });
});

describe('faults', () => {
  const fault = (codes: string[], reason = 'r') =>
    `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value>${codes.reduceRight((inner, code) => `<s:Subcode><s:Value>${code}</s:Value>${inner}</s:Subcode>`, '')}</s:Code><s:Reason><s:Text xml:lang="en">${reason}</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>`;
  const kindOf = (xml: string) => {
    try {
      answerIn(parseXml(xml), 'PullMessages');
      return undefined;
    } catch (error) {
      return error instanceof OnvifFailure ? error.kind : error;
    }
  };

  test.each([
    [['ter:NotAuthorized'], 'rejected'],
    [['wsse:FailedAuthentication'], 'rejected'],
    [['ter:InvalidArgVal', 'ter:NotAuthorized'], 'rejected'],
    [['ter:ActionNotSupported'], 'unsupported'],
    [['wsrf-rw:ResourceUnknownFault'], 'gone'],
    [['ter:Action'], 'fault'],
    [[], 'fault'],
  ])('%j is %s', (codes, kind) => {
    expect(kindOf(fault(codes))).toBe(kind);
  });

  test('of SOAP 1.1, and answers to something else', () => {
    const old =
      '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault><faultcode>ter:NotAuthorized</faultcode><faultstring>no</faultstring></e:Fault></e:Body></e:Envelope>';
    expect(kindOf(old)).toBe('rejected');
    expect(kindOf('<html/>')).toBe('malformed');
    expect(kindOf('<s:Envelope xmlns:s="x"><s:Body><RenewResponse/></s:Body></s:Envelope>')).toBe(
      'malformed',
    );
  });
});
