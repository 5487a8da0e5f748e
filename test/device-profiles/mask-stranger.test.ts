import { describe, expect, test } from 'vitest';
import { maskStranger } from '../../device-profiles/mask-stranger.ts';

const shown = (payload: unknown, topic = 'nobody/knows/this'): string =>
  maskStranger(
    Buffer.isBuffer(payload)
      ? payload
      : Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)),
    topic,
  ).toString();

describe('card numbers and names of unknown devices stood in clear in the inbox', () => {
  test.each<[string, unknown, string?]>([
    ['Chinese keys', { 卡号: '0012345678', 姓名: '张三' }],
    ['a name beside a card', { name: 'Zhang San', cardNo: '0012345678' }],
    ['a name within a user', { user: { name: 'Zhang San', id: 471147 } }],
    ['a tag by its look', { tag: '04:AB:CD:12:34:56:80' }],
    ['a tag of an unknown key', { x: '04:AB:CD:12', y: '04ABCD12', z: [4711471147] }],
    ['owner and student', { owner: 'Zhang San', student: 'Zhang San', studentNo: '47114711' }],
    ['pinyin', { xingming: 'Zhang San', kahao: 4711471147 }],
    ['a code and its value', { list: [{ code: 'userName', value: 'Zhang San' }] }],
    ['esp-rfid', { name: 'Zhang San', type: 'access' }, 'esprfid/d1/tag'],
    ['a plain name on a topic of tags', 'Zhang San', 'esprfid/d1/tag'],
    ['a plain number', '9876512345'],
    ['a plain text of ESPHome', '74-10-37-94', 'lobby/text_sensor/rfid/state'],
    ['bytes with spaces', ' 74 10 37 94'],
    ['pairs in Chinese', '姓名：张三，卡号：0012345678'],
    ['a phone', 'call 138-1234-5678 or 13812345678'],
    ['an identity number', { x: '37010219800101123X' }],
    ['a number plate', { note: '鲁A12345 进' }],
    ['JSON in a text', { data: JSON.stringify({ 姓名: '张三', id: '0012345678' }) }],
    ['JSON in base64', { data: Buffer.from('{"owner":"Zhang San"}').toString('base64') }],
    ['a card as a key', { '0012345678': { ok: true } }],
    ['JSON that is cut off', '{"姓名":"张三","owner":"Zhang Sa'],
    [
      'GB 18030',
      Buffer.concat([
        Buffer.from('{"'),
        Buffer.from([0xd0, 0xd5, 0xc3, 0xfb]),
        Buffer.from('":"'),
        Buffer.from([0xd5, 0xc5, 0xc8, 0xfd]),
        Buffer.from('"}'),
      ]),
    ],
    ['bug: a PIN in a sentence', { text: 'PIN 47114 entered' }],
    ['bug: what was typed', { keypad: '47114', entered: '47114' }],
    ['bug: a one-time password and a token', { otp: '47114', token: 'x47114y' }],
    ['bug: a badge of three digits', { badge: '471' }],
    ['bug: a user in a log', { log: 'user 张三丰 (47114) opened' }],
    ['bug: an operator', { operator: '张三丰' }],
    ['bug: a card and its holder', { note: 'card 47114 of 张三丰' }],
    ['bug: pinyin in short', { xm: '张三' }],
    ['bug: a Chinese sentence', { log: '用户张三丰刷卡进门' }],
    ['bug: an English name', { log: 'card 12345 of Zhang San' }],
  ])('%s', (_name, payload, topic) => {
    const text = shown(payload, topic);
    const opened = text.replace(/"data":"([\w+/=]{16,})"/, (_, data) =>
      Buffer.from(data, 'base64').toString(),
    );
    expect(opened).not.toMatch(
      /Zhang|San|张三|47114|"471"|0012345678|9876512345|AB:CD|ABCD|10.37.94|1234.?5678|12345/,
    );
    expect(text).toMatch(/\*{2}|IioqKi/);
  });

  test('the shape of what looks like a number is kept', () => {
    expect(shown('74-10-37-94', 'a/b')).toBe('**-**-**-**');
    expect(shown({ x: '04:AB:CD:12', n: 4711471147 })).toBe('{"x":"**:**:**:**","n":"**********"}');
  });
});

describe('what an installer needs stays', () => {
  test.each<[string, unknown, string?]>([
    [
      'states',
      { state: 'open', alarm: true, smoke: 'ALARM', door: '关闭', card: 'denied', 刷卡结果: '成功' },
    ],
    ['measurements', { temperature: 21.5, humidity: '48.2', energy: 123456789, rssi: -67, battery: 97 }],
    ['times', { time: 1772431511, ts: '1772431511000', date: '2026-03-02 14:05:11', x: '20260302140511' }],
    [
      'machines',
      { mac: 'A4:C1:38:00:11:22', ip: '192.0.2.10', sn: '202403150001', devEui: '70b3d57ed0012345' },
    ],
    [
      'names of values',
      {
        metrics: [
          { name: 'temperature', value: 21.5 },
          { tag: 'DI1', value: true },
        ],
      },
    ],
    ['names of devices', { friendly_name: 'Door 1', deviceName: '一号门', model: 'RC522' }],
    ['what is about cards', { cardReader: 'front', card_type: 'mifare', userCount: 120, 人员检测: true }],
    ['a small number', { user: 3 }],
    [
      'alarms beside people',
      {
        a: 'user smoke alarm in zone 12',
        b: '人员密集区域烟雾报警',
        c: 'card reader 2: door open, PIN ok',
        d: '用户按下紧急按钮',
        e: 'alarm 4711 of Door 12',
      },
    ],
    ['a plain measurement', '21.5', 'lobby/sensor/temperature/state'],
    ['a plain state', 'online', 'lobby/card_reader/status'],
    ['an identifier', { id: '550e8400-e29b-41d4-a716-446655440000', unit: 'A4C138001122' }],
  ])('%s', (_name, payload, topic) => {
    expect(shown(payload, topic)).toBe(typeof payload === 'string' ? payload : JSON.stringify(payload));
  });

  test('a payload in which nothing is masked is the same', () => {
    const payload = Buffer.from([0xff, 0x00, 0x31, 0x32]);
    expect(maskStranger(payload, 'a')).toBe(payload);
  });
});

test('hostile payloads are masked or left, never thrown at', () => {
  const deep = `${'{"a":'.repeat(20_000)}{"姓名":"张三"}${'}'.repeat(20_000)}`;
  expect(shown(deep)).not.toContain('张三');
  expect(shown('{"__proto__":{"姓名":"张三"}}')).toBe('{"__proto__":{"姓名":"***"}}');
  expect(shown(`${'1:'.repeat(8_000)}x`)).toBeDefined();
});
