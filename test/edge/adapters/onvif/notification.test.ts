import { describe, expect, test } from 'vitest';
import { fingerprintOf, readNotification } from '../../../../edge/adapters/onvif/notification.ts';
import { childrenOf, parseXml, type XmlElement } from '../../../../edge/adapters/onvif/xml.ts';

function messagesIn(element: XmlElement): XmlElement[] {
  return [
    ...childrenOf(element, 'NotificationMessage'),
    ...element.children.flatMap((inner) => messagesIn(inner)),
  ];
}

test('bug: two denials of one second were one: what is said names them, its operation does not', () => {
  const body = {
    operation: '',
    utcTime: 'x',
    source: { Token: '1' },
    key: {},
    data: { Reason: 'InvalidPIN' },
  };
  const named = fingerprintOf('t', body);
  expect(fingerprintOf('t', { ...body, operation: 'Initialized', utcTime: 'y' })).toBe(named);
  expect(fingerprintOf('t', { ...body, data: { Reason: 'CredentialExpired' } })).not.toBe(named);
  expect(fingerprintOf('u', body)).not.toBe(named);
});

const read = (xml: string) => messagesIn(parseXml(xml)).flatMap((message) => readNotification(message));

const wsnt = 'http://docs.oasis-open.org/wsn/b-2';
const tt = 'http://www.onvif.org/ver10/schema';
const topics = 'http://www.onvif.org/ver10/topics';

/** A PullMessagesResponse as Hikvision's firmware writes it: everything declared on the envelope. */
const hikvision = `<?xml version="1.0" encoding="UTF-8"?>
<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope" xmlns:wsnt="${wsnt}" xmlns:tt="${tt}"
  xmlns:tns1="${topics}" xmlns:tnshik="http://www.hikvision.com/2011/event/topics" xmlns:tev="http://www.onvif.org/ver10/events/wsdl">
<env:Body><tev:PullMessagesResponse>
<tev:CurrentTime>2026-12-01T02:00:00Z</tev:CurrentTime><tev:TerminationTime>2026-12-01T02:01:00Z</tev:TerminationTime>
<wsnt:NotificationMessage>
<wsnt:Topic Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">tns1:Device/tnshik:AlarmIn</wsnt:Topic>
<wsnt:Message><tt:Message UtcTime="2026-12-01T10:00:00+08:00" PropertyOperation="Changed">
<tt:Source><tt:SimpleItem Name="AlarmInToken" Value="AlarmIn_1"/></tt:Source>
<tt:Data><tt:SimpleItem Name="State" Value="true"/></tt:Data></tt:Message></wsnt:Message>
</wsnt:NotificationMessage>
<wsnt:NotificationMessage>
<wsnt:Topic Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">tns1:RuleEngine/CellMotionDetector/Motion</wsnt:Topic>
<wsnt:Message><tt:Message UtcTime="2026-12-01T02:00:01Z" PropertyOperation="Initialized">
<tt:Source><tt:SimpleItem Name="VideoSourceConfigurationToken" Value="VideoSourceToken"/>
<tt:SimpleItem Name="VideoAnalyticsConfigurationToken" Value="VideoAnalyticsToken"/><tt:SimpleItem Name="Rule" Value="MyMotionDetectorRule"/></tt:Source>
<tt:Data><tt:SimpleItem Name="IsMotion" Value="false"/></tt:Data></tt:Message></wsnt:Message>
</wsnt:NotificationMessage>
</tev:PullMessagesResponse></env:Body></env:Envelope>`;

/** Axis nests its namespace inside the standard one, and declares prefixes where it uses them. */
const axis = `<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope"><SOAP-ENV:Body>
<tev:PullMessagesResponse xmlns:tev="http://www.onvif.org/ver10/events/wsdl">
<wsnt:NotificationMessage xmlns:wsnt="${wsnt}"><wsnt:Topic Dialect="d" xmlns:t="${topics}" xmlns:ax="http://www.axis.com/2009/event/topics">t:Device/ax:IO/ax:VirtualInput</wsnt:Topic>
<wsnt:ProducerReference><wsa5:Address xmlns:wsa5="http://www.w3.org/2005/08/addressing">uri://x/ProducerReference</wsa5:Address></wsnt:ProducerReference>
<wsnt:Message><x:Message xmlns:x="${tt}" UtcTime="2026-12-01T02:00:00.123456Z" PropertyOperation="Deleted">
<x:Source><x:SimpleItem Name="port" Value="1"/></x:Source><x:Key><x:SimpleItem Name="k" Value=" padded "/></x:Key>
<x:Data><x:SimpleItem Value="1" Name="active"/></x:Data></x:Message></wsnt:Message></wsnt:NotificationMessage>
</tev:PullMessagesResponse></SOAP-ENV:Body></SOAP-ENV:Envelope>`;

const wrap = (topic: string, message: string, declared = `xmlns:tns1="${topics}"`) =>
  `<e xmlns:wsnt="${wsnt}" xmlns:tt="${tt}" ${declared}><wsnt:NotificationMessage><wsnt:Topic>${topic}</wsnt:Topic>` +
  `<wsnt:Message>${message}</wsnt:Message></wsnt:NotificationMessage></e>`;

describe('notifications as vendors write them', () => {
  test('Hikvision: several in one answer, an offset time, all items', () => {
    expect(read(hikvision)).toEqual([
      {
        topic: 'tns1:Device/tnshik:AlarmIn',
        wasCut: false,
        body: {
          operation: 'Changed',
          utcTime: '2026-12-01T10:00:00+08:00',
          source: { AlarmInToken: 'AlarmIn_1' },
          key: {},
          data: { State: 'true' },
        },
      },
      {
        topic: 'tns1:RuleEngine/CellMotionDetector/Motion',
        wasCut: false,
        body: {
          operation: 'Initialized',
          utcTime: '2026-12-01T02:00:01Z',
          source: {
            VideoSourceConfigurationToken: 'VideoSourceToken',
            VideoAnalyticsConfigurationToken: 'VideoAnalyticsToken',
            Rule: 'MyMotionDetectorRule',
          },
          key: {},
          data: { IsMotion: 'false' },
        },
      },
    ]);
  });

  test('Axis: own prefixes become the canonical ones, a prefix stands where the namespace changes', () => {
    expect(read(axis)).toEqual([
      {
        topic: 'tns1:Device/tnsaxis:IO/VirtualInput',
        wasCut: false,
        body: {
          operation: 'Deleted',
          utcTime: '2026-12-01T02:00:00.123456Z',
          source: { port: '1' },
          key: { k: ' padded ' },
          data: { active: '1' },
        },
      },
    ]);
  });

  test('Dahua: a one-shot event without operation, zone-less and zero dates as they are said', () => {
    const crossed = (time: string) =>
      read(
        wrap(
          'tns1:RuleEngine/LineDetector/Crossed',
          `<tt:Message UtcTime="${time}"><tt:Source><tt:SimpleItem Name="Rule" Value="L1"/></tt:Source>` +
            '<tt:Data><tt:SimpleItem Name="ObjectId" Value="15"/></tt:Data></tt:Message>',
        ),
      )[0]?.body;
    expect(crossed('2026-12-01T10:00:00')).toEqual({
      operation: '',
      utcTime: '2026-12-01T10:00:00',
      source: { Rule: 'L1' },
      key: {},
      data: { ObjectId: '15' },
    });
    expect(crossed('0000-00-00T00:00:00Z')?.utcTime).toBe('0000-00-00T00:00:00Z');
  });

  test.each([
    ['Uniview', 'tns1:RuleEngine/CellMotionDetector/Motion//.', 'tns1:RuleEngine/CellMotionDetector/Motion'],
    [
      'TP-Link',
      ' tns1:RuleEngine/TPSmartEventDetector/TPSmartEvent\n',
      'tns1:RuleEngine/TPSmartEventDetector/TPSmartEvent',
    ],
    ['Reolink', 'tns1:RuleEngine/MyRuleDetector/FaceDetect/.', 'tns1:RuleEngine/MyRuleDetector/FaceDetect'],
    ['a prefix again', 'tns1:VideoSource/tns1:MotionAlarm', 'tns1:VideoSource/MotionAlarm'],
    ['nobody declared it', 'tnsx:Foo/Bar', 'tnsx:Foo/Bar'],
    ['a default namespace of the standard', 'Device/Trigger', 'Device/Trigger'],
  ])('topics: %s', (_, said, canonical) => {
    expect(read(wrap(said, '<tt:Message UtcTime="x"/>'))[0]?.topic).toBe(canonical);
  });

  test('an unknown namespace keeps its prefix; a known one under another prefix does not', () => {
    const declared = `xmlns:a="${topics}" xmlns:b="http://vendor.example/topics"`;
    expect(read(wrap('a:Device/b:Siren', '<tt:Message/>', declared))[0]?.topic).toBe('tns1:Device/b:Siren');
  });
});

describe('values', () => {
  const items = (list: string) =>
    read(wrap('tns1:A', `<tt:Message UtcTime="t"><tt:Data>${list}</tt:Data></tt:Message>`))[0]!;

  test('are not interpreted', () => {
    const { body } = items(
      '<tt:SimpleItem Name="Card" Value="12345678901234567890"/><tt:SimpleItem Name="CredentialHolderName" Value="true"/>' +
        '<tt:SimpleItem Name="Value" Value="007"/><tt:SimpleItem Name="Empty" Value=""/><tt:SimpleItem Name="None"/>' +
        '<tt:SimpleItem Name="Name" Value="校门 &amp; &lt;南&gt;"/>',
    );
    expect(body.data).toEqual({
      Card: '12345678901234567890',
      CredentialHolderName: 'true',
      Value: '007',
      Empty: '',
      None: '',
      Name: '校门 & <南>',
    });
  });

  test('the same name again and names of elements are kept', () => {
    const { body } = items(
      '<tt:SimpleItem Name="A" Value="1"/><tt:SimpleItem Name="A" Value="2"/><tt:SimpleItem Name="A" Value="3"/>' +
        '<tt:ElementItem Name="Object"><tt:Shape><tt:SimpleItem Name="inner" Value="x"/></tt:Shape></tt:ElementItem>',
    );
    expect(body.data).toEqual({ A: '1', 'A#2': '2', 'A#3': '3' });
    expect(body.elements).toEqual(['Object']);
  });

  test('are bounded in number and length', () => {
    const many = Array.from({ length: 100 }, (_, i) => `<tt:SimpleItem Name="n${i}" Value="v"/>`).join('');
    const cut = items(many);
    expect(Object.keys(cut.body.data)).toHaveLength(64);
    expect(cut.wasCut).toBe(true);
    const long = items(`<tt:SimpleItem Name="n" Value="${'x'.repeat(10_000)}"/>`);
    expect(long.body.data.n).toHaveLength(4_096);
    expect(long.wasCut).toBe(true);
  });

  test('names of JavaScript are names like any other', () => {
    const { body } = items(
      '<tt:SimpleItem Name="__proto__" Value="x"/><tt:SimpleItem Name="constructor" Value="y"/>',
    );
    expect(JSON.parse(JSON.stringify(body)).data).toEqual(JSON.parse('{"__proto__":"x","constructor":"y"}'));
  });
});

describe('what is no notification', () => {
  test('without a topic nothing can be said', () => {
    expect(read(wrap('', '<tt:Message/>'))).toEqual([]);
    expect(read(`<e><NotificationMessage/></e>`)).toEqual([]);
  });

  test('a topic without a message is an event', () => {
    const xml = `<e><NotificationMessage xmlns:tns1="${topics}"><Topic>tns1:Device/Trigger/Relay</Topic></NotificationMessage></e>`;
    expect(read(xml)).toMatchObject([
      { topic: 'tns1:Device/Trigger/Relay', body: { operation: '', data: {} } },
    ]);
  });

  test.each([
    ['a DOCTYPE', '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', /DOCTYPE/],
    ['an unknown entity', '<x>&a;</x>', /entity/],
    ['a cut document', '<x><y>', /unclosed/],
    ['depth', '<x>'.repeat(100), /deeper/],
    ['too many elements', `<x>${'<y/>'.repeat(60_000)}</x>`, /more than/],
    ['nothing', '', /./],
  ])('%s is refused', (_, xml, why) => {
    expect(() => parseXml(xml)).toThrow(why);
  });

  test('a prefix that nobody declared is no reason to lose an alarm', () => {
    const xml = `<e><wsnt:NotificationMessage><wsnt:Topic>tns1:A/B</wsnt:Topic><wsnt:Message><tt:Message xsi:type="q" UtcTime="t"/></wsnt:Message></wsnt:NotificationMessage></e>`;
    expect(read(xml)).toMatchObject([{ topic: 'tns1:A/B', body: { utcTime: 't' } }]);
  });
});
