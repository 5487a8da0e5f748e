import type { Text } from '../../contract/text.ts';
import type { SiteIssue } from './site-issue.ts';

const things: Record<string, string> = {
  place: '地点',
  slot: '点位',
  device: '设备',
  credential: '接入账号',
  unit: '部门',
  profile: '设备模板',
  zone: '防区',
  phone: '电话',
  hours: '时段',
  plan: '平面图',
  user: '用户',
};

type Rule = [pattern: RegExp, text: (...groups: string[]) => string];

const messages: Rule[] = [
  [/^there is no (\w+) "(.*)"$/, (what = '', id) => `没有编号为“${id}”的${things[what] ?? what}`],
  [/^"(.*)" is taken/, (id) => `编号“${id}”已被使用`],
  [/^"(.*)" is the address of device "(.*)" with/, (key, id) => `设备“${id}”已使用同一模板和设备键“${key}”`],
  [/^"(.*)" has a character that no topic can have$/, () => '含有主题中不允许的字符'],
  [/^"(.*)" has an empty level$/, () => '含有空的主题层级（多余的“/”）'],
  [/^"(.*)" would be reached through itself$/, () => '网桥不能是设备自己'],
  [/^"(.*)" is an account for commissioning/, (user) => `“${user}”是多个设备共用的调试账号`],
  [
    /^camera "(.*)" would look into "(.*)", which is private$/,
    (id, place) => `摄像机“${id}”位于私密场所“${place}”，不允许接入`,
  ],
  [
    /^"(.*)" would be removed, but (\w+) "(.*)" needs it$/,
    (id, what = '', by) => `“${id}”仍被${things[what] ?? what}“${by}”引用`,
  ],
  [
    /^"(.*)" would be removed, but the link of slot "(.*)" needs it$/,
    (id, by) => `“${id}”仍被点位“${by}”的摄像机关联引用`,
  ],
  [/^is missing$/, () => '请填写'],
  [/^a campus is in no other place$/, () => '校区没有上级地点'],
  [/^"(.*)" is a (\w+); a (\w+) stands in a (.*)$/, (id) => `“${id}”的类型不能作为上级地点`],
  [/^"(.*)" is in zone "(.*)" already$/, (id, zone) => `“${id}”已属于防区“${zone}”`],
  [/^"(.*)" is not in this zone$/, (id) => `点位“${id}”不属于该防区`],
  [/^"(.*)" is armed around the clock/, (id) => `点位“${id}”为全时布防（armed: always）`],
  [/^is before (.*)$/, (day) => `早于 ${day}`],
  [/^overlaps "(.*)" \((.*) to (.*)\)$/, (id, from, to) => `与“${id}”（${from} 至 ${to}）重叠`],
  [/^no such setting$/, () => '该模板没有这个参数'],
  [/^must be an? (\w+) \(is (.*)\)$/, (type = '') => `应填写${typeNames[type] ?? type}`],
  [/^must be one of (.*) \(is (.*)\)$/, (words) => `只能是：${words}`],
  [/^must be at least (.*)$/, (n) => `不能小于 ${n}`],
  [/^must be at most (.*)$/, (n) => `不能大于 ${n}`],
  [/^"(.*)" is no meaning of this profile$/, (word) => `“${word}”不是该模板的含义`],
  [/^"(.*)" is no meaning$/, (word) => `“${word}”不是可用的含义`],
];

const hints: Rule[] = [
  [/^did you mean "(.*)"\?$/, (word) => `是不是“${word}”？`],
  [/^write one of (.*)$/, (words) => `可填：${words}`],
  [/^give it a slot at another place$/, () => '请换到其他地点的点位'],
  [/^list it, or change what needs it$/, () => '请先修改引用它的条目'],
  [/^name the slots, or the places, of the zone$/, () => '请写明防区的点位或地点'],
  [/^name the .* it is in$|^name such a place$/, () => '请填写合适的上级地点'],
  [/^keep it in one of them$/, () => '请只保留在一个防区内'],
  [/^add it to the slots of the zone$/, () => '请先加入该防区的点位'],
  [/^take it out of the zone, or/, () => '请移出防区，或删除该点位的 armed'],
  [/^write the last day, e\.g\. (.*)$/, (day) => `请填写最后一天，例如 ${day}`],
  [/^change one of them$/, () => '请修改其中一项'],
  [/^choose another$|^give one of them another key$/, () => '请换一个'],
  [/^add it to the/, () => '请从列表中选择，或先登记'],
  [/^use no /, () => '请去掉 +、# 和控制字符'],
  [/^write no "\/"/, () => '请去掉开头、结尾和连续的“/”'],
  [/^name the real bridge$/, () => '请选择真正的网桥'],
  [/^leave user out: /, () => '请留空：签发账号密码时设备会得到自己的账号'],
  [/^this profile has none$|^its inputs have no meanings$/, () => '请删除此项'],
  [/^see "campus-gateway profiles list"$/, () => '请从模板列表中选择'],
];

const typeNames: Record<string, string> = {
  number: '数字',
  integer: '整数',
  boolean: '是或否',
  string: '文字',
  object: '一组名称和值',
};

/** What is wrong and what to write, as one sentence in each language. */
export function issueText({ message, hint }: SiteIssue): Text {
  const zh = [translate(messages, message), hint === undefined ? undefined : translate(hints, hint)];
  return {
    en: hint === undefined ? message : `${message}; ${hint}`,
    zh: `${zh.filter((part) => part !== undefined).join('；')}。`.replace('？。', '？'),
  };
}

/** What has no translation is said as it is. */
function translate(rules: readonly Rule[], text: string): string {
  for (const [pattern, write] of rules) {
    const found = pattern.exec(text);
    if (found !== null) return write(...found.slice(1));
  }
  return text;
}
