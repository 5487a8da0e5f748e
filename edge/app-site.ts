import type { Logger } from 'pino';
import type { EdgeConfig } from '../config/edge-schema.ts';
import { type ConfigFault, formatFault } from '../config/fault.ts';
import { builtinProfiles, Catalogue } from '../device-profiles/catalogue.ts';
import { profileFacts } from './registry/profile-facts.ts';
import type { Registry } from './registry/registry.ts';

/** The configuration cannot be used: everything that is wrong, with file, line and column. */
export class ConfigurationError extends Error {
  readonly faults: readonly ConfigFault[];

  constructor(faults: readonly ConfigFault[]) {
    super(`the configuration has ${faults.length} faults`);
    this.name = 'ConfigurationError';
    this.faults = faults;
  }
}

/** Built-in and site profiles. */
export function loadProfiles(config: EdgeConfig, logger: Logger): Catalogue {
  const site = config.profiles.dir;
  const { catalogue, faults } = Catalogue.load({
    builtin: builtinProfiles(),
    ...(site === undefined ? {} : { site }),
  });
  // a faulty profile must not stop the gateway: the others still serve their devices
  for (const fault of faults)
    logger.error({ fault: formatFault(fault) }, 'a device profile has a fault and is left out');
  return catalogue;
}

/** A faulty import must not keep a campus unprotected: with a site registered already, that one serves on. */
export async function importAtStart(
  config: EdgeConfig,
  registry: Registry,
  catalogue: Catalogue,
  logger: Logger,
): Promise<void> {
  try {
    await importSite(config, registry, catalogue);
  } catch (error) {
    if (registry.devices().length === 0) throw error;
    if (error instanceof ConfigurationError) {
      logger.error(
        { faults: error.faults.map(formatFault) },
        'the site import has faults and was not taken over; the site as registered serves on. Correct it and send SIGHUP',
      );
    } else {
      logger.error(
        { err: error },
        'the site import could not be stored; the site as registered serves on. Check the disk, then send SIGHUP',
      );
    }
  }
}

/** Takes over the site import; rejects with a `ConfigurationError` that names every fault. */
export async function importSite(
  config: EdgeConfig,
  registry: Registry,
  catalogue: Catalogue,
): Promise<void> {
  if (config.site.import === undefined) return;
  const imported = await registry.importFile(config.site.import, { profiles: profileFacts(catalogue) });
  if ('faults' in imported) throw new ConfigurationError(imported.faults);
}
