import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { pino } from 'pino';
import { readableCode } from '../registry/password-rules.ts';
import { Registry } from '../registry/registry.ts';
import { DEFAULT_CONFIG, readConfig } from './load-config.ts';

interface Options {
  config: string;
  secondFactor?: boolean;
  json?: boolean;
}

/** `campus-gateway reset-password`: the way back for who is locked out, for whoever may write the data directory. */
export function resetPasswordCommand(): Command {
  return new Command('reset-password')
    .description('give a person a one-time password; shown once, to be changed at the next sign-in')
    .argument('<user>', 'name to sign in with')
    .option('--second-factor', 'also take their second factor away')
    .option('--config <file>', 'configuration of the gateway', DEFAULT_CONFIG)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  campus-gateway reset-password secadmin --second-factor --config edge.yaml\n' +
        'A running gateway takes it up in seconds and ends their sessions. Somebody who was disabled may sign in again.\n' +
        'It is recorded in the audit.',
    )
    .action(resetPassword);
}

async function resetPassword(user: string, options: Options): Promise<void> {
  const config = readConfig(options.config, options.json);
  if (config === undefined) return;
  const file = join(config.data_dir, 'site.db');
  try {
    if (!existsSync(file))
      throw new Error(`${file} does not exist; name the gateway's configuration with --config`);
    const registry = await Registry.open({ file, logger: pino({ level: 'silent' }) });
    try {
      const password = await reset(registry, user, options.secondFactor === true);
      if (options.json) console.log(JSON.stringify({ ok: true, user, password }));
      else
        console.log(
          `one-time password of ${user}: ${password}\nIt is shown once and must be changed at the next sign-in.`,
        );
    } finally {
      await registry.close();
    }
  } catch (error) {
    process.exitCode = 1;
    const message = error instanceof Error ? error.message : String(error);
    if (options.json) console.log(JSON.stringify({ ok: false, error: message }));
    else console.error(message);
  }
}

async function reset({ users }: Registry, user: string, secondFactor: boolean): Promise<string> {
  const account = users.account(user);
  const person = users.list().find((one) => one.user === user);
  if (account === undefined || person === undefined) {
    const keepers = users
      .list()
      .filter(({ role }) => role === 'security-administrator' || role === 'administrator');
    const names = keepers.map((one) => `${one.user} (${one.role})`).join(', ');
    throw new Error(
      `there is no user "${user}"; those who keep this gateway: ${names === '' ? 'nobody yet' : names}`,
    );
  }
  const by = `os:${userInfo().username}`;
  const note = {
    by,
    station: 'command line',
    act: 'people.reset-password',
    what: 'password reset',
    person: user,
  };
  const password = readableCode(3);
  if (account.disabled === true || (secondFactor && account.factor !== undefined)) {
    const change = { disabled: false, ...(secondFactor ? { factor: undefined } : {}) };
    const act = secondFactor ? 'people.second-factor' : 'people.enable';
    await users.update(user, person, change, { ...note, act, what: 'let in again' });
  }
  await users.setPassword(user, password, true, note);
  return password;
}
