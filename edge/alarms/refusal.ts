import type { Alarm, OperatorState, Role } from '../../contract/alarm.ts';
import type { ProblemCode } from '../../contract/problem.ts';
import type { Text } from '../../contract/text.ts';
import type { Change } from './change.ts';

/** An action that changed nothing: why, and what to do next. */
export interface Refusal {
  refused: ProblemCode;
  detail: Text;
  /** The alarm as it is now; undefined only with `unknown-alarm`. */
  alarm?: Alarm;
}

/** What became of a person's action. */
export type ActResult = { changes: Change[]; alarm: Alarm } | Refusal;

export function refuse(refused: ProblemCode, detail: Text): Refusal {
  return { refused, detail };
}

const states: Record<OperatorState, Text> = {
  new: { zh: '未处理', en: 'new' },
  acknowledged: { zh: '已接警', en: 'acknowledged' },
  confirmed: { zh: '已核实', en: 'confirmed' },
  dispatched: { zh: '已派警', en: 'dispatched' },
  'on-scene': { zh: '已到场', en: 'on the scene' },
  disposed: { zh: '已处置', en: 'disposed' },
  closed: { zh: '已关闭', en: 'closed' },
};

const roles: Record<Role, Text> = {
  guard: { zh: '值班保安', en: 'guard' },
  'shift-leader': { zh: '带班班长', en: 'shift leader' },
  installer: { zh: '安装人员', en: 'installer' },
  administrator: { zh: '管理员', en: 'administrator' },
  'security-administrator': { zh: '安全管理员', en: 'security administrator' },
  auditor: { zh: '审计员', en: 'auditor' },
  kiosk: { zh: '值班屏', en: 'kiosk' },
  system: { zh: '系统', en: 'system' },
};

/** Every sentence the lifecycle says to a person: what, and what to do next. */
export const text = {
  unknownAlarm: {
    zh: '没有这条报警，或已关闭超过 24 小时；请在报警记录中查询。',
    en: 'There is no such alarm, or it was closed more than 24 hours ago; look in the alarm history.',
  },
  notAllowed: (who: Role[]): Text => ({
    zh: `您的角色不能执行此操作；请由${who.map((role) => roles[role].zh).join('或')}办理。`,
    en: `Your role may not do this; ask the ${who.map((role) => roles[role].en).join(' or the ')}.`,
  }),
  secondMissing: {
    zh: '此操作（一级报警的复位、关闭，探测器的隔离）需要第二人：请第二人在同一请求中登录确认。',
    en: 'This (resetting or closing a severity 1 alarm, isolating a detector) takes a second person: have them sign in with the same request.',
  },
  secondIsFirst: {
    zh: '第二人不能是您本人；请另一名值班人员登录确认。',
    en: 'The second person cannot be yourself; have another person on duty sign in.',
  },
  secondRole: {
    zh: '第二人须为值班保安或带班班长；请换一名值班人员登录确认。',
    en: 'The second person must be a guard or a shift leader; have another person sign in.',
  },
  versionConflict: ({ version }: Alarm): Text => ({
    zh: `报警刚刚有变化（现为第 ${version} 版）；请看过最新状态后再操作。`,
    en: `The alarm has just changed (version ${version} now); look at it again, then repeat.`,
  }),
  alreadyDone: { zh: '您已完成此操作，无需重复。', en: 'You have done this already; nothing more to do.' },
  notBackwards: ({ operator }: Alarm): Text => ({
    zh: `报警${states[operator].zh}，不能退回；请从当前状态继续处理。`,
    en: `The alarm is already ${states[operator].en} and does not go back; go on from there.`,
  }),
  closed: {
    zh: '报警已关闭；如再次触发会生成新的报警。',
    en: 'The alarm is closed; if it is triggered again, a new one opens.',
  },
  howMissing: {
    zh: '请说明核实方式（how）：on-site 现场、video 视频或 phone 电话。',
    en: 'Say how it was confirmed (how): on-site, video or phone.',
  },
  verdictMissing: {
    zh: '请填写处置结论（verdict）：real 真警、false 误报、nuisance 扰警、test 测试、drill 演练或 equipment 设备故障。',
    en: 'Give the verdict: real, false, nuisance, test, drill or equipment.',
  },
  policeCodeUnknown: (code: string): Text => ({
    zh: `“${code}”不是警情类别；请从列表中选择六位代码，未核实用 990000。`,
    en: `"${code}" is no police category; choose a six-digit code of the list, 990000 when unverified.`,
  }),
  untilPast: {
    zh: '消音截止时间已过；请填写将来的时间，或留空以消音 30 秒。',
    en: 'The end of the silence is in the past; give a time to come, or none for 30 s.',
  },
  acknowledgeFirst: {
    zh: '报警尚未接警，不能复位；请先接警。',
    en: 'Nobody has taken the alarm yet, so it cannot be reset; acknowledge it first.',
  },
  stillActive: {
    zh: '现场仍在报警；请先使设备恢复正常。',
    en: 'The device is still in alarm; bring it back to normal first.',
  },
  conditionUnknown: {
    zh: '设备状态未知（通信中断）；请先恢复通信，收到设备恢复信号后再操作。',
    en: 'The state of the device is unknown (no connection); restore the connection and wait for its return.',
  },
  noLatch: { zh: '报警没有锁定，无需复位。', en: 'The alarm is not latched; there is nothing to reset.' },
  resetFirst: {
    zh: '报警仍锁定；请先复位再关闭。',
    en: 'The alarm is still latched; reset it, then close it.',
  },
  disposeFirst: {
    zh: '报警尚未处置；请先填写处置结论再关闭。',
    en: 'The alarm has not been disposed; give a verdict, then close it.',
  },
  neverShelved: {
    zh: '一级报警不能搁置；探测器反复误报时，请由带班班长和第二人隔离该探测器。',
    en: 'A severity 1 alarm is never shelved; a detector that raises false alarms can be isolated by the shift leader and a second person.',
  },
  neverAside: {
    zh: '这条报警说明警情送不出去或无人听到，搁置会掩盖之后的警情，不能搁置；请打电话通知并排除故障。',
    en: 'This says that alarms do not get through, or that nobody hears them. Shelved, it would hide those that come later: telephone, and put it right.',
  },
  nothingToShelve: {
    zh: '报警已处置，无需搁置。',
    en: 'The alarm has been disposed of; there is nothing to shelve.',
  },
  notShelved: { zh: '报警没有搁置。', en: 'The alarm is not shelved.' },
  reasonMissing: {
    zh: '请写明原因（reason）。',
    en: 'Give the reason.',
  },
  pauseUntil: {
    zh: '请填写截止时间（until），须晚于现在。',
    en: 'Say until when (until): a time to come.',
  },
  shelveTooLong: {
    zh: '最长搁置 12 小时（一个班次）；请填写更早的截止时间，到时再决定。',
    en: 'An alarm is shelved for 12 hours (a shift) at most; give an earlier end, and decide again then.',
  },
  isolateTooLong: {
    zh: '最长隔离 24 小时；请填写更早的截止时间，并尽快维修探测器。',
    en: 'A detector is isolated for 24 hours at most; give an earlier end, and have it repaired.',
  },
  neverIsolated: {
    zh: '只能隔离单个火灾、燃气等探测器的真实报警；求助、胁迫等人按下的报警和整台控制器的报警不能隔离。',
    en: 'Only real alarms of a single fire, gas or similar detector can be isolated; never what a person presses, nor a whole panel.',
  },
  severalDetectors: {
    zh: '同一位置有两个及以上探测器在报警，互相印证，不能隔离；请到现场核实，故障的探测器请更换。',
    en: 'Two or more detectors of this place are in alarm, which confirms it: it cannot be isolated. Look at the place; have a faulty detector replaced.',
  },
  lookFirst: {
    zh: '还没有人核实这条报警，不能隔离；请先核实（现场、视频或电话）或填写处置结论。',
    en: 'Nobody has looked yet, so the detector cannot be isolated: confirm the alarm (on site, video, phone) or give a verdict first.',
  },
  patrolMissing: {
    zh: '请写明替代巡查（patrol）：隔离期间由谁、多久查看一次现场。',
    en: 'Name the substitute patrol (patrol): who looks at the place meanwhile, and how often.',
  },
  notIsolated: { zh: '探测器没有隔离。', en: 'The detector is not isolated.' },
  realAlready: {
    zh: '这条报警本来就是实警，请直接按流程处理。',
    en: 'This alarm is real already; handle it.',
  },
} as const;
