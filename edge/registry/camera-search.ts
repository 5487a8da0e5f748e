import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { EventDraft } from '../../contract/event.ts';
import type { Device, Slot } from '../../contract/site.ts';
import type { Text } from '../../contract/text.ts';
import { type Found, SearchCounters, search } from '../adapters/onvif/discovery.ts';
import { addressesOf, MAX_ADDRESSES } from '../adapters/onvif/discovery-range.ts';
import { type Trial, type TrialOptions, tryCredentials } from '../adapters/onvif/trial.ts';
import { AtOnce } from '../ops/at-once.ts';
import type { FieldFault } from './adopt.ts';
import type { AdoptRequest } from './adopt-request.ts';
import { freeCameraId, isAccess, type Relation, relationOf } from './found-device.ts';
import { record, register } from './inbox-desk.ts';
import type { Registry } from './registry.ts';
import type { Profiles } from './strangers.ts';
import { searchText, trialText } from './trial-text.ts';

/** Ports of ONVIF that are asked at each address: the usual one, and that of TP-Link. */
const PORTS = [80, 2020];
/** Addresses a second. */
const PACE = 50;
const WAIT_MS = 3_000;
const HTTP_MS = 2_000;
const TRIAL_MS = 8_000;
/** Devices that are looked at together. */
const LOOKS_AT_ONCE = 8;
/** Cameras lock an account after five refusals in a row, or more. */
export const MAX_REFUSED = 3;
const FORGIVEN_MS = 600_000;

/** What to search beside the networks that the gateway is on. */
export interface SearchRequest {
  /** IPv4 ranges; private ones only. */
  cidr: readonly string[];
  /** Ports to ask over HTTP at each address; default 80 and 2020. */
  ports?: readonly number[] | undefined;
}

export interface Credentials {
  user?: string | undefined;
  password?: string | undefined;
  /** SHA-256 of the certificate that the device presented and that a person trusts. */
  trust?: string | undefined;
}

/** A device of the last search, and what is known of it. */
export interface FoundDevice extends Found {
  /** Of the last look or trial; undefined: it was not looked at yet. */
  trial: Trial | undefined;
  relation: Relation | undefined;
}

export interface SearchView {
  state: 'idle' | 'running' | 'done';
  /** Milliseconds since 1970. */
  startedAt: number | undefined;
  counters: Readonly<SearchCounters>;
  devices: readonly FoundDevice[];
}

type Refusal = {
  refused: 'busy' | 'gone' | 'registered' | 'too-often' | 'not-possible';
  detail: Text;
};

export interface CameraSearchOptions {
  registry: Registry;
  profiles: Profiles;
  /** Milliseconds since 1970. */
  clock: () => number;
  /** Writes what a person did into the journal. */
  emit: (draft: EventDraft) => Promise<void>;
  logger: Logger;
  /** For tests: other ways to listen than those of a campus. */
  network?: { interfaces?: readonly string[]; unicastPort?: number; waitMs?: number };
}

/** An entry of the last search; trials of one device are made one after the other. */
interface Entry {
  found: Found;
  trial: Trial | undefined;
  isTrying: boolean;
  /** Refusals in a row, and the last of them. */
  refused: number;
  refusedAt: number;
}

/**
 * What an installer does with cameras and access controllers that nobody registered yet: search, try a password, register; and one
 * click for those that have another address than before. One search at a time; passwords are not kept here.
 */
export class CameraSearch {
  readonly #o: CameraSearchOptions;
  readonly #entries = new Map<string, Entry>();
  #counters = new SearchCounters();
  #startedAt: number | undefined;
  #running: Promise<void> | undefined;
  #stopping = new AbortController();

  constructor(options: CameraSearchOptions) {
    this.#o = options;
  }

  /** Begins a search; `faults`: what is wrong with the request. */
  start({ cidr, ports = PORTS }: SearchRequest, by: string): { faults: FieldFault[] } | Refusal | undefined {
    if (this.#running !== undefined) return { refused: 'busy', detail: searchText.busy };
    const read = readRanges(cidr);
    if ('faults' in read) return read;
    const { addresses } = read;
    this.#stopping = new AbortController();
    this.#counters = new SearchCounters();
    this.#startedAt = this.#o.clock();
    this.#entries.clear();
    record(this.#o, by, { what: 'cameras searched for', ...(cidr.length === 0 ? {} : { cidr }) });
    this.#running = this.#search(addresses, ports).finally(() => {
      this.#running = undefined;
    });
    return undefined;
  }

  /** Resolves when the search is over, or after `ms`. */
  async settled(ms: number): Promise<void> {
    const waiting = new AbortController();
    const late = sleep(ms, undefined, { signal: waiting.signal }).catch(() => undefined);
    await Promise.race([this.#running, late]);
    waiting.abort();
  }

  view(): SearchView {
    const devices = [...this.#entries.values()].map((entry) => this.#viewOf(entry));
    const state = this.#running !== undefined ? 'running' : this.#startedAt === undefined ? 'idle' : 'done';
    return { state, startedAt: this.#startedAt, counters: this.#counters, devices };
  }

  /** Tries credentials at a device that is not registered: one attempt. The verdict stands in the answer. */
  async try(id: string, credentials: Credentials, by: string): Promise<FoundDevice | Refusal> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return { refused: 'gone', detail: searchText.gone };
    const relation = this.#relationOf(entry);
    // at a registered device a wrong password would lock its own channel out
    if (relation?.is === 'here')
      return { refused: 'registered', detail: searchText.registered(relation.device) };
    const trust = this.#trusted(entry, credentials);
    if ('refused' in trust) return trust;
    const { user, password } = credentials;
    const { url } = entry.found;
    const refusal = await this.#attempt(entry, { url, user, password, ca: trust.ca });
    if (refusal !== undefined) return refusal;
    const verdict = entry.trial?.verdict;
    record(this.#o, by, { what: 'credentials of a camera tried', address: url, user, result: verdict });
    return this.#viewOf(entry);
  }

  /** Registers a device as a person describes it; the gateway begins to ask it for its events at once. */
  async adopt(
    id: string,
    request: AdoptRequest,
    credentials: Credentials,
    by: string,
  ): Promise<{ device: Device; slots: readonly Slot[] } | { faults: FieldFault[] } | Refusal> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return { refused: 'gone', detail: searchText.gone };
    const relation = this.#relationOf(entry);
    if (relation !== undefined && relation.is !== 'other')
      return { refused: 'registered', detail: searchText.registered(relation.device) };
    const trust = this.#trusted(entry, credentials);
    if ('refused' in trust) return trust;
    const { found, trial } = entry;
    const { user, password } = credentials;
    const serial = trial?.report?.serial;
    const wanted: AdoptRequest = {
      ...request,
      id: request.id ?? freeCameraId(isAccess(found) ? 'door' : 'cam', this.#o.registry),
      onvif: {
        url: found.url,
        ...(user === undefined || user === '' ? {} : { user, password }),
        ...(trust.ca === undefined ? {} : { tls: { ca: trust.ca } }),
        ...(found.endpoint === undefined ? {} : { endpoint: found.endpoint }),
        ...(serial === undefined || serial === '' ? {} : { serial }),
      },
    };
    const adopted = await register(wanted, { ...this.#o, by });
    if ('faults' in adopted) return adopted;
    const { device, slots } = adopted;
    return { device: this.#o.registry.device(device.id) ?? device, slots };
  }

  /** Takes over the new address of a registered device, once that has proven itself there with the credentials it has. */
  async move(id: string, by: string): Promise<{ device: Device } | Refusal> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return { refused: 'gone', detail: searchText.gone };
    const relation = this.#relationOf(entry);
    const { registry } = this.#o;
    const old = relation?.is === 'moved' ? registry.device(relation.device) : undefined;
    if (old?.onvif === undefined) return { refused: 'not-possible', detail: searchText.notMoved };
    const { url, endpoint } = entry.found;
    const { user, tls, serial: known } = old.onvif;
    const refusal = await this.#attempt(entry, {
      url,
      user,
      password: registry.secretOf(old.id),
      ca: tls?.ca,
    });
    if (refusal !== undefined) return refusal;
    const { verdict = 'unreachable', report } = entry.trial ?? {};
    if (!['accepted', 'open', 'not-permitted'].includes(verdict))
      return { refused: 'not-possible', detail: trialText[verdict] };
    if (known !== undefined && report !== undefined && report.serial !== '' && report.serial !== known)
      return { refused: 'not-possible', detail: searchText.otherSerial(old.id) };
    const device = await registry.noteOnvif(old.id, {
      url,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(report?.serial ? { serial: report.serial } : {}),
    });
    record(this.#o, by, {
      what: 'address of a camera changed',
      device: old.id,
      from: old.onvif.url,
      to: url,
    });
    return { device };
  }

  /** Ends a search under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #search(addresses: readonly string[], httpPorts: readonly number[]): Promise<void> {
    const { signal } = this.#stopping;
    const { network = {}, logger } = this.#o;
    const looks = new AtOnce(LOOKS_AT_ONCE);
    const onFound = (found: Found): void => {
      const known = this.#entries.get(found.id);
      if (known !== undefined) {
        known.found = found;
        return;
      }
      const entry: Entry = { found, trial: undefined, isTrying: false, refused: 0, refusedAt: 0 };
      this.#entries.set(found.id, entry);
      looks.add(() => this.#look(entry, signal));
    };
    try {
      const options = { waitMs: WAIT_MS, ...network, addresses, httpPorts, perSecond: PACE, httpMs: HTTP_MS };
      await search({ ...options, signal, onFound }, this.#counters);
      await looks.done();
      if (!signal.aborted) await this.#learn();
    } catch (err) {
      logger.error({ err }, 'a search for cameras failed: a fault of the program, please report it');
    }
  }

  /** Without credentials: does it answer, what is its clock, is its certificate good? */
  async #look(entry: Entry, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#relationOf(entry)?.is === 'here' || entry.isTrying) return;
    const { url } = entry.found;
    const trial = await tryCredentials({ url, timeoutMs: TRIAL_MS, clock: this.#o.clock, signal });
    // a person was faster
    entry.trial ??= trial;
  }

  /** Notes by what those are known that came by a file with an address alone. */
  async #learn(): Promise<void> {
    for (const entry of this.#entries.values()) {
      const { endpoint } = entry.found;
      const relation = this.#relationOf(entry);
      if (endpoint === undefined || relation?.is !== 'here') continue;
      const device = this.#o.registry.device(relation.device);
      if (device?.onvif === undefined || device.onvif.endpoint !== undefined) continue;
      await this.#o.registry
        .noteOnvif(device.id, { endpoint })
        .catch((err) =>
          this.#o.logger.warn({ err, device: device.id }, 'by what a camera is known is not stored'),
        );
    }
  }

  /** Undefined: it was made, and its verdict stands in the entry. */
  async #attempt(
    entry: Entry,
    at: Pick<TrialOptions, 'url' | 'user' | 'password' | 'ca'>,
  ): Promise<Refusal | undefined> {
    if (entry.isTrying) return { refused: 'busy', detail: searchText.trying };
    const { clock } = this.#o;
    if (entry.refused >= MAX_REFUSED && clock() - entry.refusedAt < FORGIVEN_MS)
      return { refused: 'too-often', detail: searchText.tooOften };
    entry.isTrying = true;
    try {
      const trial = await tryCredentials({ ...at, timeoutMs: TRIAL_MS, clock });
      entry.trial = { ...trial, report: trial.report ?? entry.trial?.report };
      if (REFUSALS.has(trial.verdict)) {
        entry.refused++;
        entry.refusedAt = clock();
      } else if (trial.verdict === 'accepted') entry.refused = 0;
      return undefined;
    } finally {
      entry.isTrying = false;
    }
  }

  /** The certificate that a person chose to trust, as the device presented it when it was last tried. */
  #trusted({ trial }: Entry, { trust }: Credentials): { ca: string | undefined } | Refusal {
    if (trust === undefined) return { ca: undefined };
    if (trial?.certificate?.sha256 !== trust)
      return { refused: 'not-possible', detail: searchText.notTrusted };
    return { ca: trial.certificate.pem };
  }

  #relationOf({ found, trial }: Entry): Relation | undefined {
    return relationOf(found, trial?.report?.serial, this.#o.registry.devices());
  }

  #viewOf(entry: Entry): FoundDevice {
    return { ...entry.found, trial: entry.trial, relation: this.#relationOf(entry) };
  }
}

/** Verdicts that count as failed sign-ins at the device. */
export const REFUSALS: ReadonlySet<string> = new Set([
  'refused',
  'wrong-password',
  'unknown-user',
  'locked',
  'clock',
  'no-digest',
]);

/** The addresses of ranges together, or what is wrong with each. */
export function readRanges(ranges: readonly string[]): { addresses: string[] } | { faults: FieldFault[] } {
  const faults: FieldFault[] = [];
  const addresses = new Set<string>();
  for (const [index, range] of ranges.entries()) {
    const read = addressesOf(range);
    const path = `cidr.${index}`;
    if ('addresses' in read) for (const address of read.addresses) addresses.add(address);
    else {
      const { malformed, tooLarge, notPrivate } = searchText;
      const message = { malformed, 'too-large': tooLarge, 'not-private': notPrivate }[read.fault];
      faults.push({ path, message });
    }
    if (addresses.size > MAX_ADDRESSES) return { faults: [{ path, message: searchText.tooLarge }] };
  }
  return faults.length > 0 ? { faults } : { addresses: [...addresses] };
}
