import type { Alarm } from '../../contract/alarm.ts';
import type { AlarmView } from './alarm-view.ts';
import type { Discretion } from './audience.ts';
import type { LiveClient } from './live-client.ts';
import { commitFrame } from './live-frame.ts';

/** Rows of one replay frame: some 350 KB. */
const PAGE_ROWS = 500;
/** A client further behind gets a snapshot: 5,000 rows are some 3.5 MB. */
export const MAX_REPLAY_ROWS = 5_000;

export interface CatchUpSource {
  /** Position of the last commit announced to live clients. */
  head: () => number;
  /** Undefined when the journal cannot answer. */
  read: (
    position: number,
    limit: number,
  ) => Promise<{ position: number; bodies: string[]; alarms: Alarm[] } | undefined>;
  alarms: AlarmView;
  discretion: Discretion;
}

/**
 * Replays the journal from `client.position` and makes the client live, without gap or overlap. The hub collects in
 * `client.pending` what is committed meanwhile. The reader sees commits whole, so a page that is not full ends with a
 * commit, and all that follows it was announced after the read began: it is in `pending`. False: a snapshot must do.
 */
export async function catchUp(client: LiveClient, source: CatchUpSource): Promise<boolean> {
  const headAtStart = source.head();
  while (client.state === 'joining') {
    if (tooFar(client, source)) return false;
    const page = await source.read(client.position, PAGE_ROWS);
    if (page === undefined || tooFar(client, source)) return false;
    client.reached(page.position);
    const text = textFor(client, source, page.bodies, page.alarms);
    if (page.bodies.length >= PAGE_ROWS) {
      if (!(await client.sendAndDrain(text))) return false;
      continue;
    }
    if (client.position < headAtStart) return false;
    finish(client, source, page.bodies.length > 0 ? [text] : []);
    return true;
  }
  return false;
}

/** In one turn of the event loop: what waited, then every open alarm as it is now (deliveries are no rows). */
function finish(client: LiveClient, source: CatchUpSource, texts: Buffer[]): void {
  for (const { position, frame } of client.pending) {
    client.position = position;
    const text = frame.for(client.audience);
    if (text !== undefined) texts.push(text);
  }
  texts.push(textFor(client, source, [], source.alarms.open()));
  client.goLive();
  client.sendAll(texts);
}

function tooFar(client: LiveClient, source: CatchUpSource): boolean {
  return source.head() - client.position > MAX_REPLAY_ROWS || client.pendingRows > MAX_REPLAY_ROWS;
}

function textFor(
  client: LiveClient,
  { alarms, discretion }: CatchUpSource,
  bodies: readonly string[],
  touched: readonly Alarm[],
): Buffer {
  const { audience, position } = client;
  const seen = audience.key === '' ? bodies : bodies.filter((body) => discretion.seesBody(audience, body));
  return commitFrame(
    position,
    Buffer.from(seen.join(',')),
    touched.filter((alarm) => discretion.seesAlarm(audience, alarm)).map((alarm) => alarms.stored(alarm)),
  );
}
