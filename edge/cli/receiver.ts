import { existsSync, readFileSync } from 'node:fs';
import closeWithGrace from 'close-with-grace';
import { Command } from 'commander';
import type { Logger } from 'pino';
import { type EmbeddedBroker, startEmbeddedBroker } from '../../cloud-bridge/receiver/embedded-broker.ts';
import { Receiver } from '../../cloud-bridge/receiver/receiver.ts';
import { checkSqliteFile } from '../../cloud-bridge/receiver/sqlite-check.ts';
import { SqliteStore } from '../../cloud-bridge/receiver/sqlite-store.ts';
import type { StoreCheck } from '../../cloud-bridge/receiver/store.ts';
import { readSecretFile } from '../../config/edge.ts';
import { loadReceiverConfig, type ReceiverConfig } from '../../config/receiver.ts';
import { createLogger } from '../ops/logger.ts';
import { reportFaults } from './load-config.ts';

const DEFAULT_CONFIG = 'config/receiver.yaml';
/** What is being stored at a stop may take so long; then the process ends all the same. */
const STOP_WITHIN_MS = 15_000;

/** `campus-gateway receiver`: the province's side of the uplink. */
export function receiverCommand(): Command {
  const receiver = new Command('receiver').description('reference receiver: what the province runs');
  receiver
    .command('start')
    .description('receive, store and receipt what gateways send')
    .option('-c, --config <file>', 'configuration of the receiver', DEFAULT_CONFIG)
    .addHelpText('after', '\nExample:\n  campus-gateway receiver start --config config/receiver.yaml')
    .action(start);
  receiver
    .command('verify')
    .description('prove that the store is complete and unaltered; exit 1 if it is not')
    .option('-c, --config <file>', 'configuration of the receiver', DEFAULT_CONFIG)
    .option('--json', 'print {ok, ...} as JSON')
    .addHelpText('after', '\nExample:\n  campus-gateway receiver verify --json')
    .action(verify);
  return receiver;
}

/** A receiver as its configuration says, with its embedded broker if it has one. */
export interface RunningReceiver {
  receiver: Receiver;
  brokerUrl: string;
  stop(): Promise<void>;
}

/** Starts what `receiver.yaml` describes; rejects, with everything closed again, if a part cannot start. */
export async function startReceiver(config: ReceiverConfig, logger: Logger): Promise<RunningReceiver> {
  const { broker, http, recipient, heartbeat_s } = config;
  const { username } = broker;
  const password = broker.password_file === undefined ? undefined : readSecretFile(broker.password_file);
  const store = await SqliteStore.open({
    file: config.store.file,
    deadLetterBytes: config.store.dead_letters_mib * 1024 * 1024,
  });
  let embedded: EmbeddedBroker | undefined;
  try {
    if (broker.embedded !== undefined) {
      embedded = await startEmbeddedBroker({ ...broker.embedded, username, password, logger });
    }
    const brokerUrl = embedded?.url ?? broker.url ?? '';
    const receiver = await Receiver.start({
      recipient,
      gateways: config.gateways,
      broker: {
        url: brokerUrl,
        version: embedded !== undefined ? 4 : broker.version === 'auto' ? undefined : broker.version,
        username,
        password,
        tls: {
          ca: read(broker.tls?.ca_file),
          cert: read(broker.tls?.cert_file),
          key: read(broker.tls?.key_file),
        },
      },
      http: {
        host: http.host,
        port: http.port,
        token: http.token_file === undefined ? undefined : readSecretFile(http.token_file),
      },
      store,
      logger,
      heartbeatMs: heartbeat_s * 1000,
    });
    const stop = async () => {
      await receiver.stop();
      await embedded?.close();
    };
    return { receiver, brokerUrl, stop };
  } catch (error) {
    await embedded?.close();
    await store.close();
    throw error;
  }
}

async function start({ config: file }: { config: string }): Promise<void> {
  const loaded = loadReceiverConfig(file);
  if ('faults' in loaded) return reportFaults(loaded.faults);
  const logger = createLogger(loaded.value.log.level);
  let running: RunningReceiver;
  try {
    running = await startReceiver(loaded.value, logger);
  } catch (error) {
    logger.fatal({ err: error }, 'the receiver cannot start');
    console.error(`the receiver cannot start: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
  const { receiver, brokerUrl } = running;
  logger.info({ broker: brokerUrl, http: receiver.httpUrl, store: loaded.value.store.file }, 'ready');
  closeWithGrace({ delay: STOP_WITHIN_MS, logger: false }, async ({ err }) => {
    if (err) logger.fatal({ err }, 'stopping after an error that nobody handled');
    else logger.info('stopping');
    await running.stop();
    logger.info('stopped');
  });
}

async function verify({ config: file, json }: { config: string; json?: boolean }): Promise<void> {
  const loaded = loadReceiverConfig(file);
  if ('faults' in loaded) return reportFaults(loaded.faults, json);
  const store = loaded.value.store.file;
  let check: StoreCheck;
  try {
    if (!existsSync(store)) throw new Error('does not exist; has this receiver ever run?');
    check = await checkSqliteFile(store);
  } catch (error) {
    const message = `${store}: ${(error as Error).message}`;
    if (json) console.log(JSON.stringify({ ok: false, faults: [message] }));
    else console.error(message);
    process.exitCode = 1;
    return;
  }
  const ok = check.faults.length === 0;
  if (json) console.log(JSON.stringify({ ok, ...check }));
  else {
    const { gateways, lanes, events, skipped, rejected, chainBreaks, faults } = check;
    for (const fault of faults) console.error(fault);
    const counts = `${gateways} gateways, ${lanes} lanes, ${events} events, ${skipped} skipped, ${rejected} rejected, ${chainBreaks} chain breaks on arrival`;
    console.log(`${store}: ${ok ? 'sound' : `${faults.length} faults`}; ${counts}`);
  }
  if (!ok) process.exitCode = 1;
}

function read(file: string | undefined): Buffer | undefined {
  return file === undefined ? undefined : readFileSync(file);
}
