import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Logger } from 'pino';
import { uuidv7 } from 'uuidv7';
import { fateOf } from '../cloud-bridge/uplink/recipient.ts';
import { Uplink } from '../cloud-bridge/uplink/uplink.ts';
import type { EdgeConfig } from '../config/edge-schema.ts';
import { formatFault } from '../config/fault.ts';
import type { Alarm } from '../contract/alarm.ts';
import type { Device } from '../contract/site.ts';
import type { DeviceState } from '../device-profiles/normalise.ts';
import { ExternalBroker, type ExternalStatus } from './adapters/external-mqtt/external-broker.ts';
import { MqttBroker } from './adapters/mqtt/broker.ts';
import { OnvifAdapter } from './adapters/onvif/onvif-adapter.ts';
import { OnvifOutputs } from './adapters/onvif/outputs.ts';
import { OnvifSnapshots } from './adapters/onvif/snapshots.ts';
import { OnvifStreams } from './adapters/onvif/streams.ts';
import { LiveVideo } from './adapters/video/live-video.ts';
import { createAlarmWatch } from './alarms/alarm-watch.ts';
import { AlarmBook } from './alarms/book.ts';
import { AlarmDesk } from './alarms/desk.ts';
import { type ApiServer, createApi } from './api/server.ts';
import { mediaWorks } from './app-media.ts';
import {
  alarmTimes,
  consoleListener,
  dutyTimes,
  externalBrokerOptions,
  listenerOptions,
  onvifDevices,
  onvifLimits,
  recipientConfig,
  recipientFilter,
} from './app-settings.ts';
import { importAtStart, importSite, loadProfiles, lossOfSite, profileFolders } from './app-site.ts';
import { Arming } from './arming/arming.ts';
import { ArmingDesk } from './arming/arming-desk.ts';
import { Audit } from './audit/audit.ts';
import { CommandDesk } from './commands/desk.ts';
import { createDrills } from './drills/create-drills.ts';
import { createDuty } from './duty/create-duty.ts';
import type { LostRows } from './journal/epoch.ts';
import { Journal } from './journal/journal.ts';
import { sizeOf } from './journal/quarantine.ts';
import { Retention } from './journal/retention.ts';
import { KpiDesk } from './kpi/kpi-desk.ts';
import { absentDevice } from './ops/absence.ts';
import { BrokerWatch } from './ops/broker-watch.ts';
import { CameraWatch } from './ops/camera-watch.ts';
import { ClockWatch } from './ops/clock-watch.ts';
import { prepareDataDir } from './ops/data-dir.ts';
import { DevicePresence } from './ops/device-presence.ts';
import { GatewayHealth, holdHours } from './ops/gateway-health.ts';
import { Metrics } from './ops/metrics.ts';
import { ProfileWatch } from './ops/profile-watch.ts';
import { readings } from './ops/readings.ts';
import { StopList } from './ops/stop-list.ts';
import { softwareVersion } from './ops/version.ts';
import { Watchdogs } from './ops/watchdogs.ts';
import { DeliveryMarks, REFUSED_KEY } from './pipeline/delivery-marks.ts';
import { adapterKey, heardThrough, LiveDevices } from './pipeline/devices.ts';
import { Duplicates } from './pipeline/duplicates.ts';
import { Intake } from './pipeline/intake.ts';
import type { Machine } from './pipeline/machine.ts';
import { ownDraft } from './pipeline/own-event.ts';
import { ReplacedUnits } from './pipeline/replaced-units.ts';
import { SamePress } from './pipeline/same-press.ts';
import { Pipeline } from './pipeline.ts';
import { CameraSearch } from './registry/camera-search.ts';
import { CampusDesk } from './registry/campus-desk.ts';
import { UnknownDeviceInbox } from './registry/inbox.ts';
import { InboxDesk } from './registry/inbox-desk.ts';
import { People } from './registry/people.ts';
import { Presence } from './registry/presence.ts';
import { profileFacts, topicsOf } from './registry/profile-facts.ts';
import { Registry } from './registry/registry.ts';
import { SiteProfiles } from './registry/site-profiles.ts';
import { readAddresses } from './registry/strangers.ts';

/** How often conditions are looked for that nobody repeats. */
const EXPIRY_TICK_MS = 1_000;
/** How often zones, drills, duty and escalation look whether something is due. */
const MACHINE_TICK_MS = 200;

/** A running gateway. */
export interface App {
  /** Console, e.g. `http://127.0.0.1:8080`, with its real port. */
  consoleUrl: string;
  /** Broker listeners, e.g. `mqtt://0.0.0.0:1883`, with their real ports. */
  mqttEndpoints: readonly string[];
  /** One-time code for the first administrator; undefined once there is one. */
  setupCode: string | undefined;
  /** Absolute URL that signs this user in once. */
  signInLink(user: string): string;
  /** Takes over what can change while running; answers the keys that need a restart. */
  reload(config: EdgeConfig, changed: readonly (keyof EdgeConfig)[]): Promise<readonly string[]>;
  /** Reverse of the start; what is acknowledged is on disk afterwards. */
  stop(): Promise<void>;
}

/** What a running gateway tells whoever started it. */
export interface AppEvents {
  /** The journal is malformed and takes no more: stop and start again, which sets it aside. Called once. */
  onDamaged?: () => void;
}

/** Builds the gateway and starts it in order; rolls back what was started when a step fails. */
export async function startApp(config: EdgeConfig, logger: Logger, events: AppEvents = {}): Promise<App> {
  const stops = new StopList(logger);
  try {
    return await build(config, logger, events, stops);
  } catch (error) {
    await stops.stop();
    throw error;
  }
}

async function build(config: EdgeConfig, logger: Logger, events: AppEvents, stops: StopList): Promise<App> {
  const clock = Date.now;
  const { gateway, school, region, name, zone } = config.site;
  const identity = { gateway, school, region };
  prepareDataDir(config.data_dir);

  const profiles = new SiteProfiles(loadProfiles(config, logger), profileFolders(config));
  // The journal first: it locks the directory, and on a full disk its reserve is what the rest starts with.
  const reserveBytes = config.storage.reserve_mib * 1024 * 1024;
  const journal = await Journal.open({ dir: config.data_dir, logger, clock, reserveBytes });
  stops.push(() => journal.close());
  const siteFile = join(config.data_dir, 'site.db');
  const siteWasEmpty = !(await sizeOf(siteFile));
  const { registry, setAside: siteSetAside } = await Registry.openOrSetAside(
    { file: siteFile, logger, topicsOf: topicsOf(profiles) },
    clock,
  );
  stops.push(() => registry.close());
  await importAtStart(config, registry, profiles, logger);

  const left = await journal.load();
  const site = { file: siteFile, wasEmpty: siteWasEmpty, setAside: siteSetAside };
  const siteLoss = lossOfSite(site, registry, journal.opened.created ? undefined : left, logger);
  const recipients = config.uplinks.map((uplink) => uplink.recipient);
  const times = alarmTimes(config);
  const book = new AlarmBook({ clock, newId: uuidv7, recipients, levels: times.levels });
  book.restore(left.alarms);
  const duplicates = new Duplicates();
  for (const { keys, at } of left.dups) for (const key of keys) duplicates.remember(key, at);

  const units = new ReplacedUnits(registry, left.states);
  const states = deviceStates(left.states, logger);
  const devices = new LiveDevices(profiles, registry, states, identity, heardThrough(left.states));
  // also what another process imported: a device that was a stranger a moment ago is one of ours now
  stops.push(
    registry.onChange(() => {
      devices.refresh();
      release();
      profileWatch.check();
    }),
  );
  profiles.onChange(() => {
    devices.refresh();
    profileWatch.check();
  });
  const inbox = new UnknownDeviceInbox({
    addresses: readAddresses(profiles),
    isIgnored: (names) => registry.ignored.takes(names),
  });
  const profileClock = { siteZone: zone, lateAfterMs: 30_000 };
  const metrics = new Metrics();
  const presence = new Presence({
    // a device behind a bridge may share the bridge's account: its own connection says nothing
    devicesOf: (user) =>
      registry.devicesOfUser(user).flatMap(({ id, bridge }) => (bridge === undefined ? [id] : [])),
  });
  const clockWatch = new ClockWatch(clock, undefined, left.trustedAt);
  if (clockWatch.behindMs > 0)
    logger.error(
      { behindMs: clockWatch.behindMs },
      'the clock is behind what the last run stored: it was set back while the gateway did not run. Check the time source; ' +
        'until it has caught up, for a day at most, the clock counts as not synchronised',
    );
  const intake = new Intake({
    devices,
    inbox,
    profileClock,
    onOutcome: (status) => metrics.message(status),
  });
  const dropped = () => metrics.dropped();
  let api: ApiServer | undefined;
  const soundArmed = () => api?.live.soundArmed() ?? false;
  const watchdogs = new Watchdogs({
    book,
    presence,
    clockWatch,
    registry,
    dropped,
    soundArmed,
    logger,
    clock,
    monotonic: () => performance.now(),
    recipients,
    takePaced: () => broker.takePaced(),
    watched: (isDown) => devices.watched(isDown, unheard(externals)),
    isBridge: (id) => devices.get(id)?.profile.bridge === true,
  });
  const showTouched = (alarms: Alarm[]) => {
    api?.live.commit({ position: journal.reader.position(), rows: [], alarms: [], cursors: [] }, alarms);
  };
  const arming = new Arming({
    registry,
    devices,
    book,
    states: left.states,
    zone,
    clock,
    monotonic: () => performance.now(),
    newId: uuidv7,
    onChange: () => api?.live.status(health.status()),
  });
  const drills = createDrills({
    book,
    campus: registry,
    states: left.states,
    move: (work) => pipeline.move(work),
    clock,
    monotonic: () => performance.now(),
    newId: uuidv7,
    onChange: () => setImmediate(() => api?.live.status(health.status())),
  });
  const duty = createDuty({
    book,
    users: registry.users,
    times: dutyTimes(config),
    zone,
    isWatched: () => api?.live.watched() ?? false,
    states: left.states,
    move: (work) => pipeline.move(work),
    clock,
    monotonic: () => performance.now(),
    newId: uuidv7,
    onChange: () => setImmediate(() => api?.live.status(health.status())),
  });
  const machines: Machine[] = [drills.machine, arming, duty.machine];
  const pipeline = new Pipeline({
    identity,
    machines,
    journal,
    registry,
    devices,
    book,
    duplicates,
    samePress: new SamePress(() => performance.now()),
    clock,
    clockQuality: () => clockWatch.quality(),
    intake,
    whoIs: (user, station) => ({
      role: registry.users.person(user)?.role,
      address: api?.addressOf(user, station),
    }),
    onUnsaved: (alarms) => api?.live.unsaved(alarms),
    onFault: (err) =>
      logger.error({ err }, 'a message could not be evaluated: a fault of the program, please report it'),
    onConnection: (change) => watchdogs.connection(change),
    onRefused: (refusal) => metrics.refused(refusal.reason),
  });
  const release = (): void => {
    pipeline
      .release(units.take())
      .catch((err) => logger.warn({ err }, 'what removed devices held was not let go'));
  };
  stops.push(() => pipeline.stop());
  const profileWatch = new ProfileWatch({
    book,
    registry,
    hasProfile: (id) => profiles.get(id) !== undefined,
    emit: (draft, device) => pipeline.emit(draft, device),
    clock,
    logger,
  });

  const marks = new DeliveryMarks(
    book,
    journal.outbox,
    config.uplinks.map((uplink) => {
      const fate = fateOf(recipientFilter(uplink));
      return { recipient: uplink.recipient, takes: (row) => fate(row) === 'full' };
    }),
    clock,
    left.states.get(REFUSED_KEY),
  );
  // after the marks, so that what was delivered is known
  const alarmWatch = createAlarmWatch({
    book,
    times,
    clock,
    monotonic: () => performance.now(),
    states: left.states,
  });
  machines.push(...alarmWatch.machines);
  const broker = new MqttBroker({
    name: 'mqtt',
    listeners: config.mqtt.listeners.map(listenerOptions),
    access: registry.access,
    retained: left.retained,
    limits: {
      maxPayloadBytes: config.mqtt.max_payload,
      maxTopicLevels: config.mqtt.max_topic_levels,
      maxClients: config.mqtt.max_clients,
      maxOfAccount: config.mqtt.max_per_account,
      maxUnsignedOfAddress: config.mqtt.max_unsigned,
      pace: { perSecond: config.mqtt.max_rate, burst: 5 * config.mqtt.max_rate },
    },
    logger,
    clock,
  });
  stops.push(
    registry.onAccountChange((user, account, passwordChanged) => {
      if (account === undefined) broker.disconnect(user, 'its account was removed');
      else if (passwordChanged) broker.disconnect(user, 'its password has changed');
      else broker.grant(account);
    }),
  );
  const externals = config.brokers.map(
    (external) => new ExternalBroker({ ...externalBrokerOptions(config, external), logger, clock }),
  );
  const cameraWatch = new CameraWatch({
    book,
    isWatched: (id) => registry.device(id)?.onvif !== undefined,
    emit: (draft, device) => pipeline.emit(draft, device),
    logger,
  });
  const limits = onvifLimits(config);
  const onvif = new OnvifAdapter({
    limits,
    logger,
    clock,
    onHealth: (device, state) => cameraWatch.take(device, state),
  });
  onvif.setDevices(onvifDevices(registry));
  stops.push(
    registry.onChange(() => {
      onvif.setDevices(onvifDevices(registry));
      cameraWatch.prune();
    }),
  );
  const video = new LiveVideo({
    streams: new OnvifStreams({ reach: (id) => onvif.reach(id), timeoutMs: limits.answerMs, clock }),
    logger,
  });
  stops.push(() => video.stop());
  const isCamera = ({ onvif: reached, profile }: Device): boolean =>
    reached !== undefined && profiles.get(profile)?.definition.camera === true;
  const media = mediaWorks({
    config,
    registry,
    isCamera,
    stateOf: (id) => onvif.health(id)?.state,
    snapshots: new OnvifSnapshots({
      reach: (id) => onvif.reach(id),
      timeoutMs: config.media.snapshot_timeout_s * 1_000,
      clock,
    }),
    video,
    book,
    journal,
    pipeline,
    clock,
    clockQuality: () => clockWatch.quality(),
    logger,
  });
  stops.push(() => media.stop());
  const lose = (adapter: string) => pipeline.lose(adapter);
  for (const external of externals) {
    // what the other gateway heard is unknown here: nothing of before may hide what comes
    external.onUnknown = () => {
      lose(external.name).catch((err) => logger.warn({ err }, 'what is out of date was not let go'));
    };
  }
  const boot = uuidv7();
  const uplinks: Uplink[] = config.uplinks.map(
    (uplink) =>
      new Uplink({
        config: recipientConfig(config, uplink),
        outbox: journal.outbox,
        logger,
        boot,
        software: `campus-gateway/${softwareVersion}`,
        health: () => ({
          holdHours: holdHours(config.data_dir),
          clock: clockWatch.quality(),
          calendar: arming.dayKind(),
        }),
        urgent: () =>
          book.open().some((alarm) => alarm.severity === 1 && clock() - Date.parse(alarm.lastAt) < 300_000),
        onStatus: (status) => watchdogs.uplink(status),
        onRejected: (lane, seq) => {
          showTouched(marks.rejected(uplink.recipient, lane, seq));
          keepRefused();
        },
        onContradiction: (found) => rowsLost({ recipient: uplink.recipient, ...found }),
      }),
  );
  const keepRefused = (): void => {
    pipeline
      .keep(REFUSED_KEY, marks.refused)
      .catch((err) => logger.warn({ err }, 'which rows were refused is not stored; a restart forgets it'));
  };
  const rowsLost = (lost: LostRows): void => {
    journal.rowsLost(lost).then(
      (unfinished) => unfinished && pipeline.finish(unfinished),
      (err) => logger.error({ err, ...lost }, 'newest rows were lost, and no new epoch could be begun'),
    );
  };
  journal.outbox.onRenewed(() => {
    showTouched(marks.renewed());
    keepRefused();
  });
  const presentDevices = new DevicePresence({
    registry,
    book,
    channel: (id) => onvif.health(id),
    lastSeen: (user) => watchdogs.lastSeen(user),
    heard: (id) => {
      const { at, ever } = devices.heard(id);
      return { at: at === undefined ? undefined : clock() - (performance.now() - at), ever };
    },
    isReachable: (device, isDown) => devices.isReachable(device, isDown, unheard(externals)),
  });
  const health = new GatewayHealth({
    uplinks,
    journal,
    broker,
    registry,
    registryLost: siteLoss.registryLost,
    presence: presentDevices,
    clockWatch,
    inbox,
    soundArmed,
    onvif,
    arming,
    isolations: () => alarmWatch.isolations.view(),
    drills: drills.machine,
    duty: duty.machine,
  });

  const cameraSearch = new CameraSearch({
    registry,
    profiles,
    clock,
    emit: (draft) => pipeline.emit(draft),
    logger,
  });
  stops.push(() => cameraSearch.stop());
  const setupCode = registry.users.ensureSetupCode();
  const desk = new AlarmDesk({ book, pipeline, isolations: alarmWatch.isolations, drills: drills.machine });
  const audit = new Audit({ pipeline, journal, registry, book, clock, logger });
  api = await createApi({
    audit,
    people: new People({ users: registry.users, directory: registry, clock, issuer: `${name} ${gateway}` }),
    listeners: [consoleListener(config)],
    logger,
    clock,
    identity: { ...identity, name, zone },
    version: softwareVersion,
    epoch: journal.epoch,
    journal: journal.reader,
    desk,
    directory: registry,
    users: registry.users,
    sessionStore: registry.sessions,
    ...(setupCode === undefined ? {} : { setupCode }),
    deviceStatus: (id) => presentDevices.status(id),
    discovery: cameraSearch,
    inbox: new InboxDesk({
      inbox,
      registry,
      profiles,
      profileClock,
      clock,
      monotonic: () => performance.now(),
      emit: (draft) => pipeline.emit(draft),
      mqtt5: () => broker.mqtt5Peers(),
      heard: (device, adapter) => {
        if (!devices.wasHeard(device, adapter)) return;
        pipeline
          .keep(adapterKey(device), adapter)
          .catch((err) => logger.warn({ err, device }, 'where a device was heard is not stored'));
      },
      logger,
    }),
    profiles,
    credentials: {
      issue: async (device, by) => {
        const issued = await registry.issueCredential(device);
        const { user, created } = issued;
        logger.info({ by, device, user, created }, 'credential issued');
        void pipeline.emit(
          ownDraft('SYS.CFG', 'pulse', clock(), { by, what: 'credential issued', device, user }),
        );
        return issued;
      },
      account: (user) => registry.account(user),
    },
    commands: new CommandDesk({
      devices,
      device: (id) => registry.device(id),
      broker,
      externals,
      calls: new OnvifOutputs({ reach: (id) => onvif.reach(id), timeoutMs: limits.answerMs, clock }),
      emit: (draft, device) => pipeline.emit(draft, device),
      clock,
      logger,
    }),
    video: {
      live: video,
      isCamera,
      record: (draft, device) => pipeline.emit(draft, device),
    },
    media: media.port,
    campus: new CampusDesk({
      registry,
      profiles: () => profileFacts(profiles),
      emit: (draft) => pipeline.emit(draft),
      clock,
    }),
    drills: drills.desk,
    duty: duty.desk,
    kpi: new KpiDesk({
      journal: journal.reader,
      registry,
      zones: () => arming.status().zones,
      times,
      zone,
      clock,
    }),
    zones: new ArmingDesk({
      arming,
      registry,
      move: (work) => pipeline.move(work),
      clock,
      maySay: (slot, types) => devices.maySayAt(slot, types),
    }),
    status: () => health.status(),
    readiness: () => health.notReady(),
    metrics,
    onSignInFailure: (failure) => watchdogs.signInFailed(failure),
    sessionLimits: { absoluteMs: config.console.session_hours * 3_600_000 },
  });
  const { live, endSessions } = api;
  metrics.watch(
    readings({
      pipeline,
      broker,
      externals,
      onvif,
      inbox,
      book,
      journal,
      uplinks,
      live,
      missed: alarmWatch.timers.missed,
    }),
  );
  registry.users.onChange(endSessions);
  audit.start();
  stops.push(() => audit.stop());
  journal.onCommit((committed) => live.commit(committed, marks.after(committed.cursors, committed.alarms)));
  media.start();
  metrics.watch(media.readings);
  journal.onStorage((state, error) => watchdogs.storage(state, error));
  let damaged = false;
  journal.onStorage(() => {
    if (!journal.damaged || damaged) return;
    damaged = true;
    live.unsaved(pipeline.unsaved());
    logger.fatal(
      { unsaved: pipeline.unsaved().length },
      `the journal in ${config.data_dir} is damaged and takes no more: the gateway stops, and the next start moves it to ` +
        'quarantine/ and begins a new one. Without a service manager, start it again; check the disk if this happens again',
    );
    events.onDamaged?.();
  });
  const { alarms, notices } = journal.unfinished;
  if (alarms.length + notices.length + siteLoss.notices.length > 0)
    await pipeline.finish({ alarms, notices: [...notices, ...siteLoss.notices] });

  // what an import changed while the gateway was stopped
  release();
  profileWatch.check();

  const listening = await api.start();
  stops.push(() => api.stop());
  watchdogs.start({
    emit: (draft, device) => pipeline.emit(draft, device),
    show: () => live.status(health.status()),
  });
  stops.push(() => watchdogs.stop());
  const expiry = setInterval(() => {
    pipeline
      .expire()
      .catch((err) => logger.warn({ err }, 'a condition that nobody repeats was not stored as unknown'));
  }, EXPIRY_TICK_MS);
  stops.push(() => clearInterval(expiry));
  const ticking = setInterval(() => pipeline.tick(), MACHINE_TICK_MS);
  stops.push(() => clearInterval(ticking));
  presence.restore(book.open().flatMap((alarm) => absentDevice(alarm) ?? []));
  // who never spoke is not installed yet
  const spoken = registry.devices().filter(({ id }) => left.states.has(`device:${id}`));
  presence.expect(
    spoken.flatMap(({ user }) => user ?? []),
    clock(),
  );
  registry.imports.start((record) => void pipeline.emit(ownDraft('SYS.CFG', 'pulse', clock(), record)));
  const booted = { ...bootFacts(boot, journal), ...arming.bootFacts() };
  void pipeline.emit(ownDraft('SYS.BOOT', 'pulse', clock(), booted));

  await broker.start(pipeline);
  stops.push(() => broker.stop());
  const brokerWatch = new BrokerWatch({
    brokers: externals,
    book,
    monotonic: () => performance.now(),
    clock,
    emit: (draft) => pipeline.emit(draft),
    lose,
    logger,
  });
  brokerWatch.start();
  stops.push(() => brokerWatch.stop());
  for (const external of externals) await external.start(pipeline);
  stops.push(() => Promise.all(externals.map((external) => external.stop())));
  cameraWatch.start();
  await onvif.start(pipeline);
  stops.push(() => onvif.stop());
  for (const uplink of uplinks) uplink.start();
  stops.push(() => Promise.all(uplinks.map((uplink) => uplink.stop())));
  const retention = new Retention({
    journal,
    logger,
    clock,
    clockQuality: () => clockWatch.quality(),
    keepDays: config.storage.retention_days,
    recipients: () => recipients,
    onLoss: (loss) => pipeline.emit(ownDraft('SYS.TOMBSTONE', 'pulse', clock(), { ...loss })),
  });
  retention.start();
  stops.push(() => retention.stop());

  return {
    consoleUrl: listening.url,
    mqttEndpoints: broker.status().endpoints,
    setupCode,
    signInLink: (user) => listening.url + (api as ApiServer).signInLink(user),
    reload: async (next, changed) => {
      logger.level = next.log.level;
      for (const fault of profiles.reload())
        logger.error(
          { fault: formatFault(fault) },
          'a device profile has a fault: its last good form stays in force',
        );
      await importSite(next, registry, profiles);
      return changed.filter((key) => key !== 'log');
    },
    stop: () => stops.stop(),
  };
}

/** External brokers of which this gateway hears nothing: away, or another gateway works for them. */
function unheard(externals: readonly ExternalBroker[]): string[] {
  const isUnheard = ({ clients, role }: ExternalStatus) => clients === 0 || role === 'standby';
  return externals.filter((external) => isUnheard(external.status())).map(({ name }) => name);
}

/** A device whose state cannot be read starts as one never heard of: what it says next is a first sight. */
function deviceStates(states: Map<string, string>, logger: Logger): Map<string, DeviceState> {
  const devices = new Map<string, DeviceState>();
  for (const [key, value] of states) {
    if (!key.startsWith('device:')) continue;
    const device = key.slice('device:'.length);
    try {
      devices.set(device, JSON.parse(value) as DeviceState);
    } catch (error) {
      logger.warn({ device, err: error }, 'the stored state of a device cannot be read and is left out');
    }
  }
  return devices;
}

function bootFacts(boot: string, journal: Journal): Record<string, unknown> {
  const { created, setAside } = journal.opened;
  return {
    boot,
    software: softwareVersion,
    epoch: journal.epoch,
    created,
    ...(setAside === undefined ? {} : { setAside }),
  };
}
