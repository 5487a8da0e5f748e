import type { LiveStatus } from '../../../contract/live.ts';
import { t } from '../i18n/i18n.ts';
import type { Link } from '../live.ts';
import { recipientName, shortDurationText } from '../names.ts';
import type { IconName } from '../parts/icons.ts';

/** A state of the gateway in the top bar: icon, what it is, how it is. */
export interface Light {
  readonly key: string;
  readonly icon: IconName;
  readonly label: string;
  readonly value: string;
  readonly tone: 'ok' | 'warn' | 'bad' | 'unknown';
}

/** A backlog that is worth a word, seconds. */
const BACKLOG_S = 30;

/** The lights of the top bar. Without the gateway only its own light knows anything. */
export function statusLights(link: Link, status: LiveStatus | undefined): Light[] {
  const gateway: Light = {
    key: 'gateway',
    icon: link === 'lost' ? 'unlink' : 'link',
    label: t('header.gateway'),
    value: t(`header.link.${link}`),
    tone: link === 'up' ? 'ok' : link === 'down' ? 'warn' : 'bad',
  };
  if (status === undefined) return [gateway];
  const lights = [gateway, ...uplinkLights(status), ...ownLights(status)];
  return link === 'lost' ? lights.map(faded) : lights;
}

function uplinkLights({ uplinks }: LiveStatus): Light[] {
  const base = { icon: 'upload' } as const;
  if (uplinks.length === 0) {
    const [label, value] = [t('header.province'), t('header.noUplink')];
    return [{ ...base, key: 'uplink', label, value, tone: 'unknown' }];
  }
  return uplinks.map(({ recipient, state, oldestS }) => {
    const behind = oldestS >= BACKLOG_S;
    const age = t('header.uplinkOldest', { age: shortDurationText(oldestS * 1000) });
    const word = t(state === 'up' ? 'header.uplinkUp' : 'header.uplinkDown');
    const tone = state === 'down' ? 'bad' : behind ? 'warn' : 'ok';
    const value = behind ? `${word} · ${age}` : word;
    return { ...base, key: `uplink-${recipient}`, label: recipientName(recipient), value, tone };
  });
}

function ownLights({ storage, clock, devices, cameras }: LiveStatus): Light[] {
  const lights: Light[] = [
    {
      key: 'storage',
      icon: 'disk',
      label: t('header.storage'),
      value: t(`header.storageState.${storage}`),
      tone: storage === 'ok' ? 'ok' : 'bad',
    },
    {
      key: 'clock',
      icon: 'clock',
      label: t('header.clock'),
      value: t(`header.clockState.${clock}`),
      tone: clock === 'sync' ? 'ok' : 'warn',
    },
    countLight('devices', 'device', devices.total, devices.offline, devices.unknown),
  ];
  if (cameras.total > 0) {
    lights.push(countLight('cameras', 'camera', cameras.total, cameras.offline + cameras.silent));
  }
  return lights;
}

function countLight(
  key: 'devices' | 'cameras',
  icon: IconName,
  total: number,
  away: number,
  unknown = 0,
): Light {
  const parts = [
    ...(away > 0 ? [t('header.devicesOffline', { n: away })] : []),
    ...(unknown > 0 ? [t('header.devicesUnknown', { n: unknown })] : []),
  ];
  return {
    key,
    icon,
    label: t(`header.${key}`),
    value: parts.length > 0 ? parts.join(' ') : t('header.devicesOk', { n: total }),
    tone: parts.length > 0 ? 'warn' : 'ok',
  };
}

function faded(light: Light): Light {
  return light.key === 'gateway' ? light : { ...light, value: t('header.unknown'), tone: 'unknown' };
}
