/** What the values of a key are likely to be: of a person or a card; a name of something; of the machine itself. */
export type KeyKind = 'personal' | 'name' | 'machine' | undefined;

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

/** People, what they carry, and how they are reached. */
const people = words(
  'card cards rfid uid nfc badge fob wiegand mifare csn picc epc idcard iccard passport plate licenseplate ' +
    'person user owner holder cardholder student pupil employee staff teacher parent guardian visitor guest member ' +
    'resident tenant customer patient driver who phone mobile telephone cellphone tel email mail wechat openid ' +
    'unionid ssn birthday pin otp password passwd passcode passphrase secret token credential operator keypad entered ' +
    'xingming xm kahao kh sfz sfzh xuehao gonghao shouji shoujihao dianhua shenfenzheng chepai chepaihao mima',
);
/** `cardno`, `studentid`, written as one word. */
const joined =
  /^(?:ic|user|emp|employee|student|stu|staff|teacher|parent|person|visitor|guest|member|owner|holder|card|badge|tag|rfid|phone|mobile)(?:no|num|nr|number|ids?|name|code|sn|uid|hex|dec|holder|owner)$/;
/** `fullName`, `real_name`. */
const ofPeople = words('full real first last nick family given sur display chinese');
const joinedName = /^(?:full|real|first|last|nick|family|given|sur|display)name$/;

/** With one of these a key of people tells of something else: `cardReader`, `user_count`. */
const technical = words(
  'reader type kind count present presence slot state status enabled format bits result event door battery temp ' +
    'temperature signal mode level gpio io method',
);
/** Long numbers of machines: serials, times and counters. */
const machine = words(
  'device dev imei imsi iccid mac sn serial eui deveui joineui ieee bssid gateway gw chip node firmware fw version ver ' +
    'build hw time date datetime ts timestamp tm t dt utc epoch uptime at ms since until energy power total counter ' +
    'heap free freq frequency bytes seq msgid messageid fcnt crc ip addr address product',
);

const chinesePeople =
  /卡号|卡片|卡内码|刷卡|[iI][cCdD]卡|一卡通|持卡|^卡$|姓名|名字|人名|人员|员工|学生|教师|老师|家长|访客|业主|住户|车主|用户|学号|工号|身份证|证件|手机|电话|联系方式|联系人|车牌|密码|口令|微信|邮箱|生日/;
const chineseTechnical =
  /数量?$|人数|次数|状态|类型|时间|结果|检测|传感|报警|告警|读卡器|读头|模式|方式|开关|设备/;

/** What a key sounds like, in Chinese and English. */
export function kindOfKey(key: string): KeyKind {
  if (chinesePeople.test(key)) return chineseTechnical.test(key) ? undefined : 'personal';
  const parts = wordsOf(key);
  const isTechnical = parts.some((part) => technical.has(part));
  const isPersonal =
    parts.some((part) => people.has(part) || joined.test(part) || joinedName.test(part)) ||
    joined.test(parts.join(''));
  if (isPersonal) return isTechnical ? undefined : 'personal';
  if (parts.at(-1) === 'name' && parts.some((part) => ofPeople.has(part))) return 'personal';
  if (parts.length === 1 && (parts[0] === 'name' || parts[0] === 'tag')) return 'name';
  return parts.some((part) => machine.has(part)) ? 'machine' : undefined;
}

/** Does a topic bring what people carry, as `esprfid/d1/tag` and `text_sensor/rfid/state` do? */
export function kindOfTopic(topic: string): KeyKind {
  const kinds = topic.split('/').map(kindOfKey);
  if (kinds.includes('personal') || topic.split('/').at(-1)?.toLowerCase() === 'tag') return 'personal';
  if (kinds.at(-1) === 'name' && /rfid|card|tag|badge|nfc|wiegand/i.test(topic)) return 'personal';
  return kinds.at(-1) === 'machine' ? 'machine' : undefined;
}

/** `cardNo2`, `card_no`, `CARD-NO` are `card`, `no`. */
function wordsOf(key: string): string[] {
  return key
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\d]+/u)
    .map((word) => word.replace(/(?<=\D)\d+$/, ''))
    .filter((word) => word !== '');
}
