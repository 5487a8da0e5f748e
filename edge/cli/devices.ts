import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { pino } from 'pino';
import { stringify } from 'yaml';
import type { EdgeConfig } from '../../config/edge-schema.ts';
import { formatFault } from '../../config/fault.ts';
import type { Device } from '../../contract/site.ts';
import { builtinProfiles, Catalogue } from '../../device-profiles/catalogue.ts';
import { adoptRequestSchema } from '../registry/adopt-request.ts';
import type { ImportReport } from '../registry/import.ts';
import { register } from '../registry/inbox-desk.ts';
import { profileFacts, topicsOf } from '../registry/profile-facts.ts';
import { Registry } from '../registry/registry.ts';
import { discoverDevices } from './discover.ts';
import { DEFAULT_CONFIG, readConfig, reportFaults } from './load-config.ts';
import { formatReplaced, type NewUnit, replaceUnit } from './replace-device.ts';
import { formatTable } from './table.ts';
import { formatEvent, watchDevice } from './test-device.ts';

interface Options {
  config: string;
  json?: boolean;
}

/** `campus-gateway devices`: what is registered, and how it gets there. */
export function devicesCommand(): Command {
  const devices = new Command('devices').description('registered places, slots, devices and users');
  subcommand(devices, 'import <file>', 'import the YAML of a campus into site.db, all or nothing')
    .option('--dry-run', 'show what would change, change nothing')
    .option('--replace', 'also remove what the sections of the file do not list')
    .addHelpText(
      'after',
      '\nExample:\n  campus-gateway devices import campus.yaml --config edge.yaml --dry-run',
    )
    .action(importSite);
  subcommand(
    devices,
    'discover',
    'look for cameras and access controllers on the network; nothing is registered',
  )
    .option(
      '--cidr <range>',
      'also ask each address of a private range, e.g. 192.168.1.0/24; several are allowed',
      several,
      [],
    )
    .option('--user <user>', 'ONVIF user to try at each device that is not registered, once')
    .option('--password-file <file>', 'file with its password alone in it')
    .addHelpText(
      'after',
      '\nExample:\n  campus-gateway devices discover --cidr 192.168.1.0/24 --user gateway --password-file secrets/cameras --config edge.yaml\nRegister them in the console (设备接入, 搜索摄像机) or in the YAML of the campus.',
    )
    .action(discoverDevices);
  subcommand(
    devices,
    'add',
    'register one device and make a slot for it; a running gateway takes it up in seconds',
  )
    .requiredOption('--profile <id>', 'device profile that reads it; see: campus-gateway profiles list')
    .requiredOption('--name <name>', 'what people read on screens')
    .option('--key <key>', 'what the device is called on its transport, the {device} of its topics')
    .option('--place <id>', 'place where it is installed; a slot is made there')
    .option('--slot <id>', 'a slot that exists, instead of a place')
    .option('--id <id>', 'default: made from the key')
    .option('--bridge <id>', 'the bridge it is reached through')
    .option('--user <user>', 'its broker account')
    .option('--set <name=value>', 'a setting of the profile; several are allowed', pairs, {})
    .addHelpText(
      'after',
      '\nExample:\n  campus-gateway devices add --profile zigbee2mqtt.device --key dorm-508 --name "508 smoke" --place dorm-508 --bridge z2m --config edge.yaml',
    )
    .action(addDevice);
  subcommand(
    devices,
    'replace <id>',
    'a new unit fills the place of an old one: same id, slot and inputs, a new password; a running gateway takes it up in seconds',
  )
    .option('--key <key>', 'what the new unit is called on its transport; default: as the old one')
    .option('--profile <id>', 'device profile of the new unit; default: that of the old one')
    .option('--set <name=value>', 'a setting that changes; name=null takes one away', pairs, {})
    .option('--keep-password', 'the new unit uses the password of the old one')
    .addHelpText(
      'after',
      '\nExample:\n  campus-gateway devices replace dorm-508 --key 0x00158d0001a2b3c4 --config edge.yaml\nAlarms that the old unit held are let go and stay for people to close; SYS.CFG records it.',
    )
    .action(replaceDevice);
  subcommand(devices, 'test <id>', 'print what a running gateway makes of what a device says from now on')
    .option('--seconds <n>', 'how long', secondsOf, 30)
    .addHelpText(
      'after',
      '\nExample:\n  campus-gateway devices test dorm-508 --seconds 60 --config edge.yaml\nPress the test button meanwhile. Exit 1 when nothing came.',
    )
    .action(testDevice);
  const credentials = devices.command('credentials').description('broker accounts of devices');
  subcommand(
    credentials,
    'rotate <id>',
    'give a device a new password, and an account if it has none; shown once',
  )
    .addHelpText(
      'after',
      '\nExample:\n  campus-gateway devices credentials rotate io-dorm-3 --config edge.yaml\nThe old password is refused and its connection closed within seconds.',
    )
    .action(rotateCredential);
  subcommand(devices, 'list', 'list the devices')
    .addHelpText('after', '\nExample:\n  campus-gateway devices list --config edge.yaml --json')
    .action((options: Options) => withRegistry(options, (registry) => print(options, list(registry))));
  subcommand(devices, 'show <id>', 'show a device with its place and rights')
    .addHelpText('after', '\nExample:\n  campus-gateway devices show io-dorm-3 --config edge.yaml')
    .action((id: string, options: Options) =>
      withRegistry(options, (registry) => show(registry, id, options)),
    );
  subcommand(devices, 'export', 'print everything registered as YAML for import, without passwords')
    .addHelpText('after', '\nExample:\n  campus-gateway devices export --config edge.yaml > campus.yaml')
    .action((options: Options) =>
      withRegistry(options, (registry) => {
        // who was removed stays in site.db only for the records
        const users = registry.site().users.filter(({ user }) => registry.users.account(user) !== undefined);
        const site = { ...registry.site(), users };
        console.log(options.json ? JSON.stringify(site) : stringify(site, { lineWidth: 0 }).trimEnd());
      }),
    );
  return devices;
}

function subcommand(parent: Command, usage: string, description: string): Command {
  return parent
    .command(usage)
    .description(description)
    .option('--config <file>', 'configuration of the gateway', DEFAULT_CONFIG)
    .option('--json', 'print JSON');
}

async function importSite(
  file: string,
  options: Options & { dryRun?: boolean; replace?: boolean },
): Promise<void> {
  const { dryRun = false, replace = false } = options;
  await useRegistry(options, true, async (registry, catalogue) => {
    const result = await registry.importFile(file, { dryRun, replace, profiles: profileFacts(catalogue) });
    if ('faults' in result) return reportFaults(result.faults, options.json);
    const { report } = result;
    console.log(options.json ? JSON.stringify({ ok: true, dryRun, report }) : formatReport(report, dryRun));
  });
}

interface AddOptions extends Options {
  profile: string;
  name: string;
  key?: string;
  place?: string;
  slot?: string;
  id?: string;
  bridge?: string;
  user?: string;
  set: Record<string, unknown>;
}

async function addDevice({ config, json, set, ...given }: AddOptions): Promise<void> {
  const parsed = adoptRequestSchema.safeParse({
    ...given,
    ...(Object.keys(set).length === 0 ? {} : { settings: set }),
  });
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
    return refuse(faults, json);
  }
  await useRegistry(
    { config, ...(json === undefined ? {} : { json }) },
    false,
    async (registry, profiles) => {
      const added = await register(parsed.data, {
        registry,
        profiles,
        by: 'command line',
        clock: Date.now,
        // the gateway may run, and only it writes its journal
        emit: async () => undefined,
        logger: pino({ level: 'silent' }),
      });
      if ('faults' in added) {
        return refuse(
          added.faults.map(({ path, message }) => ({ path, message: message.en })),
          json,
        );
      }
      const { device, slots } = added;
      if (json) console.log(JSON.stringify({ ok: true, device, slots }));
      else
        console.log(
          [
            ...slots.map(({ id }) => `+ slots ${id}`),
            `+ devices ${device.id} (${device.profile} ${device.key})`,
          ].join('\n'),
        );
    },
  );
}

async function replaceDevice(id: string, { config, json, ...unit }: Options & NewUnit): Promise<void> {
  await useRegistry(
    { config, ...(json === undefined ? {} : { json }) },
    false,
    async (registry, profiles) => {
      const replaced = await replaceUnit(id, unit, registry, profiles);
      if ('faults' in replaced) refuse(replaced.faults, json);
      else console.log(json ? JSON.stringify({ ok: true, ...replaced }) : formatReplaced(replaced));
    },
  );
}

async function testDevice(id: string, options: Options & { seconds: number }): Promise<void> {
  const { config, json, seconds } = options;
  await useRegistry(options, false, async (registry) => {
    if (registry.device(id) === undefined) {
      unknownDevice(id);
      return;
    }
    const { data_dir } = readConfig(config, json) ?? {};
    if (data_dir === undefined) return;
    const count = await watchDevice(data_dir, {
      device: id,
      seconds,
      onListening: () => console.error(`listening for ${seconds} s; make "${id}" say something`),
      onEvent: (event) => console.log(json ? JSON.stringify(event) : formatEvent(event)),
    });
    if (count > 0) return;
    console.error(
      `nothing came of "${id}" in ${seconds} s: it said nothing, only what was known already, or not under its key; does the gateway run? ` +
        `Look at the unknown devices of the console, and at: campus-gateway devices show ${id}`,
    );
    process.exitCode = 1;
  });
}

function several(text: string, before: readonly string[]): string[] {
  return [...before, text];
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 3_600)
    throw new InvalidArgumentError('write whole seconds, 1 to 3600');
  return seconds;
}

function unknownDevice(id: string): void {
  console.error(`there is no device "${id}"; see: campus-gateway devices list`);
  process.exitCode = 1;
}

function refuse(faults: readonly { path: string; message: string }[], json: boolean | undefined): void {
  if (json) console.log(JSON.stringify({ ok: false, faults }));
  else
    for (const { path, message } of faults)
      console.error(`--${path.replace(/^settings\./, 'set ')}: ${message}`);
  process.exitCode = 1;
}

/** `name=value`; a value that is JSON is taken as such. */
function pairs(text: string, before: Record<string, unknown>): Record<string, unknown> {
  const split = text.indexOf('=');
  if (split < 1) throw new InvalidArgumentError('write name=value');
  const value = text.slice(split + 1);
  let parsed: unknown = value;
  try {
    parsed = JSON.parse(value);
  } catch {
    // a plain text
  }
  return { ...before, [text.slice(0, split)]: parsed };
}

async function rotateCredential(id: string, options: Options): Promise<void> {
  await useRegistry(options, false, async (registry) => {
    const issued = await registry.issueCredential(id);
    const { user, password, devices, created } = issued;
    if (options.json) {
      console.log(JSON.stringify(issued));
      return;
    }
    const others = devices.filter((device) => device !== id);
    console.log(`user      ${user}${created ? ' (new)' : ''}`);
    console.log(`password  ${password}`);
    console.log('shown this once: write it into the device now');
    if (others.length > 0) console.log(`also used by: ${others.join(', ')}`);
  });
}

/** One line a table, then the ids. */
function formatReport(report: ImportReport, dryRun: boolean): string {
  const rows = Object.entries(report).map(([table, { added, changed, removed, unchanged, kept }]) =>
    [table, added.length, changed.length, removed.length, unchanged, kept.length].map(String),
  );
  const heading = ['', 'added', 'changed', 'removed', 'unchanged', 'not in the file, kept'];
  const names = Object.entries(report).flatMap(([table, { added, changed, removed }]) => [
    ...added.map((id) => `+ ${table} ${id}`),
    ...changed.map((id) => `~ ${table} ${id}`),
    ...removed.map((id) => `- ${table} ${id}`),
  ]);
  return [formatTable(heading, rows), ...names, ...(dryRun ? ['dry run: nothing was changed'] : [])].join(
    '\n',
  );
}

function withRegistry(options: Options, use: (registry: Registry) => void): Promise<void> {
  return useRegistry(options, false, async (registry) => use(registry));
}

/** Opens `site.db` of the configuration for a command; says what is wrong where it cannot. */
async function useRegistry(
  options: Options,
  create: boolean,
  use: (registry: Registry, catalogue: Catalogue) => Promise<void>,
): Promise<void> {
  const config = readConfig(options.config, options.json);
  if (config === undefined) return;
  const file = join(config.data_dir, 'site.db');
  try {
    if (create) mkdirSync(config.data_dir, { recursive: true, mode: 0o750 });
    else if (!existsSync(file)) {
      throw new Error(`${file} does not exist; import a site first: campus-gateway devices import FILE`);
    }
    const catalogue = catalogueOf(config);
    const logger = pino({ level: 'silent' });
    const registry = await Registry.open({ file, logger, topicsOf: topicsOf(catalogue) });
    try {
      await use(registry, catalogue);
    } finally {
      await registry.close();
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}

function catalogueOf({ profiles }: EdgeConfig): Catalogue {
  const dirs = { builtin: builtinProfiles(), ...(profiles.dir === undefined ? {} : { site: profiles.dir }) };
  const { catalogue, faults } = Catalogue.load(dirs, { samples: false });
  for (const fault of faults) console.error(formatFault(fault));
  return catalogue;
}

interface Listed {
  id: string;
  name: string;
  profile: string;
  key: string;
  slot: string;
  place: string;
  /** Whether disarmable types raise alarms there. */
  armed: string;
}

function list(registry: Registry): Listed[] {
  return registry.devices().map((device) => {
    const { slot, place } = registry.originOf(device);
    const { id, name, profile, key = id } = device;
    const where = place === undefined ? '' : registry.placePath(place).join(' / ');
    return {
      id,
      name,
      profile,
      key,
      slot: slot ?? '',
      place: where,
      armed: slot === undefined ? '' : registry.armed(slot),
    };
  });
}

function print(options: Options, listed: Listed[]): void {
  if (options.json) console.log(JSON.stringify(listed));
  else
    console.log(
      formatTable(['id', 'name', 'profile', 'key', 'slot', 'place', 'armed'], listed.map(Object.values)),
    );
}

function show(registry: Registry, id: string, options: Options): void {
  const device = registry.device(id);
  if (device === undefined) {
    unknownDevice(id);
    return;
  }
  const details = detailsOf(registry, device);
  console.log(options.json ? JSON.stringify(details) : stringify(details, { lineWidth: 0 }).trimEnd());
}

function detailsOf(registry: Registry, device: Device) {
  const at = (input?: string) => {
    const { slot, place, unit } = registry.originOf(device, input);
    if (slot === undefined) return {};
    const path = place === undefined ? [] : registry.placePath(place);
    return {
      slot,
      place: path.join(' / '),
      ...(unit === undefined ? {} : { unit }),
      armed: registry.armed(slot),
      lifeSafety: registry.isLifeSafety(slot),
    };
  };
  const inputs = Object.entries(device.inputs ?? {}).map(
    ([name, input]) => [name, { ...input, ...at(name) }] as const,
  );
  return {
    ...device,
    key: device.key ?? device.id,
    ...at(),
    ...(inputs.length === 0 ? {} : { inputs: Object.fromEntries(inputs) }),
    ...(device.user === undefined ? {} : { rights: registry.account(device.user) }),
    behind: registry.devicesBehind(device.id).map(({ id }) => id),
  };
}
