import closeWithGrace from 'close-with-grace';
import { Command } from 'commander';
import type { Logger } from 'pino';
import { reloadEdgeConfig } from '../../config/edge.ts';
import type { EdgeConfig } from '../../config/edge-schema.ts';
import { type ConfigFault, formatFault } from '../../config/fault.ts';
import { type App, startApp } from '../app.ts';
import { ConfigurationError } from '../app-site.ts';
import { createLogger } from '../ops/logger.ts';
import { DEFAULT_CONFIG, readConfig, reportFaults } from './load-config.ts';

/** What is under way at a stop may take so long; then the process ends all the same. */
const STOP_WITHIN_MS = 15_000;

interface StartOptions {
  config: string;
  signInLink?: string;
}

/** `campus-gateway start`: runs the gateway until it is told to stop. */
export function startCommand(): Command {
  return new Command('start')
    .description('run the gateway')
    .option('-c, --config <file>', 'configuration', DEFAULT_CONFIG)
    .option('--sign-in-link <user>', 'print a link that signs this user in once (console on loopback only)')
    .addHelpText('after', '\nExample:\n  campus-gateway start --config /etc/campus-gateway/edge.yaml')
    .action(start);
}

async function start(options: StartOptions): Promise<void> {
  const config = readConfig(options.config);
  if (config === undefined) return;
  const logger = createLogger(config.log.level);
  let app: App;
  let onDamaged: () => void = () => undefined;
  const damaged = new Promise<void>((resolve) => {
    onDamaged = resolve;
  });
  try {
    app = await startApp(config, logger, { onDamaged });
  } catch (error) {
    if (error instanceof ConfigurationError) return reportFaults(error.faults);
    logger.fatal({ err: error }, 'the gateway cannot start');
    process.stderr.write(
      `the gateway cannot start: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    process.exit(1);
  }
  announce(app, config, logger, options);
  watchReload(app, config, logger, options.config);
  const grace = closeWithGrace(
    { delay: STOP_WITHIN_MS, logger: false, skip: ['SIGHUP'] },
    async ({ err }) => {
      if (err) logger.fatal({ err }, 'stopping after an error that nobody handled');
      else logger.info('stopping');
      await app.stop();
      logger.info('stopped');
    },
  );
  await damaged;
  grace.uninstall();
  await stopForRestart(app, logger);
}

/** Ends with 1, so that the service manager starts the gateway again. */
async function stopForRestart(app: App, logger: Logger): Promise<never> {
  setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
  try {
    await app.stop();
  } catch (error) {
    logger.error({ err: error }, 'not everything could be stopped');
  }
  process.exit(1);
}

function announce(app: App, config: EdgeConfig, logger: Logger, { signInLink }: StartOptions): void {
  const { setupCode } = app;
  if (setupCode !== undefined) {
    process.stdout.write(
      `\n首次启动：用此一次性代码创建管理员 / first start: create the administrator with this one-time code:\n` +
        `  ${setupCode}   ${app.consoleUrl}/#/setup\n\n`,
    );
  }
  const onLoopback = ['127.0.0.1', 'localhost', '::1'].includes(config.console.host);
  if (signInLink !== undefined && onLoopback) {
    process.stdout.write(`\n登录链接 / sign-in link: ${app.signInLink(signInLink)}\n\n`);
  }
  logger.info({ console: app.consoleUrl, mqtt: app.mqttEndpoints, data: config.data_dir }, 'ready');
}

/** SIGHUP: read the configuration again; a faulty one changes nothing. */
function watchReload(app: App, first: EdgeConfig, logger: Logger, file: string): void {
  // what is at work: what needs a restart stays pending, whatever the file said in between
  let running = first;
  process.on('SIGHUP', () => {
    const { config, faults, changed } = reloadEdgeConfig(running, file);
    if (faults.length > 0) return tellFaults(logger, faults);
    app.reload(config, changed).then(
      (restart) => {
        running = { ...running, log: config.log };
        if (restart.length > 0)
          logger.warn({ keys: restart }, 'configuration read; these keys need a restart');
        else logger.info('configuration read and applied');
      },
      (error) => {
        if (error instanceof ConfigurationError) tellFaults(logger, error.faults);
        else logger.error({ err: error }, 'the configuration could not be applied');
      },
    );
  });
}

function tellFaults(logger: Logger, faults: readonly ConfigFault[]): void {
  logger.error(
    { faults: faults.map(formatFault) },
    'the changed configuration has faults; the last good one stays',
  );
}
