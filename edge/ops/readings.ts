import { lanes } from '../../contract/event.ts';
import type { Adapter } from '../adapters/adapter.ts';
import type { ExternalBroker } from '../adapters/external-mqtt/external-broker.ts';
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
  book: Pick<AlarmBook, 'size'>;
  journal: Pick<Journal, 'storage' | 'pending' | 'outbox'>;
  uplinks: readonly UplinkView[];
  /** Brokers of the site that the gateway is a client of. */
  externals: readonly Pick<ExternalBroker, 'name' | 'status'>[];
  live: { readonly clients: number; readonly ignored: number; soundArmed(): boolean };
}

/** Every figure of the gateway that is read at a scrape of `/metrics`. */
export function readings(sources: ReadingSources): Reading[] {
  const { pipeline, broker, inbox, book, journal, uplinks, externals, live } = sources;
  return [
    { name: 'campus_waiting', help: 'Items that wait for a batch.', value: () => pipeline.depth },
    { name: 'campus_duplicates', help: 'Events swallowed as duplicates.', value: () => pipeline.duplicates },
    { name: 'campus_clients', help: 'Connected MQTT clients.', value: () => broker.status().clients },
    {
      name: 'campus_paced',
      help: 'Messages that had to wait because their connection publishes too fast.',
      value: () => broker.status().counters.paced ?? 0,
    },
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
    { name: 'campus_alarms_open', help: 'Open alarms.', value: () => book.size },
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
  ];
}

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
