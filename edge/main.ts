#!/usr/bin/env -S node --max-semi-space-size=64
import { Command } from 'commander';
import { softwareVersion } from './ops/version.ts';

const program = new Command('campus-gateway')
  .description('校园技防边缘网关 — campus security edge gateway')
  .version(softwareVersion)
  .showHelpAfterError('(add --help for usage and an example)')
  .exitOverride((error) => {
    // usage errors are 2 everywhere; help and version are no errors
    process.exit(error.exitCode === 0 ? 0 : 2);
  });

/** One module a command: loading the whole gateway takes longer than most commands. */
const commands: Record<string, () => Promise<Command>> = {
  start: async () => (await import('./cli/start.ts')).startCommand(),
  'check-config': async () => (await import('./cli/check-config.ts')).checkConfigCommand(),
  profiles: async () => (await import('./cli/profiles.ts')).profilesCommand(),
  devices: async () => (await import('./cli/devices.ts')).devicesCommand(),
  journal: async () => (await import('./cli/journal.ts')).journalCommand(),
  receiver: async () => (await import('./cli/receiver.ts')).receiverCommand(),
  'reset-password': async () => (await import('./cli/reset-password.ts')).resetPasswordCommand(),
};

const named = commands[process.argv[2] ?? ''];
// help and what is misspelt want them all
for (const command of named === undefined ? Object.values(commands) : [named]) {
  program.addCommand(await command());
}

await program.parseAsync();
