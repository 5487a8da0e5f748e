import type { Alarm } from '../../contract/alarm.ts';
import type { Committed } from '../journal/batch.ts';
import type { Audience, Discretion } from './audience.ts';

type CommittedRows = Pick<Committed, 'rows' | 'joined'>;

/** A `commit` frame around stored bodies, joined by commas as they are: nothing is serialised again. */
export function commitFrame(position: number, joined: Buffer, alarms: readonly Alarm[]): Buffer {
  return Buffer.concat([
    Buffer.from(`{"k":"commit","position":${position},"events":[`),
    joined,
    Buffer.from(`],"alarms":${JSON.stringify(alarms)}}`),
  ]);
}

/** One frame for all clients: it is built once for each kind of audience that is there. */
export class SharedFrame {
  readonly #build: (joined: Buffer, alarms: readonly Alarm[]) => Buffer;
  readonly #rows: CommittedRows;
  readonly #alarms: readonly Alarm[];
  readonly #discretion: Discretion;
  readonly #frames = new Map<string, Buffer | undefined>();

  constructor(
    rows: CommittedRows,
    alarms: readonly Alarm[],
    discretion: Discretion,
    build: (joined: Buffer, alarms: readonly Alarm[]) => Buffer,
  ) {
    this.#rows = rows;
    this.#alarms = alarms;
    this.#discretion = discretion;
    this.#build = build;
  }

  /** Undefined when nothing in it is for this audience. */
  for(audience: Audience): Buffer | undefined {
    if (this.#frames.has(audience.key)) return this.#frames.get(audience.key);
    const frame = this.#frameFor(audience);
    this.#frames.set(audience.key, frame);
    return frame;
  }

  #frameFor(audience: Audience): Buffer | undefined {
    const { rows, joined = join(rows) } = this.#rows;
    if (audience.key === '') return this.#unlessEmpty(joined, this.#alarms);
    const seen = rows.filter(({ body }) => this.#discretion.seesBody(audience, body));
    const alarms = this.#alarms.filter((alarm) => this.#discretion.seesAlarm(audience, alarm));
    return this.#unlessEmpty(join(seen), alarms);
  }

  #unlessEmpty(joined: Buffer, alarms: readonly Alarm[]): Buffer | undefined {
    return joined.length === 0 && alarms.length === 0 ? undefined : this.#build(joined, alarms);
  }
}

function join(rows: Committed['rows']): Buffer {
  return Buffer.from(rows.map(({ body }) => body).join(','));
}
