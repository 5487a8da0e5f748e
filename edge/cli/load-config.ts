import { loadEdgeConfig } from '../../config/edge.ts';
import type { EdgeConfig } from '../../config/edge-schema.ts';
import { type ConfigFault, formatFault } from '../../config/fault.ts';

/** `sysexits.h`: something was found in an unconfigured or misconfigured state. */
const EXIT_CONFIG = 78;
/** Where a gateway keeps its configuration, seen from its folder. */
export const DEFAULT_CONFIG = 'config/edge.yaml';

/** Prints faults, one a line, and sets the exit code; `--json`: as a JSON object on standard output. */
export function reportFaults(faults: readonly ConfigFault[], json = false): void {
  process.exitCode = EXIT_CONFIG;
  if (json) {
    console.log(JSON.stringify({ ok: false, faults }));
    return;
  }
  for (const fault of faults) console.error(formatFault(fault));
  console.error(faults.length === 1 ? '1 fault' : `${faults.length} faults`);
}

/** The checked configuration; undefined after its faults were printed and the exit code set to 78. */
export function readConfig(file: string, json = false): EdgeConfig | undefined {
  const loaded = loadEdgeConfig(file);
  if (!('faults' in loaded)) return loaded.value;
  reportFaults(loaded.faults, json);
  return undefined;
}
