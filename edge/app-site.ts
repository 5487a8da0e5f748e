import type { Logger } from 'pino';
import type { EdgeConfig } from '../config/edge-schema.ts';
import { type ConfigFault, formatFault } from '../config/fault.ts';
import { builtinProfiles, Catalogue } from '../device-profiles/catalogue.ts';
import type { Left } from './journal/left.ts';
import type { StorageNotice } from './journal/unfinished.ts';
import { profileFacts } from './registry/profile-facts.ts';
import type { Registry } from './registry/registry.ts';
import type { ProfileFolders } from './registry/site-profiles.ts';

/** The configuration cannot be used: everything that is wrong, with file, line and column. */
export class ConfigurationError extends Error {
  readonly faults: readonly ConfigFault[];

  constructor(faults: readonly ConfigFault[]) {
    super(`the configuration has ${faults.length} faults`);
    this.name = 'ConfigurationError';
    this.faults = faults;
  }
}

/** Where profiles are. */
export function profileFolders({ profiles }: EdgeConfig): ProfileFolders {
  const { dir: site } = profiles;
  return { builtin: builtinProfiles(), ...(site === undefined ? {} : { site }) };
}

/** Built-in and site profiles. */
export function loadProfiles(config: EdgeConfig, logger: Logger): Catalogue {
  const { catalogue, faults } = Catalogue.load(profileFolders(config), { samples: false });
  // a faulty profile must not stop the gateway: the others still serve their devices
  for (const fault of faults)
    logger.error({ fault: formatFault(fault) }, 'a device profile has a fault and is left out');
  return catalogue;
}

/** How `site.db` was found at the start. */
export interface FoundSite {
  file: string;
  /** Missing, or without content. */
  wasEmpty: boolean;
  /** Where the damaged one lies now. */
  setAside: string | undefined;
}

/**
 * What is missing of the registry although the journal shows an earlier life (`left`; undefined: it shows none), said
 * in the log. `registryLost`: devices spoke here before, and none was registered by the start.
 */
export function lossOfSite(
  { file, wasEmpty, setAside }: FoundSite,
  registry: Pick<Registry, 'devices'>,
  left: (Pick<Left, 'states'> & { heads: Record<'a' | 'e', { seq: number }> }) | undefined,
  logger: Logger,
): { notices: StorageNotice[]; registryLost: boolean } {
  const ran = left !== undefined && left.heads.a.seq + left.heads.e.seq > 0;
  const spoke = [...(left?.states.keys() ?? [])].filter((key) => key.startsWith('device:')).length;
  const isEmpty = registry.devices().length === 0;
  const registryLost = isEmpty && (spoke > 0 || (ran && (wasEmpty || setAside !== undefined)));
  const notices: StorageNotice[] = [];
  if (setAside !== undefined) notices.push({ reason: 'a damaged site.db was set aside', setAside });
  else if (wasEmpty && ran) notices.push({ reason: 'site.db was empty or missing', file });
  else if (registryLost) notices.push({ reason: 'no device is registered any more', file });
  if (notices.length > 0 && setAside === undefined) {
    logger.error(
      { file, devicesThatSpoke: spoke },
      `${file} ${wasEmpty ? 'is empty or missing' : 'holds no device'}, but the journal shows that this gateway ran ` +
        `before${isEmpty ? ': every device is refused' : '; site.import brought its devices back'}. Stop the gateway ` +
        'and put site.db back from a backup; or name the file of the campus as site.import in edge.yaml, start again, ' +
        'and set again the passwords that people changed',
    );
  }
  return { notices, registryLost };
}

/** A faulty import must not keep a campus unprotected: with a site registered already, that one serves on. */
export async function importAtStart(
  config: EdgeConfig,
  registry: Registry,
  catalogue: Pick<Catalogue, 'get' | 'list'>,
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
  catalogue: Pick<Catalogue, 'get' | 'list'>,
): Promise<void> {
  if (config.site.import === undefined) return;
  const imported = await registry.importFile(config.site.import, { profiles: profileFacts(catalogue) });
  if ('faults' in imported) throw new ConfigurationError(imported.faults);
}
