import type { Text } from '../../contract/text.ts';
import type { Verdict } from '../adapters/onvif/trial.ts';

/** What a trial of credentials came to, for people: what it means, and what to do. */
export const trialText: Readonly<Record<Verdict, Text>> = {
  accepted: { zh: '用户名和密码正确。', en: 'User and password are right.' },
  open: {
    zh: '设备不要求登录，任何人都能查看和控制它：请在设备上启用 ONVIF 认证。',
    en: 'The device asks nobody who they are: anybody may look and control it. Switch authentication on at the device.',
  },
  'no-user': {
    zh: '设备要求登录：请填写它的 ONVIF 用户名和密码。',
    en: 'The device asks who we are: give its ONVIF user and password.',
  },
  'wrong-password': { zh: '密码错误（设备如此答复）。', en: 'The password is wrong: the device says so.' },
  'unknown-user': {
    zh: '设备上没有这个 ONVIF 用户（设备如此答复）：请在设备的 ONVIF 设置里添加它。',
    en: 'The device has no such ONVIF user: it says so. Add it in the ONVIF settings of the device.',
  },
  refused: {
    zh: '设备不接受这个用户名和密码，没有说明是哪一个有误。请核对密码；许多设备（海康、大华、宇视、TP-Link）的 ONVIF 用户与网页登录用户是分开的，须在设备的 ONVIF 设置里另行添加。',
    en: 'The device refuses user and password and does not say which of them is wrong. Check the password; many makers (Hikvision, Dahua, Uniview, TP-Link) keep ONVIF users apart from those of the web page: add one in the ONVIF settings of the device.',
  },
  locked: {
    zh: '设备已锁定这个账号（设备如此答复）：请等它解锁（一般 5 到 30 分钟）或重启设备，再用正确的密码尝试。',
    en: 'The device has locked this account: it says so. Wait until it unlocks it (5 to 30 minutes as a rule) or restart it, then try the right password.',
  },
  'not-permitted': {
    zh: '用户名和密码正确，但这个 ONVIF 用户权限不足：请在设备上把它的类型改为“操作员”或“管理员”。',
    en: 'User and password are right, but this ONVIF user may not do what is needed: make it Operator or Administrator at the device.',
  },
  clock: {
    zh: '设备按自己的时钟核对登录，却不告诉网关它的时间：请先给设备校时（NTP），再试。',
    en: 'The device checks a sign-in by its clock and does not tell what that is: set the clock of the device (NTP), then try again.',
  },
  'no-digest': {
    zh: '设备要求的登录方式网关不支持：请在设备上启用 Digest（MD5 或 SHA-256）认证。',
    en: 'The device wants a form of sign-in that the gateway does not have: switch Digest (MD5 or SHA-256) on at the device.',
  },
  'tls-untrusted': {
    zh: '设备的证书不受信任（多为自签名）：请与设备上显示的 SHA-256 指纹核对，一致后再选择信任。',
    en: 'Nobody vouches for the certificate of the device; most sign their own. Compare its SHA-256 fingerprint with the one that the device shows, then choose to trust it.',
  },
  'tls-expired': {
    zh: '设备的证书已过期：请在设备上更新证书，或检查网关的时钟。',
    en: 'The certificate of the device has expired: renew it there, or check the clock of the gateway.',
  },
  'tls-not-yet-valid': {
    zh: '设备的证书尚未生效：请检查网关和设备的时钟。',
    en: 'The certificate of the device is not valid yet: check the clocks of gateway and device.',
  },
  'tls-name': {
    zh: '设备的证书是给另一个名称或地址的：核对指纹后可以只信任这一张证书。',
    en: 'The certificate of the device is for another name or address: compare the fingerprint, then trust this one certificate.',
  },
  tls: {
    zh: '加密连接（TLS）失败：请核对端口，或在设备上改用较新的 TLS 版本。',
    en: 'TLS failed: check the port, or let the device use a newer version of TLS.',
  },
  'not-onvif': {
    zh: '这个地址有应答，但不是 ONVIF：请在设备上启用 ONVIF，并核对端口和路径。',
    en: 'Something answers there, but no ONVIF: switch ONVIF on at the device, and check port and path.',
  },
  'no-answer': {
    zh: '已连上，但设备没有答复：可能正在启动或已死机，请稍后再试，或重启设备。',
    en: 'Connected, but no answer came: it may be starting, or hang. Try again later, or restart it.',
  },
  unreachable: {
    zh: '连接不上：请检查设备的电源、网线、地址和端口。',
    en: 'Cannot connect: check power, cable, address and port.',
  },
};

/** Refusals of what people ask of the search. */
export const searchText = {
  busy: {
    zh: '正在搜索，请等它结束。',
    en: 'A search is under way: wait until it is over.',
  },
  gone: {
    zh: '搜索结果里没有这个设备：请重新搜索。',
    en: 'The search found no such device: search again.',
  },
  trying: {
    zh: '正在尝试这个设备，请等它答复。',
    en: 'This device is being tried already: wait for its answer.',
  },
  tooOften: {
    zh: '这个设备已连续拒绝 3 次，再试可能锁定账号：请核对密码，10 分钟后再试。',
    en: 'This device has refused three times in a row, and may lock the account: check the password, and try again in 10 minutes.',
  },
  registered: (device: string): Text => ({
    zh: `它已登记为“${device}”。`,
    en: `It is registered as "${device}".`,
  }),
  notMoved: {
    zh: '没有已登记的设备与它相符，地址没有修改。',
    en: 'No registered device is known to be this one: no address was changed.',
  },
  otherSerial: (device: string): Text => ({
    zh: `它的序列号与“${device}”的不同，不是同一台设备，地址没有修改。`,
    en: `Its serial number is not that of "${device}": it is another device, and no address was changed.`,
  }),
  notTrusted: {
    zh: '指纹与设备出示的证书不符：请重新尝试并核对。',
    en: 'The fingerprint is not that of the certificate which the device presented: try it again and compare.',
  },
  notPrivate: {
    zh: '只能搜索内网地址（10.x、172.16-31.x、192.168.x、100.64.x、169.254.x）。',
    en: 'is no private range; write one of 10/8, 172.16/12, 192.168/16, 100.64/10, 169.254/16',
  },
  tooLarge: {
    zh: '范围太大：一次最多 1024 个地址（/22），请分几次搜索。',
    en: 'is too large; at most 1,024 addresses (a /22) in one search',
  },
  malformed: {
    zh: '应写成 192.168.1.0/24，或单个地址 192.168.1.64。',
    en: 'is no IPv4 range; write e.g. 192.168.1.0/24, or one address',
  },
} as const;
