import type { Text } from '../../contract/text.ts';

/** Every sentence that drills and walk tests say to a person. */
export const text = {
  unknownDrill: (id: string): Text => ({
    zh: `没有编号为“${id}”的演练或步测，可能已结束；请刷新列表。`,
    en: `There is no drill or walk test "${id}", or it is over: refresh the list.`,
  }),
  leaderOnly: {
    zh: '演练由带班班长发起；请联系班长。',
    en: 'A drill is started by the shift leader: ask them.',
  },
  notYou: {
    zh: '步测由带班班长发起，或由安装人员经值班人员同意后发起。',
    en: 'A walk test is started by the shift leader, or by an installer with the consent of somebody on duty.',
  },
  consentNeeded: {
    zh: '安装人员步测须经值班保安或带班班长同意：请其在同一请求中登录确认。',
    en: 'A walk test of an installer takes the consent of a guard or shift leader: have them sign in with the same request.',
  },
  secondIsFirst: {
    zh: '同意人不能是您本人；请值班人员登录确认。',
    en: 'You cannot consent to your own walk test; have somebody on duty sign in.',
  },
  outOfScope: {
    zh: '所选范围超出您的责任范围，请缩小范围，或由负责此处的人员发起。',
    en: 'Part of this is outside of what you are responsible for: choose less, or let somebody responsible start it.',
  },
  unknownPlace: (id: string): Text => ({
    zh: `没有地点“${id}”，请从列表中选择。`,
    en: `There is no place "${id}": choose from the list.`,
  }),
  unknownZone: (id: string): Text => ({
    zh: `没有防区“${id}”，请从列表中选择。`,
    en: `There is no zone "${id}": choose from the list.`,
  }),
  scopeMissing: {
    zh: '请选择步测的防区（zone）或地点（places），二者选一。',
    en: 'Name the zone or the places of the walk test, one of them.',
  },
  noPoints: {
    zh: '所选范围内没有已登记的设备；请先登记设备，或选择其他地点。',
    en: 'No device is registered in this scope: register it first, or choose other places.',
  },
  notInScope: (ids: readonly string[]): Text => ({
    zh: `以下点位或设备不在所选地点内：${ids.join('、')}；请重新选择。`,
    en: `These are not in the chosen places: ${ids.join(', ')}; choose again.`,
  }),
  notPractised: (type: string): Text => ({
    zh: `类型“${type}”不是报警，不能演练；请选择报警类型。`,
    en: `"${type}" is no alarm and cannot be practised: choose an alarm type.`,
  }),
  walkTestRuns: {
    zh: '已有步测在进行；一次只测一个防区，请先结束它。',
    en: 'A walk test is running: one zone at a time, so end it first.',
  },
  overlaps: (ids: readonly string[]): Text => ({
    zh: `以下点位正在另一场演练或步测中：${ids.join('、')}；请先结束它，或避开这些点位。`,
    en: `These points are in another drill or walk test: ${ids.join(', ')}; end it first, or leave them out.`,
  }),
  tooMany: {
    zh: '同时进行的演练已达上限（8 场）；请先结束其中一场。',
    en: 'Eight drills are running already: end one of them first.',
  },
  noticeMissing: {
    zh: '测试紧急报警（EMG）前须先告知警方：请填写告知了谁（who）、电话（number）和时间（at）。',
    en: 'Tell the police before an emergency button is tried, and write down who was told, at which number, and when (notice).',
  },
  noticeTime: {
    zh: '告知警方的时间须在最近 7 天内，且不晚于现在；请重新告知或更正时间。',
    en: 'The police must have been told within the last 7 days, and not in the future: tell them again, or correct the time.',
  },
} as const;
