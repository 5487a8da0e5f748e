import { builtinProfiles, Catalogue } from '../../device-profiles/catalogue.ts';

/** The profiles that ship with the gateway, without their samples: read once, as that takes seconds from source. */
export const { catalogue } = Catalogue.load({ builtin: builtinProfiles() }, { samples: false });
