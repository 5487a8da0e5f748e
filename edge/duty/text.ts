import type { Text } from '../../contract/text.ts';

/** Every sentence that duty says to a person. */
export const text = {
  onAlready: { zh: '您已在岗，无需重复。', en: 'You are on shift already.' },
  offAlready: { zh: '您不在岗，无需下岗。', en: 'You are not on shift.' },
  handOverFirst: {
    zh: '尚有未处置完的一级警情，请与接班人办理交接班，不能直接下岗。',
    en: 'Severity 1 alarms are open: hand over to the next shift instead of leaving.',
  },
  secondIsFirst: {
    zh: '接班人不能是您本人；请接班人在同一请求中登录确认。',
    en: 'You cannot hand over to yourself: have the person who takes over sign in with the same request.',
  },
  secondRole: {
    zh: '接班人须为值班保安或带班班长。',
    en: 'Whoever takes over must be a guard or a shift leader.',
  },
  incomplete: (count: number): Text => ({
    zh: `还有 ${count} 条未处置完的一级警情没有列入交接（见 missing）；请双方逐条确认。`,
    en: `${count} open severity 1 alarms are not in the hand-over (see missing): both of you sign for each of them.`,
  }),
  checkRuns: {
    zh: '已有查岗在倒计时，请等其结束。',
    en: 'A duty check is running: wait until it is over.',
  },
  notOnShift: {
    zh: '您不在岗，没有班可以交接；请由在岗人员交班，或先上班再交接。',
    en: 'You are not on shift, so there is nothing of yours to hand over: let who is on shift do it, or go on shift first.',
  },
  unknownCheck: {
    zh: '这次查岗已应答或已被新的查岗取代。',
    en: 'This duty check was answered, or a new one took its place.',
  },
  ownCheck: {
    zh: '不能应答自己发起的查岗；请由在岗人员应答。',
    en: 'You cannot answer your own check: somebody else on duty does.',
  },
  noCode: {
    zh: '您尚未设置查岗码；请先在“值班”页设置 4-6 位数字。',
    en: 'You have no personal code yet: set one of 4 to 6 digits on the page Duty.',
  },
  wrongCode: { zh: '查岗码不正确，请重新输入。', en: 'The code is wrong: type it again.' },
  tooMany: {
    zh: '查岗码输错次数过多，请 15 分钟后再试，或由其他在岗人员应答。',
    en: 'Too many wrong codes: try again in 15 minutes, or let somebody else on duty answer.',
  },
  weakCode: {
    zh: '查岗码过于简单（如 1111、1234），请换一组数字。',
    en: 'The code is too easy (such as 1111 or 1234): choose other digits.',
  },
  wrongPassword: {
    zh: '密码不正确，查岗码未更改。',
    en: 'The password is wrong: the code was not changed.',
  },
} as const;
