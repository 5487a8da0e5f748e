import type { Device } from '../../contract/site.ts';
import type { WrittenProfile } from './part.ts';

/** What an installer may adopt; it makes no device trusted by itself. */
export interface Proposal {
  /** As it is written in `yaml`; valid for the profile schema, with a sample for each value it knows. */
  profile: WrittenProfile;
  yaml: string;
  /** The entry of the registry; its place (slot) is the installer's to give. */
  device: Pick<Device, 'id' | 'name' | 'profile' | 'key' | 'inputs' | 'settings'>;
  /** A built-in profile that reads the same device, and the entry that it needs: better than the profile above. */
  instead?: { device: Proposal['device'] };
  /** What the installer should look at, in order. */
  notes: string[];
}
