import { readFileSync } from 'node:fs';
import { uplinkPassword } from '../config/edge.ts';
import type { EdgeConfig, MqttListenerConfig, UplinkConfig } from '../config/edge-schema.ts';
import type { ListenerOptions } from './adapters/mqtt/options.ts';

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

/** The listener of console and API, its certificate read. */
export function consoleListener({ console: { host, port, tls } }: EdgeConfig) {
  if (tls === undefined) return { host, port };
  return { host, port, tls: { cert: readFileSync(tls.cert_file), key: readFileSync(tls.key_file) } };
}

/** Where an uplink goes and as whom, its secrets read. */
export function recipientConfig(config: EdgeConfig, uplink: UplinkConfig) {
  const { gateway, school, region, name } = config.site;
  const read = (file: string | undefined) => (file === undefined ? undefined : readFileSync(file));
  return {
    recipient: uplink.recipient,
    url: uplink.url,
    ...(uplink.version === 'auto' ? {} : { version: uplink.version }),
    username: uplink.username,
    password: uplinkPassword(uplink),
    tls: uplink.tls && {
      ca: read(uplink.tls.ca_file),
      cert: read(uplink.tls.cert_file),
      key: read(uplink.tls.key_file),
    },
    gateway,
    school,
    region,
    name,
    filter: uplink.filter,
  };
}
