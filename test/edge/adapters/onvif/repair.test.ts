import { describe, expect, test } from 'vitest';
import { readNotification } from '../../../../edge/adapters/onvif/notification.ts';
import { readAnswer } from '../../../../edge/adapters/onvif/repair.ts';
import { child, childrenOf } from '../../../../edge/adapters/onvif/xml.ts';

const one = (topic: string, data: string) =>
  `<w:NotificationMessage><w:Topic>tns1:${topic}</w:Topic><w:Message><tt:Message UtcTime="2026-12-01T02:00:00Z"><tt:Source><tt:SimpleItem Name="Token" Value="1"/></tt:Source><tt:Data>${data}</tt:Data></tt:Message></w:Message></w:NotificationMessage>`;
const item = (value: string) => `<tt:SimpleItem Name="Rule" Value="${value}"/>`;
const answer = (...messages: string[]) =>
  `<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:w="http://docs.oasis-open.org/wsn/b-2" xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:tns1="http://www.onvif.org/ver10/topics"><s:Body><PullMessagesResponse>\n${messages.join('\n')}\n</PullMessagesResponse></s:Body></s:Envelope>`;
const press = one('Device/Trigger/DigitalInput', '<tt:SimpleItem Name="LogicalState" Value="true"/>');

function read(text: string) {
  const body = child(readAnswer(text).document, 'Body', 'PullMessagesResponse');
  return childrenOf(body, 'NotificationMessage').flatMap((message) => readNotification(message));
}

describe('bug: one notification that is no XML took the panic beside it along, for ever', () => {
  test.each([
    ['an ampersand', 'A&B', 'A&B'],
    ['an ampersand like a reference', 'A&B;C&nbsp;', 'A&B;C&nbsp;'],
    ['a reference in capitals', 'A&AMP;B', 'A&B'],
    ['a control character', 'A\u000bB', 'A\ufffdB'],
    ['a reference to one', 'A&#0;B&#xB;&#x41;', 'A\ufffdB\ufffdA'],
    ['a smaller-than', 'A<B&lt;C', 'A<B<C'],
  ])('%s is read as it was meant', (_, written, meant) => {
    const [rule, button] = read(answer(one('RuleEngine/LineDetector/Crossed', item(written)), press));
    expect(rule?.body.data).toEqual({ Rule: meant });
    expect(button?.body.data).toEqual({ LogicalState: 'true' });
  });

  test.each([
    ['a quote', item('A"B')],
    ['tags that do not fit', '<tt:SimpleItem Name="Rule" Value="A"></tt:Data>'],
  ])('%s: that one is given up by name, the others are handed on', (_, data) => {
    const found = read(answer(press, one('RuleEngine/LineDetector/Crossed', data), press));
    expect(found.map(({ topic, isUnread = false }) => [topic, isUnread])).toEqual([
      ['tns1:Device/Trigger/DigitalInput', false],
      ['unreadable/tns1:RuleEngine/LineDetector/Crossed', true],
      ['tns1:Device/Trigger/DigitalInput', false],
    ]);
  });

  test('an envelope that is broken, or has a DOCTYPE, is refused as before', () => {
    const broken = answer(press, one('X', item('A"B')));
    expect(() => readAnswer(broken.replace('</s:Body>', '</s:Boby><&>'))).toThrow();
    expect(() => readAnswer(broken.replace('?>', '?><!DOCTYPE s [<!ENTITY l "l">]>'))).toThrow();
    expect(() => readAnswer(answer(press).slice(0, -300))).toThrow();
  });

  test('what is meant to take long does not', () => {
    const from = performance.now();
    expect(() => readAnswer(answer('<w:NotificationMessage>'.repeat(80_000)))).toThrow();
    expect(() => readAnswer(answer(`<tt:X Name="${'<'.repeat(500_000)}`))).toThrow();
    expect(performance.now() - from).toBeLessThan(3_000);
  });
});
