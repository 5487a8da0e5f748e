import { join } from 'node:path';
import { Command } from 'commander';
import { loadEdgeConfig } from '../../config/edge.ts';
import type { ConfigFault } from '../../config/fault.ts';
import { builtinProfiles, Catalogue } from '../../device-profiles/catalogue.ts';
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
    .addHelpText('after', '\nExample:\n  campus-gateway check-config --config config/edge.yaml')
    .action(async ({ config, json }: { config: string; json?: boolean }) => {
      const faults = await checkConfig(config);
      if (faults.length > 0) reportFaults(faults, json);
      else console.log(json ? JSON.stringify({ ok: true, faults }) : `${config}: no faults`);
    });
}

/** Faults of `edge.yaml`, then of the profiles and the site import that it names. */
export async function checkConfig(file: string): Promise<ConfigFault[]> {
  const loaded = loadEdgeConfig(file);
  // What a faulty file says about other files cannot be trusted.
  if ('faults' in loaded) return loaded.faults;
  const { site, profiles, data_dir } = loaded.value;
  const dirs = { builtin: builtinProfiles(), ...(profiles.dir === undefined ? {} : { site: profiles.dir }) };
  const { catalogue, faults } = Catalogue.load(dirs);
  if (site.import === undefined) return faults;
  const database = join(data_dir, 'site.db');
  try {
    const existing = await readRegisteredSite(database);
    const read = readSiteFile(site.import, { existing, profiles: profileFacts(catalogue) });
    return 'faults' in read ? [...faults, ...read.faults] : faults;
  } catch (error) {
    const message = (error instanceof Error ? error.message : String(error)).replace(`${database} `, '');
    return [...faults, { file: database, line: 1, column: 1, path: '', message }];
  }
}
