import { nearest } from '../../contract/nearest.ts';
import type { Device } from '../../contract/site.ts';
import type { Catalogue } from '../../device-profiles/catalogue.ts';
import { profileFacts } from '../registry/profile-facts.ts';
import { type Registry, type ReplacedUnit, SiteError } from '../registry/registry.ts';
import type { Unit } from '../registry/replacement.ts';

/** What the command line says of the new unit. */
export interface NewUnit {
  key?: string;
  profile?: string;
  /** Settings that change; null takes one away. */
  set: Readonly<Record<string, unknown>>;
  keepPassword?: boolean;
}

/** What is wrong, by option. */
export interface OptionFault {
  path: string;
  message: string;
}

/** Puts a new unit in the place of a device's old one. Rejects for an unknown device. */
export async function replaceUnit(
  id: string,
  unit: NewUnit,
  registry: Registry,
  profiles: Pick<Catalogue, 'get' | 'list'>,
): Promise<ReplacedUnit | { faults: OptionFault[] }> {
  const { profile } = unit;
  if (profile !== undefined && profiles.get(profile) === undefined) {
    const near = nearest(
      profile,
      profiles.list().map((one) => one.id),
    );
    const hint = near === undefined ? 'see: campus-gateway profiles list' : `did you mean "${near}"?`;
    return { faults: [{ path: 'profile', message: `there is no profile "${profile}"; ${hint}` }] };
  }
  try {
    return await registry.replaceUnit(id, {
      change: changeOf(registry.device(id), unit),
      keepPassword: unit.keepPassword === true,
      by: 'command line',
      at: Date.now(),
      profiles: profileFacts(profiles),
    });
  } catch (error) {
    if (!(error instanceof SiteError)) throw error;
    return {
      faults: error.issues.map(({ path, message, hint }) => ({
        path: path.slice(2).map(String).join('.'),
        message: hint === undefined ? message : `${message}; ${hint}`,
      })),
    };
  }
}

function changeOf(device: Device | undefined, { key, profile, set }: NewUnit): Partial<Unit> {
  const settings = { ...device?.settings, ...set };
  for (const [name, value] of Object.entries(settings)) if (value === null) delete settings[name];
  return {
    ...(key === undefined ? {} : { key }),
    ...(profile === undefined ? {} : { profile }),
    ...(Object.keys(set).length === 0 ? {} : { settings }),
  };
}

/** What was done, for people. */
export function formatReplaced({ device, was, issued, shared }: ReplacedUnit): string {
  const lines = [
    `~ devices ${device.id}: ${was.profile} ${was.key ?? was.id} -> ${device.profile} ${device.key ?? device.id}`,
  ];
  if (issued !== undefined)
    lines.push(
      `user      ${issued.user}`,
      `password  ${issued.password}`,
      'shown this once: write it into the new unit now; the old unit is refused from now on',
    );
  else if (shared.length > 0)
    lines.push(`the password of "${device.user}" stays: ${shared.join(', ')} use it too`);
  lines.push('a gateway that runs takes it up within seconds; what the old unit held is let go then');
  return lines.join('\n');
}
