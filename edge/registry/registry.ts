import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import { uuidv7 } from 'uuidv7';
import type { ConfigFault } from '../../config/fault.ts';
import {
  type Credential,
  type Device,
  type DeviceOnvif,
  deviceSchema,
  type OrgUnit,
  type Phone,
  type Place,
  type Site,
  type Slot,
} from '../../contract/site.ts';
import type { BrokerAccount } from '../adapters/mqtt/options.ts';
import { moveToQuarantine } from '../journal/quarantine.ts';
import type { Database, Queries } from '../journal/sqlite.ts';
import { type AccountListener, type AccountRecord, BrokerAccounts } from './accounts.ts';
import {
  type CampusSection,
  entryOf,
  forgetEdited,
  markEdited,
  putImage,
  readEdited,
  readImage,
  removeRow,
  withoutEdited,
  withoutEntry,
} from './campus-edit.ts';
import { accountOf, type IssuedCredential, isOwnAccount, newDevicePassword } from './device-credentials.ts';
import { IgnoreList } from './ignored.ts';
import {
  applyImport,
  bodyOf,
  type ImportReport,
  planImport,
  readSecrets,
  readStored,
  type StoredSite,
  siteOf,
  tableNames,
} from './import.ts';
import { ImportRecords } from './import-records.ts';
import { keepMove, type Move, readMoves } from './moved-address.ts';
import { deviceCost, hashPassword, personCost, verifyPassword } from './passwords.ts';
import type { PlanImage } from './plan-image.ts';
import {
  keepReplacement,
  type Replacement,
  readReplacements,
  UNITS_REMEMBERED,
  type Unit,
  unitOf,
} from './replacement.ts';
import { SessionStore } from './session-store.ts';
import { checkSite, type ProfileFacts } from './site-check.ts';
import { explainSiteError, openSiteDatabase, SiteDamageError } from './site-db.ts';
import { emptySite, readSiteFile, staying } from './site-file.ts';
import { idOf, issue, type SiteIssue, type Table } from './site-issue.ts';
import { type DeviceOrigin, SiteView } from './site-view.ts';
import { fillIn, type TopicsOf } from './topic-rights.ts';
import { Users } from './users.ts';

export interface RegistryOptions {
  /** Path of `site.db`; made if missing. */
  file: string;
  logger: Logger;
  /** Default rights of a credential that lists none: the topics of its devices. */
  topicsOf?: TopicsOf;
}

export interface SiteImportOptions {
  /** Report what would change; change nothing. */
  dryRun?: boolean;
  /** Remove what the file's sections do not list. Without it an import never removes anything. */
  replace?: boolean;
  /** Checks profiles, inputs and settings of devices. */
  profiles?: ProfileFacts;
}

/** How a unit is replaced. */
export interface UnitReplacement {
  /** What is different of the new unit. */
  change: Partial<Unit>;
  /** The new unit was given the password of the old one. */
  keepPassword: boolean;
  by: string;
  /** Milliseconds since 1970. */
  at: number;
  profiles: ProfileFacts;
}

/** What a replacement did. */
export interface ReplacedUnit {
  device: Device;
  was: Device;
  /** Shown once; undefined: the device has no account of its own, or keeps the password. */
  issued: { user: string; password: string } | undefined;
  /** Devices that use the same account: its password stays. */
  shared: string[];
}

/** Report of an import, or everything that is wrong; never both, and never half an import. */
export type FileImport = { report: ImportReport } | { faults: ConfigFault[] };

/** An import that was refused: the site contradicts itself or what is registered. */
export class SiteError extends Error {
  readonly issues: readonly SiteIssue[];

  constructor(issues: readonly SiteIssue[]) {
    super(
      `the site has ${issues.length} faults; first: ${issues[0]?.path.map(String).join('.')}: ${issues[0]?.message}`,
    );
    this.name = 'SiteError';
    this.issues = issues;
  }
}

/** Places, slots, devices, credentials and users of the campus: `site.db` and its view in memory. */
export class Registry {
  readonly users: Users;
  /** Who is signed in, over restarts. */
  readonly sessions: SessionStore;
  /** Unknown devices that nobody wants to see in the inbox. */
  readonly ignored: IgnoreList;
  /** What files changed of the campus, to be recorded. */
  readonly imports = new ImportRecords();
  /** The broker's way to ask who a device is. */
  readonly access: BrokerAccounts;
  readonly #db: Database;
  readonly #logger: Logger;
  readonly #topicsOf: TopicsOf;
  readonly #listeners = new Set<() => void>();
  readonly #accountListeners = new Set<AccountListener>();
  #view = new SiteView(emptySite);
  #credentials: StoredSite['credentials'] = new Map();
  #replacements: ReadonlyMap<string, Replacement> = new Map();
  #moves: ReadonlyMap<string, Move> = new Map();
  #accounts = new Map<string, AccountRecord>();
  #secrets: ReadonlyMap<string, string> = new Map();
  #version = 0;
  #dataVersion = -1;
  #importing: Promise<unknown> = Promise.resolve();

  private constructor(db: Database, options: RegistryOptions) {
    this.#db = db;
    this.#logger = options.logger;
    this.#topicsOf = options.topicsOf ?? (() => ({ publish: [], subscribe: [] }));
    this.users = new Users(db, () => this.#load());
    this.sessions = new SessionStore(db);
    this.ignored = new IgnoreList(db);
    this.access = new BrokerAccounts((user) => this.#record(user));
  }

  /** Opens or makes `site.db`. Rejects with what to do where it is damaged or newer than this program. */
  static async open(options: RegistryOptions): Promise<Registry> {
    const db = await openSiteDatabase(options.file);
    try {
      const registry = new Registry(db, options);
      await registry.ignored.load();
      await registry.#load();
      return registry;
    } catch (error) {
      await db.close().catch(() => {});
      throw explainSiteError(options.file, error);
    }
  }

  /**
   * `open`, but a damaged file is moved to `quarantine/`, never deleted, and the registry begins empty: for a gateway,
   * which must start. `setAside` is where the file is now.
   */
  static async openOrSetAside(
    options: RegistryOptions,
    clock: () => number,
  ): Promise<{ registry: Registry; setAside?: string }> {
    try {
      return { registry: await Registry.open(options) };
    } catch (error) {
      if (!(error instanceof SiteDamageError)) throw error;
      const setAside = await moveToQuarantine(options.file, clock());
      options.logger.error(
        { err: error, setAside },
        `${options.file} is damaged and was moved to ${setAside}; nothing was deleted. The registry begins empty: it ` +
          'takes what site.import names. Import anything else again, and set again the passwords that people changed',
      );
      return { registry: await Registry.open(options), setAside };
    }
  }

  /** Rises with every change of the view. */
  get version(): number {
    return this.#version;
  }

  places(): readonly Place[] {
    return this.#view.site.places;
  }

  units(): readonly OrgUnit[] {
    return this.#view.site.units;
  }

  slots(): readonly Slot[] {
    return this.#view.site.slots;
  }

  devices(): readonly Device[] {
    return this.#view.site.devices;
  }

  links(): Site['links'] {
    return this.#view.site.links;
  }

  /** Whom to call, the first first. */
  phones(): readonly Phone[] {
    return this.#view.site.phones.toSorted((a, b) => a.order - b.order);
  }

  place(id: string): Place | undefined {
    return this.#view.places.get(id);
  }

  unit(id: string): OrgUnit | undefined {
    return this.#view.units.get(id);
  }

  slot(id: string): Slot | undefined {
    return this.#view.slots.get(id);
  }

  device(id: string): Device | undefined {
    return this.#view.devices.get(id);
  }

  /** The device that a profile calls by this key. */
  findDevice(profile: string, key: string): Device | undefined {
    return this.#view.findDevice(profile, key);
  }

  /** Devices whose own broker user this is. */
  devicesOfUser(user: string): readonly Device[] {
    return this.#view.devicesOfUser(user);
  }

  /** Devices reached through a bridge. */
  devicesBehind(bridge: string): readonly Device[] {
    return this.#view.devicesBehind(bridge);
  }

  /** Names from the campus down to the place; empty for an unknown one. */
  placePath(id: string): readonly string[] {
    return this.#view.placePath(id);
  }

  /** Device, profile, slot, place and unit of what an input of a device says. */
  originOf(device: Device, input?: string): DeviceOrigin {
    return this.#view.originOf(device, input);
  }

  /** Faults of devices at this slot endanger life. */
  isLifeSafety(slot: string): boolean {
    return this.#view.slots.get(slot)?.lifeSafety === true;
  }

  /** Whether disarmable types raise alarms at this slot. */
  armed(slot: string): Slot['armed'] {
    return this.#view.slots.get(slot)?.armed ?? 'never';
  }

  /** Rights of a broker user; undefined: no such credential. */
  account(user: string): BrokerAccount | undefined {
    return this.#record(user)?.account;
  }

  /** Whether an account is there, no other device has it, and all that it may publish is of this key. */
  isOwnAccount(user: string, key: string): boolean {
    const row = this.#credentials.get(user);
    const account = this.account(user);
    if (row === undefined || account === undefined || this.devicesOfUser(user).length > 0) return false;
    const { commissioning } = JSON.parse(row.body) as Credential;
    return isOwnAccount({ ...account, commissioning }, key);
  }

  /** Password of the gateway's own user at a device; undefined: there is none. Never shown, never logged. */
  secretOf(device: string): string | undefined {
    return this.#secrets.get(device);
  }

  /** Everything registered, as an import would write it, without passwords. */
  site(): Site {
    return this.#view.site;
  }

  /** Calls back after each change of the view, in this process or another. Returns the unsubscribe function. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls back when a broker account that was asked for has changed or gone. Returns the unsubscribe function. */
  onAccountChange(listener: AccountListener): () => void {
    this.#accountListeners.add(listener);
    return () => this.#accountListeners.delete(listener);
  }

  /** Takes over what another process (`campus-gateway devices import`) wrote. True if something changed. */
  async refresh(): Promise<boolean> {
    const version = await this.#currentDataVersion();
    if (version === this.#dataVersion) return false;
    const before = this.site();
    await this.#load();
    this.imports.take('command line', before, this.site());
    return true;
  }

  /**
   * Reads, checks and imports the YAML of a campus in one transaction. The same file again changes nothing, not even
   * passwords that people have changed since.
   */
  importFile(file: string, options: SiteImportOptions = {}): Promise<FileImport> {
    return this.#inTurn(async () => {
      const read = readSiteFile(file, { ...options, existing: this.site() });
      if ('faults' in read) return read;
      return { report: await this.#import(read.site, options, read.sections, read.images) };
    });
  }

  /** Imports a site that did not come from a file. Rejects with a `SiteError`. */
  importSite(site: Site, options: SiteImportOptions = {}): Promise<ImportReport> {
    return this.#inTurn(async () => {
      const sections = new Set(Object.keys(tableNames) as Table[]);
      const existing = staying(this.site(), site, options.replace === true ? sections : new Set());
      const issues = checkSite(
        site,
        options.profiles === undefined ? { existing } : { existing, profiles: options.profiles },
      );
      if (issues.length > 0) throw new SiteError(issues);
      return await this.#import(site, options, sections);
    });
  }

  /** What would keep these entries from being added; of links the whole list is given. Paths begin with the section. */
  faultsOf(site: Site, profiles: ProfileFacts): SiteIssue[] {
    const existing = this.site();
    const taken = (Object.keys(tableNames) as Table[]).flatMap((table) => {
      const ids = new Set(existing[table].map((entry) => idOf(table, entry)));
      return site[table].flatMap((entry, index) => {
        const id = idOf(table, entry);
        // a camera more at a slot that has some
        if (!ids.has(id) || table === 'links') return [];
        return [issue([table, index, 'id'], `"${id}" is taken`, 'choose another')];
      });
    });
    return [...taken, ...checkSite(site, { existing, profiles })];
  }

  /** Adds entries beside what is registered and changes nothing else. Rejects with a `SiteError`. */
  add(site: Site, profiles: ProfileFacts): Promise<void> {
    return this.#inTurn(async () => {
      await this.refresh();
      const issues = this.faultsOf(site, profiles);
      if (issues.length > 0) throw new SiteError(issues);
      const plan = await planImport(await readStored(this.#db), site, emptySite, {
        secrets: this.#secrets,
      });
      await this.#db.transaction((queries) => applyImport(queries, plan));
      await this.#load();
    });
  }

  /**
   * Gives a device's broker account a new password, and an account if it has none. Only its hash is kept; the old
   * password is refused from now on. Rejects for an unknown device and for one behind a bridge.
   */
  issueCredential(id: string): Promise<IssuedCredential> {
    return this.#inTurn(async () => {
      await this.refresh();
      const device = this.device(id);
      if (device === undefined) throw new Error(`there is no device "${id}"; see the list of devices`);
      if (device.user === undefined && device.bridge !== undefined) {
        throw new Error(`"${id}" is reached through "${device.bridge}"; issue one for that device`);
      }
      const user = accountOf(device, (name) => this.#isTaken(name, device));
      const created = !this.#credentials.has(user);
      const password = newDevicePassword();
      const hash = await hashPassword(password, deviceCost);
      await this.#db.transaction(async (queries) => {
        await setPassword(queries, user, hash);
        if (device.user !== undefined) return;
        const body = JSON.stringify({ ...device, user });
        await queries.run('UPDATE device SET body = ?2 WHERE id = ?1', id, body);
      });
      await this.#load();
      return { user, password, created, devices: this.devicesOfUser(user).map((one) => one.id) };
    });
  }

  /**
   * A new unit fills the slot of a device under the same id: another key, profile or settings, and a new password of its
   * account, if that is its own. Rejects with a `SiteError`, or for an unknown device.
   */
  replaceUnit(id: string, { change, ...o }: UnitReplacement): Promise<ReplacedUnit> {
    return this.#inTurn(async () => {
      await this.refresh();
      const old = this.device(id);
      if (old === undefined) throw new Error(`there is no device "${id}"; see the list of devices`);
      const { key, profile, settings, ...rest } = { ...old, ...change };
      const device: Device = { ...rest, ...unitOf({ ...rest, key, profile, settings } as Device) };
      const site: Site = { ...emptySite, devices: [device] };
      const issues = checkSite(site, { existing: this.site(), profiles: o.profiles });
      if (issues.length > 0) throw new SiteError(issues);
      const shared =
        old.user === undefined ? [] : this.devicesOfUser(old.user).filter((one) => one.id !== id);
      const issued =
        old.user === undefined || shared.length > 0 || o.keepPassword
          ? undefined
          : { user: old.user, password: newDevicePassword() };
      const hash = issued && (await hashPassword(issued.password, deviceCost));
      const before = this.#replacements.get(id)?.was ?? [];
      const replacement: Replacement = {
        id: uuidv7(),
        device: id,
        at: o.at,
        by: o.by,
        was: [...before, unitOf(old)].slice(-UNITS_REMEMBERED),
        unit: unitOf(device),
      };
      await this.#db.transaction(async (queries) => {
        await queries.run('UPDATE device SET body = ?2 WHERE id = ?1', id, JSON.stringify(device));
        if (issued !== undefined && hash !== undefined) await setPassword(queries, issued.user, hash);
        await keepReplacement(queries, replacement);
      });
      await this.#load();
      return { device, was: old, issued, shared: shared.map((one) => one.id) };
    });
  }

  /**
   * Notes where a device that is reached over ONVIF is now, and by what it is known. A later import that names an address
   * which it has left does not undo that. Rejects for a device without one.
   */
  noteOnvif(id: string, known: Pick<DeviceOnvif, 'endpoint' | 'serial'> & { url?: string }): Promise<Device> {
    return this.#inTurn(async () => {
      await this.refresh();
      const old = this.device(id);
      if (old?.onvif === undefined)
        throw new Error(`"${id}" is not reached over ONVIF; see the list of devices`);
      const device = deviceSchema.parse({ ...old, onvif: { ...old.onvif, ...known } });
      const [from, to] = [old.onvif.url, device.onvif?.url ?? old.onvif.url];
      await this.#db.transaction(async (queries) => {
        await queries.run('UPDATE device SET body = ?2 WHERE id = ?1', id, bodyOf(device));
        if (to !== from) await keepMove(queries, id, { from, to, before: this.#moves.get(id) });
      });
      await this.#load();
      return device;
    });
  }

  /** The last replacement of each registered device whose unit was replaced. */
  replacements(): Replacement[] {
    return [...this.#replacements.values()].filter(({ device }) => this.device(device) !== undefined);
  }

  /**
   * Puts an entry in the place of the one with its id, or adds it; checked as an import is. Answers what was there before.
   * Rejects with a `SiteError`.
   */
  putEntry(
    section: CampusSection,
    id: string,
    entry: object,
    profiles: ProfileFacts,
  ): Promise<object | undefined> {
    return this.#inTurn(async () => {
      await this.refresh();
      const existing = this.site();
      const site = { ...emptySite, [section]: [entry] } as Site;
      const issues = checkSite(site, { existing, profiles });
      if (issues.length > 0) throw new SiteError(issues);
      const plan = await planImport(await readStored(this.#db), site, existing, { secrets: this.#secrets });
      await this.#db.transaction(async (queries) => {
        await applyImport(queries, plan);
        await markEdited(queries, section, id);
      });
      await this.#load();
      return entryOf(existing, section, id);
    });
  }

  /** Removes an entry; answers what it was, undefined where there was none. Rejects with a `SiteError` while it is needed. */
  removeEntry(section: CampusSection, id: string): Promise<object | undefined> {
    return this.#inTurn(async () => {
      await this.refresh();
      const existing = this.site();
      const before = entryOf(existing, section, id);
      if (before === undefined) return undefined;
      const issues = checkSite({}, { existing: withoutEntry(existing, section, id) });
      if (issues.length > 0) throw new SiteError(issues);
      await this.#db.transaction(async (queries) => {
        await removeRow(queries, section, id);
        await markEdited(queries, section, id);
      });
      await this.#load();
      return before;
    });
  }

  /** Stores the picture of a plan that is registered. */
  putPlanImage(id: string, image: PlanImage): Promise<void> {
    return this.#inTurn(async () => {
      await this.#db.transaction((queries) => putImage(queries, id, image));
    });
  }

  /** The picture of a plan; undefined: it has none. */
  planImage(id: string): Promise<PlanImage | undefined> {
    return readImage(this.#db, id);
  }

  /** Waits for an import under way, then closes the file. */
  async close(): Promise<void> {
    await this.#importing;
    await this.#db.close();
  }

  async #import(
    site: Site,
    options: SiteImportOptions,
    sections: ReadonlySet<Table>,
    images: ReadonlyMap<string, PlanImage> = new Map(),
  ): Promise<ImportReport> {
    const replace = options.replace === true ? sections : new Set<Table>();
    const stored = await readStored(this.#db);
    const stays = staying(siteOf(stored), site, replace);
    const fingerprint = fingerprintOf(site, replace);
    const last = await this.#db.get<{ value: string }>(`SELECT value FROM meta WHERE key = 'import'`);
    // Checking each password against its hash takes seconds on a large campus; one check tells that nothing changed.
    const same = last !== undefined && (await verifyPassword(fingerprint, last.value));
    const edited = same && replace.size === 0 ? await readEdited(this.#db) : new Set<string>();
    const fresh = same ? withoutEdited(withoutKnownPasswords(site, stored), edited) : site;
    const plan = await planImport(stored, fresh, stays, {
      dryRun: options.dryRun === true,
      replace,
      secrets: await readSecrets(this.#db),
      replacements: this.#replacements,
      moves: this.#moves,
    });
    if (options.dryRun === true) return plan.report;
    // an import that changes nothing needs no space on the disk
    const changes = plan.writes.some(({ gone, rows }) => gone.length + rows.length > 0);
    if (same && !changes) return plan.report;
    const mark = same ? last.value : await hashPassword(fingerprint, personCost);
    await this.#db.transaction(async (queries) => {
      await applyImport(queries, plan);
      if (!same) {
        await forgetEdited(queries);
        for (const [id, image] of images) await putImage(queries, id, image);
      }
      await queries.run(`INSERT OR REPLACE INTO meta (key, value) VALUES ('import', ?)`, mark);
    });
    if (changes) {
      const before = this.site();
      await this.#load();
      this.imports.take('site.import', before, this.site());
    }
    return plan.report;
  }

  async #load(): Promise<void> {
    this.#dataVersion = await this.#currentDataVersion();
    const stored = await readStored(this.#db);
    this.#secrets = await readSecrets(this.#db);
    await this.users.load();
    this.#credentials = stored.credentials;
    this.#replacements = await readReplacements(this.#db);
    this.#moves = await readMoves(this.#db);
    const before = this.#accounts;
    this.#accounts = new Map();
    this.#view = new SiteView(siteOf(stored));
    this.#version += 1;
    this.#tellAccounts(before);
    for (const listener of this.#listeners) listener();
    const { places, slots, devices } = this.#view.site;
    this.#logger.info(
      { places: places.length, slots: slots.length, devices: devices.length },
      'registry loaded',
    );
  }

  /** Who never asked since the last change is not connected. */
  #tellAccounts(before: ReadonlyMap<string, AccountRecord>): void {
    for (const [user, old] of before) {
      const now = this.#record(user);
      const passwordChanged = now?.hash !== old.hash;
      if (!passwordChanged && JSON.stringify(now?.account) === JSON.stringify(old.account)) continue;
      for (const listener of this.#accountListeners) listener(user, now?.account, passwordChanged);
    }
  }

  #record(user: string): AccountRecord | undefined {
    const known = this.#accounts.get(user);
    if (known !== undefined) return known;
    const row = this.#credentials.get(user);
    if (row === undefined) return undefined;
    const record = { hash: row.hash ?? '', account: this.#rights(JSON.parse(row.body) as Credential) };
    this.#accounts.set(user, record);
    return record;
  }

  #isTaken(user: string, { id, key = id }: Device): boolean {
    return this.#credentials.has(user) && !this.isOwnAccount(user, key);
  }

  #rights({ user, publish, subscribe, commissioning }: Credential): BrokerAccount {
    const own = this.devicesOfUser(user);
    // A bridge speaks for the devices behind it.
    const all = own.flatMap((device) => [device, ...this.devicesBehind(device.id)]);
    const topics = all.map((device) => this.#topicsOf(device.profile, device.key ?? device.id));
    const preset = (right: 'publish' | 'subscribe') => [...new Set(topics.flatMap((one) => one[right]))];
    return {
      user,
      publish: publish === undefined ? preset('publish') : fillIn(publish, user),
      subscribe: subscribe === undefined ? preset('subscribe') : fillIn(subscribe, user),
      ...(commissioning === true && { shared: true }),
    };
  }

  async #currentDataVersion(): Promise<number> {
    const row = await this.#db.get<{ data_version: number }>('PRAGMA data_version');
    return row?.data_version ?? 0;
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#importing.then(work);
    this.#importing = result.catch(() => {});
    return result;
  }
}

/** `given` stays: the next import leaves this password alone unless its file has another one since. */
async function setPassword(queries: Queries, user: string, hash: string): Promise<void> {
  await queries.run(
    `INSERT INTO credential (id, body, hash) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET hash = ?3`,
    user,
    JSON.stringify({ user }),
    hash,
  );
}

function fingerprintOf(site: Site, replace: ReadonlySet<Table>): string {
  return createHash('sha256')
    .update(JSON.stringify([site, [...replace].sort()]))
    .digest('base64');
}

/** Passwords that are stored need no check when the whole import is known to be the last one. */
function withoutKnownPasswords(site: Site, stored: StoredSite): Site {
  const strip = <T extends { user: string; password?: string | undefined }>(
    table: Table,
    entries: T[],
  ): T[] =>
    entries.map((entry) => {
      const { password: _, ...rest } = entry;
      return stored[table].has(entry.user) ? (rest as T) : entry;
    });
  return { ...site, credentials: strip('credentials', site.credentials), users: strip('users', site.users) };
}
