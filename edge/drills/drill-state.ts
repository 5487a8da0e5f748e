import type { DrillKind, PoliceNotice } from '../../contract/drill.ts';
import type { Edge, Freshness, Kind, Mode } from '../../contract/event.ts';
import type { KeptDeadline } from '../ops/deadline.ts';

/** A device at a slot, with the input that is wired there; what is replaced meanwhile is another point, and real. */
export interface Point {
  readonly device: string;
  readonly slot?: string;
  readonly input?: string;
}

/** What was practised at one place: one type of one subject. */
export interface Press {
  readonly type: string;
  /** Slot, else device with its input. */
  readonly subject: string;
  readonly device: string;
  readonly slot?: string;
  /** First time, ISO 8601. */
  readonly at: string;
  /** Devices or inputs (`device#input`) that hold it now. */
  readonly held: readonly string[];
  /** It is no practice any more: whatever comes of it is real until the end. */
  readonly real: boolean;
  /** Told by an earlier run: whether it still holds is not known. */
  readonly restored?: boolean;
}

/** A drill or walk test that runs. Never changed in place. */
export interface Drill {
  readonly id: string;
  readonly kind: DrillKind;
  readonly places: readonly string[];
  readonly zone?: string;
  readonly types: readonly string[];
  /** As registered when it started. */
  readonly points: readonly Point[];
  readonly reason: string;
  readonly by: string;
  readonly second?: string;
  readonly notice?: PoliceNotice;
  readonly at: string;
  readonly deadline: KeptDeadline;
  /** By type and subject. */
  readonly presses: Readonly<Record<string, Press>>;
  /** First report of each point, by device and slot. */
  readonly ticks: Readonly<Record<string, { readonly at: string; readonly type: string }>>;
}

/** What a drill looks at of an event. */
export interface Signal {
  readonly type: string;
  readonly kind: Kind;
  readonly lifeSafety: boolean;
  /** Nobody in the room may notice a real one. */
  readonly silent: boolean;
  readonly edge: Edge;
  readonly mode: Mode;
  readonly freshness: Freshness;
  readonly device: string;
  readonly slot?: string | undefined;
  readonly subject: string;
  /** Device, or `device#input`. */
  readonly source: string;
  readonly at: string;
}

/** What is known beside the signal. */
export interface Circumstances {
  /** A real alarm of this type and subject is open and nobody has disposed of it, or it still holds. */
  readonly openReal: boolean;
  /** Another way reported the same press a moment ago. */
  readonly echo: boolean;
}

/** What a signal counts as, and the drill after it. */
export interface Heard {
  readonly drill: Drill;
  readonly mode: Mode;
  /** With this signal what was practised has become real. */
  readonly turned?: Press;
}

export function pressKey({ type, subject }: Pick<Press, 'type' | 'subject'>): string {
  return `${type}|${subject}`;
}

export function pointKey({ device, slot }: Point): string {
  return slot === undefined ? device : `${device} ${slot}`;
}

/**
 * What a drill makes of a signal (CONTRACT section 4): undefined where it is none of its business, which is real. The
 * first live press of a listed point is practice; the second is real, and so are other devices, other types that concern
 * life, tampers, faults and all that is not live. Pure.
 */
export function heard(drill: Drill, signal: Signal, circumstances: Circumstances): Heard | undefined {
  if (!isPractised(drill, signal)) return undefined;
  const press = drill.presses[pressKey(signal)];
  if (signal.mode !== 'live') {
    // the test button of the device itself
    return isTrigger(signal) ? { drill: ticked(drill, signal), mode: signal.mode } : undefined;
  }
  if (!isTrigger(signal)) return followed(drill, signal, press);
  const next = ticked(drill, signal);
  // the list shows what was practised; of a silent type never what was real
  const ifReal = signal.silent ? drill : next;
  if (press === undefined) return first(next, ifReal, signal, circumstances.openReal);
  if (press.real) return { drill: ifReal, mode: 'live' };
  const isSame = circumstances.echo || isRestated(press, signal);
  if (isSame && !circumstances.openReal)
    return { drill: withPress(next, holding(press, signal)), mode: drill.kind };
  return { drill: withPress(ifReal, { ...press, real: true }), mode: 'live', turned: press };
}

/** A person has made it real: so is all that comes of it until the end. */
export function madeReal(drill: Drill, key: string): Drill {
  const press = drill.presses[key];
  return press === undefined || press.real ? drill : withPress(drill, { ...press, real: true });
}

/** What holds although the drill is over: it becomes live. */
export function stillHeld({ presses }: Drill): Press[] {
  return Object.values(presses).filter(({ real, held }) => !real && held.length > 0);
}

/** As the next run takes it over. */
export function restoredDrill(drill: Drill): Drill {
  const presses = Object.entries(drill.presses).map(([key, press]) => [key, { ...press, restored: true }]);
  return { ...drill, presses: Object.fromEntries(presses) };
}

function isPractised({ points, types }: Drill, signal: Signal): boolean {
  if (signal.kind !== 'alarm' && signal.kind !== 'request') return false;
  if (signal.lifeSafety && !types.includes(signal.type)) return false;
  return points.some(({ device, slot }) => device === signal.device && slot === signal.slot);
}

function isTrigger({ edge }: Signal): boolean {
  return edge === 'raise' || edge === 'pulse';
}

/** What was stored or is learnt at first sight did not happen in this drill. */
function first(drill: Drill, ifReal: Drill, signal: Signal, openReal: boolean): Heard {
  const { type, subject, device, slot, at, freshness } = signal;
  if (freshness !== 'live') return { drill: ifReal, mode: 'live' };
  const press = {
    type,
    subject,
    device,
    at,
    held: [],
    real: openReal,
    ...(slot === undefined ? {} : { slot }),
  };
  return openReal
    ? { drill: withPress(ifReal, press), mode: 'live' }
    : { drill: withPress(drill, holding(press, signal)), mode: drill.kind };
}

/** A clear or an update goes where its raise went. */
function followed(drill: Drill, { edge, source }: Signal, press: Press | undefined): Heard | undefined {
  if (press === undefined || press.real) return undefined;
  if (edge !== 'clear') return { drill, mode: drill.kind };
  const held = press.held.filter((one) => one !== source);
  return { drill: withPress(drill, { ...press, held }), mode: drill.kind };
}

/** The state that is known already, told again. */
function isRestated({ held }: Press, { freshness, source }: Signal): boolean {
  return (freshness === 'initial' || freshness === 'replay') && held.includes(source);
}

function holding(press: Press, { edge, source }: Signal): Press {
  const { restored: _, ...told } = press;
  if (edge === 'pulse' || press.held.includes(source)) return told;
  return { ...told, held: [...press.held, source] };
}

function ticked(drill: Drill, { device, slot, at, type }: Signal): Drill {
  const key = pointKey({ device, ...(slot === undefined ? {} : { slot }) });
  if (drill.ticks[key] !== undefined) return drill;
  return { ...drill, ticks: { ...drill.ticks, [key]: { at, type } } };
}

function withPress(drill: Drill, press: Press): Drill {
  return { ...drill, presses: { ...drill.presses, [pressKey(press)]: press } };
}
