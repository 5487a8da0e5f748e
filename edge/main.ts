#!/usr/bin/env -S node --max-semi-space-size=64
import { Command } from 'commander';
import { checkConfigCommand } from './cli/check-config.ts';
import { devicesCommand } from './cli/devices.ts';
import { journalCommand } from './cli/journal.ts';
import { profilesCommand } from './cli/profiles.ts';
import { receiverCommand } from './cli/receiver.ts';
import { startCommand } from './cli/start.ts';
import { softwareVersion } from './ops/version.ts';

const program = new Command('campus-gateway')
  .description('校园技防边缘网关 — campus security edge gateway')
  .version(softwareVersion)
  .showHelpAfterError('(add --help for usage and an example)')
  .exitOverride((error) => {
    // usage errors are 2 everywhere; help and version are no errors
    process.exit(error.exitCode === 0 ? 0 : 2);
  });

for (const command of [
  startCommand(),
  checkConfigCommand(),
  profilesCommand(),
  devicesCommand(),
  journalCommand(),
  receiverCommand(),
]) {
  program.addCommand(command);
}

await program.parseAsync();
