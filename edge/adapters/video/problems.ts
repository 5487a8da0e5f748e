/** Why there is no picture, for the console's choice of what to do. */
export type VideoProblemCode =
  | 'no-address'
  | 'bad-address'
  | 'unreachable'
  | 'wrong-password'
  | 'no-password'
  | 'basic-only'
  | 'no-stream'
  | 'busy'
  | 'silent'
  | 'frozen'
  | 'protocol'
  | 'codec'
  | 'no-ffmpeg'
  | 'ffmpeg'
  | 'too-many';

/** Why there is no picture, in words for the guard: what, and what to do. */
export interface VideoProblem {
  code: VideoProblemCode;
  zh: string;
  en: string;
}

/** What a camera's refusals and a failing ffmpeg mean. `where` is a host and port, never more of an address. */
export const problems = {
  noAddress: (why: string): VideoProblem => ({
    code: 'no-address',
    zh: `取不到摄像机的视频地址：${why}`,
    en: `The address of the camera's stream is not known: ${why}`,
  }),
  badAddress: (): VideoProblem => ({
    code: 'bad-address',
    zh: '摄像机的视频地址不是 rtsp:// 地址；请安装人员检查设备登记。',
    en: "The address of the camera's stream is not an rtsp:// one: let the installer check the device.",
  }),
  unreachable: (where: string, why: { zh: string; en: string }): VideoProblem => ({
    code: 'unreachable',
    zh: `连不上摄像机 ${where}（${why.zh}）；请检查摄像机电源、网线和地址。`,
    en: `The camera at ${where} cannot be reached (${why.en}): check its power, cable and address.`,
  }),
  wrongPassword: (where: string): VideoProblem => ({
    code: 'wrong-password',
    zh: `摄像机 ${where} 拒绝了用户名或密码；请安装人员核对。为免账号被锁，每分钟只试一次。`,
    en: `The camera at ${where} refuses the user or password: let the installer check them. It is tried once a minute, so that the account is not locked.`,
  }),
  noPassword: (where: string): VideoProblem => ({
    code: 'no-password',
    zh: `摄像机 ${where} 要求登录，但没有登记用户名和密码；请安装人员补登。`,
    en: `The camera at ${where} asks for a sign-in, but no user and password are registered: let the installer add them.`,
  }),
  basicOnly: (where: string): VideoProblem => ({
    code: 'basic-only',
    zh: `摄像机 ${where} 只接受明文密码（Basic），密码没有发送；请在摄像机上启用 Digest 认证。`,
    en: `The camera at ${where} takes the password in clear only (Basic), so it was not sent: switch Digest authentication on in the camera.`,
  }),
  noStream: (where: string): VideoProblem => ({
    code: 'no-stream',
    zh: `摄像机 ${where} 没有这路码流；请改看另一路码流，或请安装人员检查地址。`,
    en: `The camera at ${where} has no such stream: choose the other one, or let the installer check the address.`,
  }),
  busy: (where: string, status: string): VideoProblem => ({
    code: 'busy',
    zh: `摄像机 ${where} 暂时不能提供视频（${status}）；可能同时观看的人太多，稍后会自动重试。`,
    en: `The camera at ${where} cannot serve the stream now (${status}): too many may be watching; it is tried again.`,
  }),
  silent: (where: string): VideoProblem => ({
    code: 'silent',
    zh: `摄像机 ${where} 没有应答；请检查网络，必要时重启摄像机。`,
    en: `The camera at ${where} does not answer: check the network; restart the camera if that does not help.`,
  }),
  frozen: (where: string): VideoProblem => ({
    code: 'frozen',
    zh: `摄像机 ${where} 的画面停住了，正在重连；反复出现时请重启摄像机。`,
    en: `The picture of the camera at ${where} has stopped and is opened again: restart the camera if this repeats.`,
  }),
  protocol: (where: string): VideoProblem => ({
    code: 'protocol',
    zh: `${where} 的应答不是可用的 RTSP；请安装人员检查视频地址和端口。`,
    en: `What answers at ${where} is not RTSP that can be used: let the installer check address and port.`,
  }),
  codec: (codec: string): VideoProblem => ({
    code: 'codec',
    zh: `这路视频的编码（${codec}）不能播放；请把摄像机设为 H.264，或改看另一路码流。`,
    en: `This stream's coding (${codec}) cannot be shown: set the camera to H.264, or choose the other stream.`,
  }),
  noFfmpeg: (program: string): VideoProblem => ({
    code: 'no-ffmpeg',
    zh: `网关上没有可用的 ffmpeg（${program}），不能看视频；请管理员安装 ffmpeg。报警不受影响。`,
    en: `There is no ffmpeg on the gateway (${program}), so no picture: let the administrator install ffmpeg. Alarms are not affected.`,
  }),
  ffmpeg: (): VideoProblem => ({
    code: 'ffmpeg',
    zh: '视频中断，正在重连；反复出现时请管理员查看网关日志。',
    en: 'The picture broke off and is opened again: if this repeats, let the administrator look at the log.',
  }),
  tooMany: (): VideoProblem => ({
    code: 'too-many',
    zh: '网关同时播放的视频已达上限；请先关闭不看的画面。',
    en: 'The gateway shows as many pictures as it can: close those that are not needed first.',
  }),
} as const;
