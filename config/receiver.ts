import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { schoolCodeSchema } from '../contract/school-code.ts';
import { siteIdSchema } from '../contract/site.ts';
import { gatewayIdSchema } from '../contract/uplink-topic.ts';
import { type ConfigFault, sortFaults } from './fault.ts';
import { checkYaml, type Loaded, readYaml } from './load-yaml.ts';
import { checkNamedFiles } from './named-files.ts';
import { file, logSchema, mqttVersionSchema, port } from './schema-parts.ts';
import type { YamlSource } from './yaml-source.ts';

const host = (description: string) =>
  z
    .string()
    .regex(/^[A-Za-z0-9.:_-]{1,253}$/, 'must be an address or a host name; write e.g. 127.0.0.1')
    .default('127.0.0.1')
    .describe(description);

const embeddedSchema = z.strictObject({
  host: host('Address of the embedded broker; other than loopback only with username and password_file.'),
  port: port(1884),
});

const brokerSchema = z
  .strictObject({
    url: z
      .string()
      .regex(
        /^mqtts?:\/\/[^/?#@\s]+\/?$/,
        'must be mqtt://host:port or mqtts://host:port; write e.g. mqtt://127.0.0.1:1883',
      )
      .optional()
      .meta({ description: 'Broker that the gateways publish to.', examples: ['mqtt://127.0.0.1:1883'] }),
    embedded: embeddedSchema
      .optional()
      .describe('Instead of url: a broker inside the receiver, MQTT 3.1.1, for a demo or a single school.'),
    version: mqttVersionSchema,
    username: z
      .string()
      .min(1)
      .max(128)
      .optional()
      .meta({
        description: 'User of the receiver at the broker; with embedded: of everybody.',
        examples: ['receiver'],
      }),
    password_file: file('File with the password, nothing else in it.', 'secrets/receiver').optional(),
    tls: z
      .strictObject({
        ca_file: file('CA of the broker, PEM; default: those of the system.', 'tls/ca.crt').optional(),
        cert_file: file('Certificate of the receiver, PEM.', 'tls/receiver.crt').optional(),
        key_file: file('Private key of the receiver, PEM.', 'tls/receiver.key').optional(),
      })
      .optional()
      .describe('For mqtts:// with a CA or a client certificate of your own.'),
  })
  .describe('Where the frames of the gateways arrive.');

const gatewaySchema = z.strictObject({
  school: schoolCodeSchema.meta({ description: 'Its school code.', examples: ['4137010001'] }),
  gateway: gatewayIdSchema.meta({ description: 'Its id within the school.', examples: ['gw-01'] }),
  region: z
    .string()
    .regex(/^\d{6}$/, 'must be a county of 6 digits in quotes; write e.g. "370102"')
    .meta({ description: 'County that its topics name, 6 digits.', examples: ['370102'] }),
});

/** `receiver.yaml` as a person writes it. */
export const receiverConfigSchema = z.strictObject({
  recipient: siteIdSchema.default('province').meta({
    description: 'Name that the gateways send to; frames for others are left alone.',
    examples: ['province'],
  }),
  broker: brokerSchema,
  http: z
    .strictObject({
      host: host('Address of the queries; other than loopback only with token_file.'),
      port: port(8090),
      token_file: file('File with a token that every query must carry.', 'secrets/receiver-token').optional(),
    })
    .prefault({})
    .describe('Where questions are answered.'),
  store: z
    .strictObject({
      file: file('SQLite file; made if missing.', '../data/receiver.db').default('../data/receiver.db'),
      dead_letters_mib: z
        .int()
        .min(1)
        .max(65_536)
        .default(256)
        .describe('MiB of messages kept that could not be taken; the oldest go first.'),
    })
    .prefault({})
    .describe('What was received.'),
  gateways: z
    .array(gatewaySchema)
    .max(100_000)
    .default([])
    .describe(
      'Gateways bound to a county from the start; others are bound to the one they are first seen in.',
    ),
  heartbeat_s: z
    .int()
    .min(1)
    .max(3600)
    .default(60)
    .describe('Seconds between heartbeats of a gateway; three misses are offline.'),
  log: logSchema('Log of the receiver.'),
});

/** A checked `receiver.yaml`: defaults filled in, paths absolute. */
export type ReceiverConfig = z.output<typeof receiverConfigSchema>;

/** Reads and checks `receiver.yaml`: its text, its schema, what its parts say together, and the files it names. */
export function loadReceiverConfig(path: string): Loaded<ReceiverConfig> {
  const read = readYaml(path);
  if ('faults' in read) return read;
  const { source } = read;
  const base = dirname(resolve(path));
  const checked = checkYaml(source, receiverConfigSchema);
  const faults = [...checked.faults, ...checkNamedFiles(source)];
  if (checked.value !== undefined) faults.push(...checkTogether(source, checked.value, base));
  if (faults.length > 0 || checked.value === undefined) return { faults: sortFaults(faults) };
  return { value: absolute(checked.value, base) };
}

function checkTogether(
  source: YamlSource,
  { broker, http, gateways }: ReceiverConfig,
  base: string,
): ConfigFault[] {
  const faults: ConfigFault[] = [];
  const named = new Set<string>();
  for (const [index, { school, gateway }] of gateways.entries()) {
    const name = `${gateway} of ${school}`;
    if (named.has(name)) {
      faults.push(source.fault(['gateways', index], `${name} is named twice`, 'keep the county it is in'));
    }
    named.add(name);
  }
  const both = broker.url !== undefined && broker.embedded !== undefined;
  if (both)
    faults.push(source.fault(['broker', 'embedded'], 'there is a url, too', 'remove url or embedded'));
  if (broker.url === undefined && broker.embedded === undefined) {
    faults.push(source.fault(['broker'], 'names no broker', 'add url: mqtt://host:port, or embedded: {}'));
  }
  if ((broker.username === undefined) !== (broker.password_file === undefined)) {
    faults.push(
      source.fault(['broker'], 'username and password_file belong together', 'add the other or remove both'),
    );
  }
  if (broker.embedded !== undefined && !isLoopback(broker.embedded.host) && broker.username === undefined) {
    const hint = 'add username and password_file, or listen on 127.0.0.1';
    faults.push(
      source.fault(['broker', 'embedded', 'host'], 'would take frames from anybody on the network', hint),
    );
  }
  if (broker.tls !== undefined && broker.url?.startsWith('mqtts:') !== true) {
    faults.push(
      source.fault(['broker', 'tls'], 'has no use without mqtts://', 'write url: mqtts://... or remove tls'),
    );
  }
  if (!isLoopback(http.host) && http.token_file === undefined) {
    const hint = 'add token_file, or listen on 127.0.0.1';
    faults.push(source.fault(['http', 'host'], 'would answer anybody on the network', hint));
  }
  if (http.token_file !== undefined && !isFile(resolve(base, http.token_file))) {
    const message = `${JSON.stringify(http.token_file)} is no file`;
    faults.push(source.fault(['http', 'token_file'], message, 'correct the path or the file'));
  }
  return faults;
}

function absolute(config: ReceiverConfig, base: string): ReceiverConfig {
  const { broker, http, store } = config;
  const at = (name: string) => resolve(base, name);
  const tls = Object.fromEntries(Object.entries(broker.tls ?? {}).map(([key, name]) => [key, at(name)]));
  return {
    ...config,
    broker: {
      ...broker,
      ...(broker.password_file === undefined ? {} : { password_file: at(broker.password_file) }),
      ...(broker.tls === undefined ? {} : { tls }),
    },
    http: { ...http, ...(http.token_file === undefined ? {} : { token_file: at(http.token_file) }) },
    store: { ...store, file: at(store.file) },
  };
}

function isLoopback(name: string): boolean {
  return name === 'localhost' || name === '::1' || /^127\.\d+\.\d+\.\d+$/.test(name);
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
