import { pino } from 'pino';
import { uuidv7 } from 'uuidv7';
import type { Alarm } from '../../../contract/alarm.ts';
import { decodeBody } from '../../../contract/cloud-event.ts';
import type { Event } from '../../../contract/event.ts';
import type { RawMessage } from '../../../contract/raw-message.ts';
import { siteSchema } from '../../../contract/site.ts';
import { AlarmBook } from '../../../edge/alarms/book.ts';
import { createDrills } from '../../../edge/drills/create-drills.ts';
import type { SealedBatch } from '../../../edge/journal/batch.ts';
import { LiveDevices } from '../../../edge/pipeline/devices.ts';
import { Duplicates } from '../../../edge/pipeline/duplicates.ts';
import { Intake } from '../../../edge/pipeline/intake.ts';
import type { Machine } from '../../../edge/pipeline/machine.ts';
import { Pipeline } from '../../../edge/pipeline.ts';
import { UnknownDeviceInbox } from '../../../edge/registry/inbox.ts';
import { profileFacts, topicsOf } from '../../../edge/registry/profile-facts.ts';
import { Registry } from '../../../edge/registry/registry.ts';
import { testCampus } from '../../simulators/test-campus.ts';
import { catalogue } from '../../support/builtin-catalogue.ts';

const logger = pino({ level: 'silent' });

/** The registry of the test campus with two wired modules. */
export async function campusRegistry(file: string): Promise<Registry> {
  const registry = await Registry.open({ file, logger, topicsOf: topicsOf(catalogue) });
  await registry.importSite(siteSchema.parse(testCampus(2)), { profiles: profileFacts(catalogue) });
  return registry;
}

/** The data path with drills, a clock of its own and a disk that never fails; may be started again. */
export class CampusPlay {
  /** Wall clock and monotonic clock, milliseconds. */
  wall = Date.parse('2026-09-01T08:00:00.000Z');
  monotonic = 1_000;
  readonly events: Event[] = [];
  readonly states = new Map<string, string>();
  readonly #registry: Registry;
  readonly #seq = { a: 1, e: 1 };
  readonly #message = new Map<string, number>();
  book!: AlarmBook;
  drills!: ReturnType<typeof createDrills>;
  pipeline!: Pipeline;

  constructor(registry: Registry) {
    this.#registry = registry;
    this.start([]);
  }

  /** As after kill -9 and a start: what is in the journal is all there is. */
  start(alarms: Iterable<Alarm>): void {
    const clock = () => this.wall;
    const identity = { gateway: 'gw-1', school: '2137000001', region: '370102' };
    const devices = new LiveDevices(catalogue, this.#registry, new Map(), identity);
    this.book = new AlarmBook({ clock, newId: uuidv7, recipients: ['province'] });
    this.book.restore(alarms);
    const machines: Machine[] = [];
    const pipeline = new Pipeline({
      identity,
      machines,
      journal: {
        storage: 'ok',
        onStorage: () => () => undefined,
        nextSeq: (lane) => this.#seq[lane]++,
        append: (batch) => this.#store(batch),
      },
      registry: this.#registry,
      devices,
      book: this.book,
      duplicates: new Duplicates(),
      clock,
      clockQuality: () => 'sync',
      intake: new Intake({
        devices,
        inbox: new UnknownDeviceInbox(),
        profileClock: { siteZone: 'Asia/Shanghai', lateAfterMs: 30_000 },
        onOutcome: () => undefined,
      }),
      onUnsaved: () => undefined,
      onFault: (error) => {
        throw error;
      },
      onConnection: () => undefined,
      onRefused: () => undefined,
    });
    this.pipeline = pipeline;
    this.drills = createDrills({
      book: this.book,
      campus: this.#registry,
      states: this.states,
      move: (work) => pipeline.move(work),
      clock,
      monotonic: () => this.monotonic,
      newId: uuidv7,
      onChange: () => undefined,
    });
    machines.push(this.drills.machine);
  }

  restart(): void {
    const alarms = structuredClone(this.book.open());
    this.pipeline.stop();
    this.start(alarms);
  }

  /** Time goes on, on both clocks, and what is due is done. */
  async pass(ms: number): Promise<void> {
    this.wall += ms;
    this.monotonic += ms;
    await this.due();
  }

  async due(): Promise<void> {
    await this.pipeline.move((moves) => {
      if ((this.drills.machine.dueAt() ?? Number.POSITIVE_INFINITY) <= this.monotonic)
        this.drills.machine.act(moves);
    });
  }

  /** A wired module reports one of its inputs. */
  async report(
    device: string,
    input: number,
    state: 'alarm' | 'normal',
    client = device,
    more: Record<string, unknown> = {},
  ): Promise<void> {
    const seq = (this.#message.get(device) ?? 0) + 1;
    this.#message.set(device, seq);
    const raw: RawMessage = {
      source: 'mqtt',
      adapter: 'mqtt',
      channel: `io/${device}/state`,
      clientId: client,
      user: device,
      payload: Buffer.from(JSON.stringify({ ch: { [input]: state }, seq, ...more })),
      qos: 1,
      receivedAt: this.wall,
      receivedMonotonicMs: this.monotonic,
    };
    await this.pipeline.message(raw);
  }

  told(type: string, edge?: string): Event[] {
    return this.events.filter((event) => event.type === type && (edge === undefined || event.edge === edge));
  }

  /** Modes of the raises of a type, in order. */
  modes(type: string): string[] {
    return this.told(type)
      .filter(({ edge }) => edge === 'raise' || edge === 'pulse')
      .map(({ mode }) => mode);
  }

  #store(batch: SealedBatch): { alarms: Promise<void>; all: Promise<void> } {
    for (const { body } of batch.rows) this.events.push(decodeBody(body));
    for (const { key, value } of batch.states)
      if (value === undefined) this.states.delete(key);
      else this.states.set(key, value);
    return { alarms: Promise.resolve(), all: Promise.resolve() };
  }
}
