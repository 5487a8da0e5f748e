import { readFileSync } from 'node:fs';
import { passwordOf } from '../config/edge.ts';
import type { BrokerConfig, EdgeConfig, MqttListenerConfig, UplinkConfig } from '../config/edge-schema.ts';
import { modesOf } from '../config/uplink-modes.ts';
import type { ExternalBrokerOptions } from './adapters/external-mqtt/options.ts';
import type { ListenerOptions } from './adapters/mqtt/options.ts';
import type { OnvifDevice } from './adapters/onvif/device.ts';
import { limitsOf, type OnvifLimits } from './adapters/onvif/options.ts';
import type { AlarmTimes } from './alarms/alarm-times.ts';
import type { DutyTimes } from './duty/duty.ts';
import type { Registry } from './registry/registry.ts';

/** A listener of the broker, its certificates read. */
export function listenerOptions({ host, port, tls }: MqttListenerConfig): ListenerOptions {
  if (tls === undefined) return { host, port };
  return {
    host,
    port,
    tls: {
      cert: readFileSync(tls.cert_file),
      key: readFileSync(tls.key_file),
      ...(tls.ca_file === undefined ? {} : { ca: readFileSync(tls.ca_file) }),
      requestCert: tls.require_client_cert,
    },
  };
}

/** A broker of the site, its secrets read. */
export function externalBrokerOptions(
  config: EdgeConfig,
  broker: BrokerConfig,
): Omit<ExternalBrokerOptions, 'logger' | 'clock'> {
  const { name, url, client_id, username, tls, subscribe, qos, prefix, lease } = broker;
  return {
    name,
    url,
    clientId: client_id ?? `${config.site.gateway}-${name}`,
    username,
    password: passwordOf(broker),
    tls: tls && { ...readTls(tls), servername: tls.servername },
    subscribe,
    qos,
    sessionExpiryS: broker.session_hours * 3_600,
    keepaliveS: broker.keepalive_s,
    prefix,
    lease: lease && { name: lease.name, takeoverMs: lease.takeover_s * 1_000 },
    limits: { maxPayloadBytes: broker.max_payload, maxTopicLevels: config.mqtt.max_topic_levels },
  };
}

/** Bounds of the pull points. */
export function onvifLimits({ onvif }: EdgeConfig): OnvifLimits {
  const ms = (seconds: number): number => Math.round(seconds * 1_000);
  return limitsOf({
    pullMs: ms(onvif.pull_timeout_s),
    answerMs: ms(onvif.answer_timeout_s),
    backOff: { firstMs: ms(onvif.back_off_first_s), maxMs: ms(onvif.back_off_max_s) },
    refusedMs: ms(onvif.refused_retry_s),
    terminationMs: ms(onvif.termination_s),
  });
}

/** What the site decides about alarms. */
export function alarmTimes({ alarms }: EdgeConfig): AlarmTimes {
  const { escalation, flood, chatter } = alarms;
  const ms = (seconds: number): number => Math.round(seconds * 1_000);
  return {
    escalation: [
      ms(escalation.second_station_s),
      ms(escalation.shift_leader_s),
      ms(escalation.security_chief_s),
    ],
    levels: { handle: ms(alarms.handle_within_s), scene: ms(alarms.on_scene_within_s) },
    undeliveredMs: ms(alarms.undelivered_s),
    flood: { count: flood.alarms, windowMs: ms(60 * flood.minutes) },
    chatter: {
      count: chatter.raises,
      windowMs: ms(60 * chatter.minutes),
      calmMs: ms(60 * chatter.calm_minutes),
    },
  };
}

/** What the site decides about duty. */
export function dutyTimes({ duty: { check_s, absent_minutes, hours } }: EdgeConfig): DutyTimes {
  return { checkMs: Math.round(check_s * 1_000), absentMs: Math.round(absent_minutes * 60_000), hours };
}

/** The registered devices that are reached over ONVIF, with their passwords. */
export function onvifDevices(registry: Pick<Registry, 'devices' | 'secretOf'>): OnvifDevice[] {
  return registry.devices().flatMap(({ id, onvif }) => {
    if (onvif === undefined) return [];
    const { url, user, tls, rtsp } = onvif;
    return [{ id, url, user, password: registry.secretOf(id), ca: tls?.ca, rtsp }];
  });
}

/** The listener of console and API, its certificate read. */
export function consoleListener({ console: { host, port, tls } }: EdgeConfig) {
  if (tls === undefined) return { host, port };
  return { host, port, tls: { cert: readFileSync(tls.cert_file), key: readFileSync(tls.key_file) } };
}

/** Where an uplink goes and as whom, its secrets read. */
export function recipientConfig(config: EdgeConfig, uplink: UplinkConfig) {
  const { gateway, school, region, name } = config.site;
  return {
    recipient: uplink.recipient,
    url: uplink.url,
    ...(uplink.version === 'auto' ? {} : { version: uplink.version }),
    username: uplink.username,
    password: passwordOf(uplink),
    tls: uplink.tls && readTls(uplink.tls),
    gateway,
    school,
    region,
    name,
    filter: recipientFilter(uplink),
  };
}

/** Which rows a recipient gets. */
export function recipientFilter(uplink: UplinkConfig) {
  return { ...uplink.filter, modes: modesOf(uplink) };
}

function readTls(tls: { ca_file?: string; cert_file?: string; key_file?: string }) {
  const read = (file: string | undefined) => (file === undefined ? undefined : readFileSync(file));
  return { ca: read(tls.ca_file), cert: read(tls.cert_file), key: read(tls.key_file) };
}
