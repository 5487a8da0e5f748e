import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Found, SearchCounters, search } from '../adapters/onvif/discovery.ts';
import { factsOf } from '../adapters/onvif/discovery-message.ts';
import { type Trial, tryCredentials } from '../adapters/onvif/trial.ts';
import { foundView } from '../api/routes/discovery-schemas.ts';
import { AtOnce } from '../ops/at-once.ts';
import { type FoundDevice, MAX_REFUSED, REFUSALS, readRanges } from '../registry/camera-search.ts';
import { relationOf } from '../registry/found-device.ts';
import { readRegisteredSite } from '../registry/site-db.ts';
import { emptySite } from '../registry/site-file.ts';
import { trialText } from '../registry/trial-text.ts';
import { readConfig } from './load-config.ts';
import { formatTable } from './table.ts';

interface Options {
  config: string;
  json?: boolean;
  cidr: readonly string[];
  user?: string;
  passwordFile?: string;
}

/** As the console searches. */
const PACE = { perSecond: 50, waitMs: 3_000, httpMs: 2_000, httpPorts: [80, 2020] };
const TRIAL_MS = 8_000;
const TRIALS_AT_ONCE = 8;

/** `campus-gateway devices discover`: looks, and tries credentials where they are given; works beside a running gateway. */
export async function discoverDevices(options: Options): Promise<void> {
  const { json, user } = options;
  const ranges = readRanges(options.cidr);
  if ('faults' in ranges)
    return usage(
      ranges.faults.map(
        ({ path, message }) => `--cidr ${options.cidr[Number(path.slice(5))]}: ${message.en}`,
      ),
    );
  if ((user === undefined) !== (options.passwordFile === undefined))
    return usage(['--user and --password-file belong together: give both, or none']);
  try {
    const credentials =
      user === undefined ? undefined : { user, password: readPassword(options.passwordFile ?? '') };
    const devices = await registeredDevices(options);
    if (devices === undefined) return;
    const found = new Map<string, Found>();
    const counters = new SearchCounters();
    const { addresses } = ranges;
    if (json !== true) console.error(seconds(addresses.length));
    await search({ ...PACE, addresses, onFound: (one) => found.set(one.id, one) }, counters);
    const looked = await look([...found.values()], devices, credentials);
    if (json) console.log(JSON.stringify({ devices: looked.map((one) => foundView(one, 'en')), counters }));
    else print(looked, counters);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}

/** What is registered, to mark it; undefined: the configuration has faults, which were printed. */
async function registeredDevices({ config, json }: Options) {
  // an installer's own computer has none
  if (!existsSync(config)) return emptySite.devices;
  const read = readConfig(config, json);
  return read === undefined ? undefined : (await readRegisteredSite(join(read.data_dir, 'site.db'))).devices;
}

/** At a registered device nothing is tried: a wrong password would lock the gateway out. */
async function look(
  found: readonly Found[],
  devices: (typeof emptySite)['devices'],
  credentials: { user: string; password: string } | undefined,
): Promise<FoundDevice[]> {
  const trials = new Map<string, Trial>();
  const strangers = found.filter((one) => relationOf(one, undefined, devices)?.is !== 'here');
  const spent = credentials === undefined ? undefined : new Spent();
  const tryAt = async (one: Found): Promise<void> => {
    const given = spent?.isOver === true ? undefined : credentials;
    const trial = await tryCredentials({ ...given, url: one.url, timeoutMs: TRIAL_MS, clock: Date.now });
    trials.set(one.id, trial);
    if (given !== undefined) spent?.take(trial.verdict);
  };
  const looks = new AtOnce(TRIALS_AT_ONCE);
  for (const one of strangers) {
    // until one takes them they may be mistyped: then not all at once
    if (spent?.isOpen === true) await tryAt(one);
    else looks.add(() => tryAt(one));
  }
  await looks.done();
  if (spent?.isOver === true)
    console.error(
      `user and password were refused ${MAX_REFUSED} times and taken by none: they were tried at no other device; check them`,
    );
  return found.map((one) => {
    const trial = trials.get(one.id);
    return { ...one, trial, relation: relationOf(one, trial?.report?.serial, devices) };
  });
}

/** Judges by the first trials whether credentials are worth trying everywhere. */
class Spent {
  #refused = 0;
  #isTaken = false;

  /** Nothing is known yet. */
  get isOpen(): boolean {
    return !this.#isTaken && !this.isOver;
  }

  get isOver(): boolean {
    return !this.#isTaken && this.#refused >= MAX_REFUSED;
  }

  take(verdict: Trial['verdict']): void {
    if (verdict === 'accepted' || verdict === 'not-permitted') this.#isTaken = true;
    else if (REFUSALS.has(verdict)) this.#refused++;
  }
}

function print(found: readonly FoundDevice[], { junk, others, deaf, leftOut }: SearchCounters): void {
  const rows = found
    .map((one) => {
      const { name, hardware } = factsOf(one.scopes);
      const { report, verdict, clockAheadMs } = one.trial ?? {};
      const model = report === undefined ? hardware : `${report.manufacturer} ${report.model}`;
      return [
        new URL(one.url).host,
        name,
        model,
        report?.serial ?? '',
        report?.macs[0] ?? factsOf(one.scopes).mac,
        clockText(clockAheadMs),
        one.relation === undefined ? (verdict ?? '') : `${one.relation.device} (${one.relation.is})`,
      ];
    })
    .sort(([a = ''], [b = '']) => a.localeCompare(b, 'en', { numeric: true }));
  console.log(formatTable(['address', 'name', 'model', 'serial', 'mac', 'clock', 'state'], rows));
  for (const { url, twin } of found)
    if (twin !== undefined)
      console.log(`${new URL(url).host} answers under the same endpoint reference as ${new URL(twin).host}`);
  for (const verdict of new Set(found.flatMap(({ trial }) => trial?.verdict ?? [])))
    if (verdict !== 'accepted') console.log(`${verdict}: ${trialText[verdict].en}`);
  const left = [
    ...(junk > 0 ? [`${junk} datagrams that were no answers`] : []),
    ...(others > 0 ? [`${others} answers of other things than ONVIF devices`] : []),
    ...(leftOut > 0
      ? [
          `the list is full, ${leftOut} answers were left out: somebody floods the network, ask ranges with --cidr`,
        ]
      : []),
    ...(deaf > 0 ? [`nothing could be sent on ${deaf} interfaces`] : []),
  ];
  console.log([`${found.length} devices`, ...left].join('; '));
}

/** Only what matters: a minute makes the times of events wrong. */
function clockText(aheadMs: number | undefined): string {
  if (aheadMs === undefined) return '';
  const s = Math.round(aheadMs / 1_000);
  return Math.abs(s) < 5 ? 'right' : `${Math.abs(s)} s ${s > 0 ? 'ahead' : 'behind'}`;
}

function seconds(addresses: number): string {
  const s = Math.ceil((PACE.waitMs + 500) / 1_000 + addresses / PACE.perSecond);
  return `looking for ${s} s and a little more`;
}

function readPassword(file: string): string {
  const password = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  if (password === '') throw new Error(`${file} is empty: write the password into it`);
  return password;
}

function usage(lines: readonly string[]): void {
  for (const line of lines) console.error(line);
  process.exitCode = 2;
}
