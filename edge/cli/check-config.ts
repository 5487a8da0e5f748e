import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { checkEdgeConfig, type EdgePaths } from '../../config/edge.ts';
import type { ConfigFault } from '../../config/fault.ts';
import { readYaml } from '../../config/load-yaml.ts';
import { builtinProfiles, Catalogue, profileFiles } from '../../device-profiles/catalogue.ts';
import { lint } from '../../device-profiles/lint.ts';
import { loadProfileFile } from '../../device-profiles/load-profile.ts';
import { dataDirFault } from '../ops/data-dir.ts';
import { profileFacts } from '../registry/profile-facts.ts';
import { readRegisteredSite } from '../registry/site-db.ts';
import { readSiteFile } from '../registry/site-file.ts';
import { DEFAULT_CONFIG, reportFaults } from './load-config.ts';

/** `campus-gateway check-config`: every fault of the configuration at once. */
export function checkConfigCommand(): Command {
  return new Command('check-config')
    .description('check edge.yaml, the site profiles and the site import: every fault at once; exit 0 or 78')
    .option('--config <file>', 'configuration of the gateway', DEFAULT_CONFIG)
    .option('--json', 'print {ok, faults} as JSON')
    .addHelpText('after', '\nExample:\n  campus-gateway check-config --config edge.yaml')
    .action(async ({ config, json }: { config: string; json?: boolean }) => {
      const faults = await checkConfig(config);
      if (faults.length > 0) reportFaults(faults, json);
      else console.log(json ? JSON.stringify({ ok: true, faults }) : `${config}: no faults`);
    });
}

/** Faults of `edge.yaml`, of the profiles and of the site import that it names; one file's hide no other's. */
export async function checkConfig(file: string): Promise<ConfigFault[]> {
  const { faults, paths } = checkEdgeConfig(file);
  const catalogue = catalogueOf(paths.profiles, faults);
  const { siteImport, dataDir } = paths;
  if (dataDir !== undefined) {
    const fault = dataDirFault(dataDir);
    // nothing in it can be read either
    if (fault !== undefined) return [...faults, atDataDir(file, fault)];
  }
  // Without the registry, whatever the import refers to would seem to be missing.
  if (siteImport === undefined || dataDir === undefined) return faults;
  const database = join(dataDir, 'site.db');
  try {
    const existing = await readRegisteredSite(database);
    const read = readSiteFile(siteImport, {
      existing,
      ...(catalogue === undefined ? {} : { profiles: profileFacts(catalogue) }),
    });
    return 'faults' in read ? [...faults, ...read.faults] : faults;
  } catch (error) {
    const message = (error instanceof Error ? error.message : String(error)).replace(`${database} `, '');
    return [...faults, { file: database, line: 1, column: 1, path: '', message }];
  }
}

/** Where `data_dir` stands in the configuration; where it is the default, the beginning of the file. */
function atDataDir(file: string, message: string): ConfigFault {
  const read = readYaml(file);
  if ('source' in read) return read.source.fault(['data_dir'], message);
  return { file, line: 1, column: 1, path: 'data_dir', message };
}

/** Undefined where the folder of profiles is not known: then nothing can be said about them. Adds their faults. */
function catalogueOf(profiles: EdgePaths['profiles'], faults: ConfigFault[]): Catalogue | undefined {
  if (profiles === undefined) return undefined;
  const dirs = { builtin: builtinProfiles(), ...(profiles.dir === undefined ? {} : { site: profiles.dir }) };
  const loaded = Catalogue.load(dirs, { samples: false });
  faults.push(...loaded.faults, ...(profiles.dir === undefined ? [] : faultsWithin(profiles.dir)));
  return loaded.catalogue;
}

/** What `profiles check` finds in the profiles of the site that could be read: above all samples that fail. */
function faultsWithin(folder: string): ConfigFault[] {
  // a folder that is not there, and a file that cannot be read, are named already
  if (!existsSync(folder)) return [];
  return profileFiles(folder).flatMap((file) => {
    const loaded = loadProfileFile(file, 'site');
    return loaded.profile === undefined ? [] : lint(loaded).faults;
  });
}
