import type { Reading } from '../ops/metrics.ts';
import type { Clips } from './clips.ts';
import type { EvidenceDesk } from './evidence.ts';
import type { MediaRetention } from './media-retention.ts';
import type { MediaStore } from './store.ts';

export interface MediaSources {
  store: Pick<MediaStore, 'bytes' | 'files'>;
  desk: Pick<EvidenceDesk, 'counts' | 'waiting'>;
  retention: Pick<MediaRetention, 'removed'>;
  clips: Pick<Clips, 'status'>;
}

/** Figures of pictures and films at a scrape of `/metrics`. */
export function mediaReadings({ store, desk, retention, clips }: MediaSources): Reading[] {
  return [
    { name: 'campus_media_bytes', help: 'Bytes of pictures and films of alarms.', value: () => store.bytes },
    { name: 'campus_media_files', help: 'Pictures and films of alarms.', value: () => store.files },
    {
      name: 'campus_media_waiting',
      help: 'Cameras that are asked for a picture.',
      value: () => desk.waiting,
    },
    {
      name: 'campus_media_taken',
      help: 'Pictures and films kept since the start.',
      value: () => desk.counts.taken,
    },
    {
      name: 'campus_media_failed',
      help: 'Pictures and films since the start that there are none of; their cards say why.',
      value: () => desk.counts.failed,
    },
    {
      name: 'campus_media_removed_age',
      help: 'Pictures and films removed since the start at the end of their time.',
      value: () => retention.removed.age,
    },
    {
      name: 'campus_media_removed_room',
      help: 'Pictures and films removed since the start before their time, for want of room.',
      value: () => retention.removed.room,
    },
    {
      name: 'campus_media_ring_bytes',
      help: 'Memory of the seconds before alarms.',
      value: () => clips.status().bytes,
    },
  ];
}
