import { uuidv7 } from 'uuidv7';
import type { Alarm } from '../../../contract/alarm.ts';
import type { Event, EventDraft, Origin } from '../../../contract/event.ts';
import { type Device, type Site, siteSchema } from '../../../contract/site.ts';
import type { DeviceState } from '../../../device-profiles/device-state.ts';
import type { Actor } from '../../../edge/alarms/rights.ts';
import { Arming } from '../../../edge/arming/arming.ts';
import { ArmingDesk } from '../../../edge/arming/arming-desk.ts';
import type { Moves } from '../../../edge/pipeline/machine.ts';
import { ownDraft } from '../../../edge/pipeline/own-event.ts';
import { SiteView } from '../../../edge/registry/site-view.ts';

const where = { gateway: 'gw', school: '2137000001', region: '370102' };

/** A dormitory: one entry door, a hall motion detector that is off in stay mode, a window, a panic button. */
export const dormitory: Record<string, unknown> = {
  places: [
    { id: 'campus', kind: 'campus', name: '校区' },
    { id: 'dorm', kind: 'building', name: '公寓', parent: 'campus' },
    { id: 'hall', kind: 'room', name: '门厅', parent: 'dorm' },
    { id: 'yard', kind: 'point', name: '院子', parent: 'campus' },
  ],
  slots: [
    { id: 'door', name: '大门', place: 'hall' },
    { id: 'motion', name: '门厅红外', place: 'hall' },
    { id: 'window', name: '窗', place: 'dorm' },
    { id: 'panic', name: '一键报警', place: 'hall', lifeSafety: true },
    { id: 'tamper', name: '箱体防拆', place: 'dorm' },
    { id: 'fence', name: '围栏', place: 'yard', armed: 'always' },
    { id: 'gate', name: '院门', place: 'yard' },
  ],
  devices: ['door', 'motion', 'window', 'panic', 'fence', 'gate'].map((slot) => ({
    id: `d-${slot}`,
    name: slot,
    profile: 'io.wired',
    slot,
  })),
  zones: [
    {
      id: 'z-dorm',
      name: '公寓防区',
      places: ['dorm'],
      entryDelay: 30,
      exitDelay: 60,
      entrySlots: ['door'],
      staySlots: ['motion'],
    },
  ],
};

export const guard: Actor = { user: 'zhang', role: 'guard', station: 'gatehouse' };
export const leader: Actor = { user: 'li', role: 'shift-leader', station: 'gatehouse' };

/** What the machine emitted, judged and kept, on clocks that a test moves. */
export class ArmingWorld {
  site: Site;
  version = 1;
  wall = Date.parse('2026-09-07T02:00:00Z');
  monotonic = 0;
  readonly emitted: Event[] = [];
  readonly judged: Event[] = [];
  readonly kept = new Map<string, string>();
  readonly states = new Map<string, DeviceState>();
  alarms: Alarm[] = [];
  arming: Arming;
  desk: ArmingDesk;

  constructor(site: Record<string, unknown> = dormitory) {
    this.site = siteSchema.parse(site);
    this.arming = this.#start();
    this.desk = this.#desk();
  }

  /** The process dies without a word and starts again, so many milliseconds later by the wall clock. */
  restart(laterMs = 0): void {
    this.wall += laterMs;
    this.monotonic = 1_000_000 - this.monotonic;
    this.arming = this.#start();
    this.desk = this.#desk();
  }

  replaceSite(site: Record<string, unknown>): void {
    this.site = siteSchema.parse(site);
    this.version += 1;
  }

  /** Time passes on both clocks, in steps of at most a second. */
  pass(seconds: number): void {
    for (let left = seconds * 1_000; left > 0; left -= 1_000) {
      const step = Math.min(left, 1_000);
      this.wall += step;
      this.monotonic += step;
      this.tick();
    }
  }

  tick(): void {
    if (this.arming.dueAt() <= this.monotonic) this.arming.act(this.moves());
  }

  /** An event of a slot goes through the machine; the answer is its verdict. */
  say(
    type: string,
    slot: string,
    edge: Event['edge'] = 'raise',
    more: Partial<Event> = {},
  ): 'always' | 'never' | undefined {
    const draft = { ...ownDraft(type, edge, this.wall), ...more };
    const event = this.#event(draft, { device: `d-${slot}`, slot });
    const verdict = this.arming.armed(event);
    const device = `d-${slot}`;
    if (edge === 'raise' || edge === 'clear')
      this.states.set(device, {
        points: { '': { ...this.states.get(device)?.points?.[''], [type]: { x: edge === 'raise' ? 1 : 0 } } },
      });
    this.arming.follow(event, [], this.moves());
    return verdict;
  }

  zone(id = 'z-dorm') {
    const view = this.arming.status().zones.find((one) => one.id === id);
    if (view === undefined) throw new Error(`no zone ${id}`);
    return view;
  }

  /** Types and edges that the machine emitted of itself. */
  told(): string[] {
    return this.emitted.map(({ type, edge }) => `${type} ${edge}`);
  }

  moves(): Moves {
    return {
      emit: (draft, about = {}) => {
        const event = this.#event(draft, about.origin ?? {});
        this.emitted.push(event);
        this.arming.follow(event, [], this.moves());
        return event;
      },
      change: () => undefined,
      judge: (event) => this.judged.push(event),
      keep: (key, value) => {
        if (value === undefined) this.kept.delete(key);
        else this.kept.set(key, value);
      },
    };
  }

  #event(draft: EventDraft, origin: Partial<Origin>): Event {
    return { ...draft, id: uuidv7(), lane: 'a', seq: 1, origin: { ...where, ...origin } };
  }

  #start(): Arming {
    const world = this;
    const view = () => new SiteView(this.site);
    return new Arming({
      registry: {
        get version() {
          return world.version;
        },
        site: () => this.site,
        place: (id) => view().places.get(id),
        slot: (id) => view().slots.get(id),
        devices: () => this.site.devices,
        device: (id) => view().devices.get(id),
        originOf: (device: Device, input?: string) => view().originOf(device, input),
      },
      devices: { get: (id) => ({ state: this.states.get(id) }) },
      book: { open: () => this.alarms },
      states: new Map(this.kept),
      zone: 'Asia/Shanghai',
      clock: () => this.wall,
      monotonic: () => this.monotonic,
      newId: uuidv7,
      onChange: () => undefined,
    });
  }

  #desk(): ArmingDesk {
    const view = () => new SiteView(this.site);
    return new ArmingDesk({
      arming: this.arming,
      registry: {
        site: () => this.site,
        place: (id) => view().places.get(id),
        slot: (id) => view().slots.get(id),
      },
      move: async (work) => ({ result: work(this.moves()), stored: Promise.resolve() }),
      clock: () => this.wall,
      maySay: (slot) => slot !== 'tamper',
    });
  }
}
