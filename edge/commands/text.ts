import type { Text } from '../../contract/text.ts';
import type { CommandArgument } from '../../device-profiles/command-schema.ts';

/** Every sentence about a command that is said to a person: what, and what to do next. */
export const text = {
  noProfile: {
    zh: '这个设备的模板当前不可用，命令未发送；请安装人员检查模板。',
    en: 'The profile of this device cannot be used now: nothing was sent. Let the installer look at the profile.',
  },
  unknownCommand: (name: string, known: readonly string[]): Text => ({
    zh:
      known.length === 0
        ? `这个设备没有可用的控制命令（没有“${name}”）。`
        : `这个设备没有命令“${name}”，可用：${known.join('、')}。`,
    en:
      known.length === 0
        ? `This device takes no commands (no "${name}").`
        : `This device has no command "${name}"; it has ${known.join(', ')}.`,
  }),
  notAllowed: {
    zh: '您的岗位不能控制此设备；请由带班班长办理。',
    en: 'Your role may not send this command: ask the shift leader.',
  },
  leaderNeeded: {
    zh: '此命令须由带班班长同意：请班长本人在同一请求中登录确认。',
    en: 'This command takes the shift leader: have them sign in with the same request.',
  },
  badArguments: {
    zh: '命令参数有误，请按 errors 逐项修改。',
    en: 'Arguments have faults; correct what errors names.',
  },
  notRendered: (fault: string): Text => ({
    zh: `命令无法生成（${fault}）；请安装人员检查设备设置。`,
    en: `The command cannot be made (${fault}): let the installer check the settings of the device.`,
  }),
  noAccount: {
    zh: '这个设备没有接入账号，也没有从外部代理收到过它：命令未发送。请安装人员检查接入。',
    en: 'This device has no account here and was heard through no broker: nothing was sent. Let the installer look.',
  },
  notConnected: {
    zh: '设备不在线，命令未发送，也不会补发；请到现场处理，或等设备上线后重试。',
    en: 'The device is not connected: nothing was sent, and nothing will be sent later. Go there, or try again once it is back.',
  },
  notListening: (topic: string): Text => ({
    zh: `设备在线，但没有订阅命令主题“${topic}”，命令未发送；请安装人员检查设备。`,
    en: `The device is connected but does not listen on "${topic}": nothing was sent. Let the installer look at it.`,
  }),
  brokerAway: (name: string): Text => ({
    zh: `站点代理“${name}”未连接，命令未发送，也不会补发；请到现场处理，或等连接恢复后重试。`,
    en: `The broker "${name}" is not connected: nothing was sent, and nothing will be sent later. Go there, or try again once it is back.`,
  }),
  standby: (name: string): Text => ({
    zh: `本网关对站点代理“${name}”为备用，命令未发送；请在当前工作的那台网关上操作。`,
    en: `This gateway stands by for the broker "${name}": nothing was sent. Use the gateway that works for it now.`,
  }),
  whichBroker: (names: readonly string[]): Text => ({
    zh: `启动以来还没有收到过这个设备，不知道它接在哪个站点代理上（${names.join('、')}），命令未发送；等它上报后重试，或到现场处理。`,
    en: `This device was not heard since the start, and which broker it is at (${names.join(', ')}) is not known: nothing was sent. Try again once it has spoken, or go there.`,
  }),
  unreachable: (why: string): Text => ({
    zh: `连接不上设备，命令未发送，也不会补发；请到现场处理，或等设备恢复后重试。（${why}）`,
    en: `The device cannot be reached: nothing was sent, and nothing will be sent later. Go there, or try again once it is back. (${why})`,
  }),
  deviceRefused: (said: string): Text => ({
    zh: `设备拒绝执行：“${said}”。请看设备现在的状态，或到现场处理。`,
    en: `The device refused: "${said}". Look at the state it is in, or go there.`,
  }),
  notPermitted: (said: string): Text => ({
    zh: `设备不允许网关的 ONVIF 用户执行（“${said}”）；请安装人员核对它的密码和权限。`,
    en: `The device does not let the gateway's ONVIF user do this ("${said}"): let the installer check its password and rights.`,
  }),
  noAnswer: (why: string): Text => ({
    zh: `设备没有答复，命令可能已经执行：请先看画面或到现场确认，不要马上重发。（${why}）`,
    en: `The device did not answer and may have done it: look first, do not send it again at once. (${why})`,
  }),
  failed: {
    zh: '命令未能发出；请重试，或到现场处理。',
    en: 'The command could not be sent: try again, or go there.',
  },
} as const;

/** What an argument has to be. */
export function argumentText(argument: CommandArgument, fault: string): Text {
  return { zh: `应为${allowedZh(argument)}`, en: fault };
}

function allowedZh({ type, enum: choices, minimum, maximum }: CommandArgument): string {
  if (choices !== undefined) return `${choices.join('、')} 之一`;
  if (type === 'boolean') return ' true 或 false';
  if (type === 'string') return '不超过 200 个字的文字，不含控制字符';
  const kind = type === 'integer' ? '整数' : '数字';
  if (minimum !== undefined && maximum !== undefined) return ` ${minimum} 到 ${maximum} 的${kind}`;
  if (minimum !== undefined) return `不小于 ${minimum} 的${kind}`;
  return maximum === undefined ? kind : `不大于 ${maximum} 的${kind}`;
}
