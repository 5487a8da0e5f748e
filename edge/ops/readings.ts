import type { ServiceLevel } from '../../contract/alarm.ts';
import { lanes } from '../../contract/event.ts';
import type { Adapter } from '../adapters/adapter.ts';
import type { ExternalBroker } from '../adapters/external-mqtt/external-broker.ts';
import type { OnvifAdapter } from '../adapters/onvif/onvif-adapter.ts';
import type { AlarmBook } from '../alarms/book.ts';
import type { Journal } from '../journal/journal.ts';
import type { Pipeline } from '../pipeline.ts';
import type { UnknownDeviceInbox } from '../registry/inbox.ts';
import type { Reading } from './metrics.ts';
import type { UplinkView } from './uplink-view.ts';

export interface ReadingSources {
  pipeline: Pick<Pipeline, 'depth' | 'duplicates'>;
  broker: Pick<Adapter, 'status'>;
  inbox: Pick<UnknownDeviceInbox, 'messages' | 'evicted' | 'bytes'>;
  book: Pick<AlarmBook, 'open'>;
  journal: Pick<Journal, 'storage' | 'pending' | 'outbox'>;
  uplinks: readonly UplinkView[];
  /** Brokers of the site that the gateway is a client of. */
  externals: readonly Pick<ExternalBroker, 'name' | 'status'>[];
  /** Cameras and access controllers. */
  onvif: Pick<OnvifAdapter, 'status'>;
  /** Service levels missed since the start. */
  missed: Readonly<Record<ServiceLevel, number>>;
  live: { readonly clients: number; readonly ignored: number; soundArmed(): boolean };
}

/** Every figure of the gateway that is read at a scrape of `/metrics`. */
export function readings(sources: ReadingSources): Reading[] {
  const { pipeline, broker, inbox, book, journal, uplinks, externals, onvif, live, missed } = sources;
  return [
    { name: 'campus_waiting', help: 'Items that wait for a batch.', value: () => pipeline.depth },
    { name: 'campus_duplicates', help: 'Events swallowed as duplicates.', value: () => pipeline.duplicates },
    { name: 'campus_clients', help: 'Connected MQTT clients.', value: () => broker.status().clients },
    ...Object.entries(mqttCounters).map(([name, help]) => ({
      name: `campus_${name}`,
      help,
      value: () => broker.status().counters[name] ?? 0,
    })),
    { name: 'campus_consoles', help: 'Connections of the live feed.', value: () => live.clients },
    {
      name: 'campus_consoles_ignored_frames',
      help: 'Frames of consoles that meant nothing.',
      value: () => live.ignored,
    },
    {
      name: 'campus_sound_armed',
      help: '1 while a console of somebody on duty can be heard.',
      value: () => (live.soundArmed() ? 1 : 0),
    },
    {
      name: 'campus_alarms_open',
      help: 'Open alarms, without silent ones.',
      value: () => book.open().filter(({ silent }) => silent !== true).length,
    },
    {
      name: 'campus_alarms_handled_late',
      help: 'Alarms that nobody handled in time, since the start, without silent ones.',
      value: () => missed.handle,
    },
    {
      name: 'campus_alarms_on_scene_late',
      help: 'Alarms for which nobody was on the scene in time, since the start, without silent ones.',
      value: () => missed.scene,
    },
    { name: 'campus_inbox_messages', help: 'Messages nobody understood.', value: () => inbox.messages },
    { name: 'campus_inbox_evicted', help: 'Groups dropped from the full inbox.', value: () => inbox.evicted },
    { name: 'campus_inbox_bytes', help: 'Bytes of samples in the inbox.', value: () => inbox.bytes },
    {
      name: 'campus_storage_ok',
      help: '1 while the journal can write.',
      value: () => (journal.storage === 'ok' ? 1 : 0),
    },
    { name: 'campus_batches_pending', help: 'Batches that are not on disk.', value: () => journal.pending },
    ...lanes.map((lane) => ({
      name: `campus_lane_${lane}_seq`,
      help: `Last sequence number of lane ${lane}.`,
      value: () => journal.outbox.head(lane).seq,
    })),
    ...uplinks.flatMap((uplink) => uplinkReadings(uplink)),
    ...externals.flatMap((broker) => brokerReadings(broker)),
    ...onvifReadings(onvif),
  ];
}

/** Of the embedded broker. */
const mqttCounters: Readonly<Record<string, string>> = {
  messages_qos0: 'Messages taken with QoS 0: not acknowledged, not sent again.',
  messages_qos1: 'Messages taken with QoS 1.',
  messages_qos2: 'Messages taken with QoS 2.',
  qos2_repeated: 'Repetitions of a QoS 2 message that was taken before.',
  hold_expired: 'Connections closed because their acknowledgement could not be given in time.',
  paced: 'Messages that had to wait because their connection publishes too fast.',
  takeovers: 'Connections that ended because their device connected again.',
  queue_dropped: 'Messages for a device that is away, dropped because too many wait for it.',
  sessions_forgotten: 'Sessions of devices that are away, forgotten because there are too many.',
  wills_withheld: 'Wills that were not published, because the gateway itself ended the connection.',
};

function uplinkReadings(uplink: UplinkView): Reading[] {
  const prefix = `campus_uplink_${uplink.status().recipient.replace(/[^a-zA-Z0-9_]/g, '_')}`;
  return [
    {
      name: `${prefix}_up`,
      help: '1 while what is sent is receipted.',
      value: () => (uplink.status().state === 'up' ? 1 : 0),
    },
    ...lanes.flatMap((lane) => [
      {
        name: `${prefix}_${lane}_ack`,
        help: `Receipted on lane ${lane}.`,
        value: () => uplink.status().lanes[lane].ack,
      },
      {
        name: `${prefix}_${lane}_oldest_seconds`,
        help: `Age of the oldest row without a receipt on lane ${lane}.`,
        value: () => uplink.status().lanes[lane].oldestS,
      },
    ]),
  ];
}

const channelStates = ['ok', 'silent', 'offline', 'refused', 'unsupported', 'unknown'] as const;

const onvifCounters: Readonly<Record<string, string>> = {
  pulls: 'Requests for events of cameras and access controllers.',
  notifications: 'Events that they told.',
  unreadable: 'Notifications without a topic: refused.',
  cut: 'Notifications of which items or long values were left out.',
  creates: 'Subscriptions asked for.',
  renews: 'Subscriptions renewed.',
  unsubscribes: 'Subscriptions ended.',
  synchronisations: 'Requests for the present value of every state.',
  probes: 'Times that a device was asked whether it answers, because no events came.',
  failed_unreachable: 'Calls that could not be sent.',
  failed_ended: 'Calls cut before the whole answer.',
  failed_timeout: 'Calls without a whole answer in time.',
  failed_tls: 'Calls that ended in TLS.',
  failed_http: 'Answers that were no SOAP.',
  failed_malformed: 'Answers that could not be read or were too large.',
  failed_fault: 'Faults that devices answered.',
  failed_declined: 'Answers of HTTP 3xx and 4xx that were no SOAP.',
  failed_gone: 'Subscriptions that the device did not know any more.',
  failed_rejected: 'Refused attempts with credentials.',
  failed_unsupported: 'Calls that devices do not know.',
  failed_program: 'Faults of this program.',
};

function onvifReadings(onvif: ReadingSources['onvif']): Reading[] {
  return [
    ...channelStates.map((state) => ({
      name: `campus_cameras_${state}`,
      help: `Cameras and access controllers whose event channel is ${state}.`,
      value: () => onvif.status().states[state],
    })),
    ...Object.entries(onvifCounters).map(([name, help]) => ({
      name: `campus_onvif_${name}`,
      help,
      value: () => onvif.status().counters[name] ?? 0,
    })),
  ];
}

function brokerReadings(broker: ReadingSources['externals'][number]): Reading[] {
  const prefix = `campus_broker_${broker.name.replace(/[^a-zA-Z0-9_]/g, '_')}`;
  const count = (names: readonly string[]) => () =>
    names.reduce((sum, name) => sum + (broker.status().counters[name] ?? 0), 0);
  return [
    { name: `${prefix}_up`, help: '1 while connected and subscribed.', value: () => broker.status().clients },
    {
      name: `${prefix}_live`,
      help: '1 while what comes counts as live; 0 while it counts as queued.',
      value: () => (broker.status().isLive ? 1 : 0),
    },
    {
      name: `${prefix}_active`,
      help: '1 while this gateway works for the broker; 0 while it stands by.',
      value: () => (broker.status().role === 'active' ? 1 : 0),
    },
    {
      name: `${prefix}_waiting`,
      help: 'Messages that wait for their commit.',
      value: () => broker.status().waiting,
    },
    {
      name: `${prefix}_messages`,
      help: 'Messages handed on since the start.',
      value: count(['messages_qos0', 'messages_qos1', 'messages_qos2']),
    },
    {
      name: `${prefix}_refused_filters`,
      help: 'Subscriptions that the broker refused.',
      value: () => broker.status().refusedFilters.length,
    },
  ];
}
