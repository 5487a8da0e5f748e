import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { packageFile } from '../../contract/package-root.ts';
import { checkConfigCommand } from '../../edge/cli/check-config.ts';
import { devicesCommand } from '../../edge/cli/devices.ts';
import { journalCommand } from '../../edge/cli/journal.ts';
import { profilesCommand } from '../../edge/cli/profiles.ts';
import { receiverCommand } from '../../edge/cli/receiver.ts';
import { resetPasswordCommand } from '../../edge/cli/reset-password.ts';
import { startCommand } from '../../edge/cli/start.ts';
import { anchorsOf, codeOf, pages, proseOf } from './pages.ts';

const commands = [
  startCommand(),
  checkConfigCommand(),
  profilesCommand(),
  devicesCommand(),
  journalCommand(),
  receiverCommand(),
  resetPasswordCommand(),
];
const scripts: Record<string, string> = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')).scripts;

describe.each([...pages])('%s', (path, text) => {
  test('links only to what is there', () => {
    const links = [...proseOf(text).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)];
    expect(links.flatMap(([, link = '']) => faultOfLink(path, link))).toEqual([]);
  });

  test('names only npm scripts that exist', () => {
    const named = [...text.matchAll(/\bnpm (?:run ([a-z][\w:-]*)|(test|start))\b/g)];
    const missing = named.flatMap(([, script, own]) => {
      const name = script ?? own ?? '';
      return name in scripts ? [] : [name];
    });
    expect(missing).toEqual([]);
  });

  test('names only commands and options that exist', () => {
    expect(codeOf(text).flatMap(faultsOfCommand)).toEqual([]);
  });

  test('names only files of the project that exist', () => {
    const own = /^(?:contract|device-profiles|cloud-bridge|edge|test|docs)\/[\w./-]*(?:\/|\.\w+)$/;
    const named = codeOf(text).filter((code) => own.test(code));
    expect(named.filter((name) => !existsSync(packageFile(name)))).toEqual([]);
  });
});

test('README.md and README.zh-CN.md run the same commands', () => {
  const run = (page: string) => {
    const lines = [...(pages.get(page) ?? '').matchAll(/^(?:npm|node|cp|mkdir|for) .*$/gm)];
    return lines.map(([line]) => line.replace(/ +# .*$/, ''));
  };
  expect(run('README.md').length).toBeGreaterThan(5);
  expect(run('README.zh-CN.md')).toEqual(run('README.md'));
});

test('the checks find a dead link, a command and an option that do not exist', () => {
  expect(faultOfLink('README.md', 'docs/nothing.md')).toHaveLength(1);
  expect(faultOfLink('docs/api.md', 'alarms.md#nothing')).toHaveLength(1);
  expect(faultOfLink('docs/api.md', '../README.md')).toEqual([]);
  expect(faultsOfCommand('campus-gateway journal burn')).toHaveLength(1);
  expect(faultsOfCommand('node dist/edge/main.js start --quick')).toHaveLength(1);
  expect(faultsOfCommand('campus-gateway journal export --lane a > alarms.jsonl')).toEqual([]);
});

function faultOfLink(from: string, link: string): string[] {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? from : normalize(join(dirname(from), file));
  if (!existsSync(packageFile(target))) return [`${link}: no such file`];
  if (anchor === undefined || anchorsOf(pages.get(target) ?? '').has(anchor)) return [];
  return [`${link}: no such heading`];
}

/** What of `campus-gateway journal verify --data DIR` does not exist; nothing for what is no such command. */
function faultsOfCommand(code: string): string[] {
  const line = /(?:\bcampus-gateway|edge\/main\.js) +([a-z].*)/.exec(code)?.[1];
  if (line === undefined) return [];
  const words = (line.split(/ {2,}|[<>|#;]|&&/, 1)[0] ?? '').split(/[\s[\]]+/);
  const [group, name] = words;
  const command = commands.find((one) => one.name() === group);
  const chosen = command?.commands.length ? subcommand(command, name) : command;
  // a group on its own is a fine thing to name
  if (chosen === undefined) return command && !name ? [] : [`there is no command "${group} ${name ?? ''}"`];
  const options = ['--help', ...chosen.options.flatMap(({ short, long }) => [short, long])];
  return words
    .filter((word) => /^--?[a-z]/.test(word) && !options.includes(word))
    .map((word) => `"${chosen.name()}" has no option ${word}`);
}

function subcommand(group: Command, name: string | undefined): Command | undefined {
  return group.commands.find((one) => one.name() === name);
}
