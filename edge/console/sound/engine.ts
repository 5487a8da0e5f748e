import { type PatternName, patterns, samplesOf } from './patterns.ts';

/**
 * `off`: the browser wants a click first. `interrupted`: it was armed, and the browser or the sound device stopped it.
 * `none`: this browser has no Web Audio.
 */
export type SoundState = 'armed' | 'off' | 'interrupted' | 'none';

/** Audio time that must pass between two looks; less means that the device takes nothing. */
const STALL_MS = 2_000;
const TEST_MS = 3_200;

export interface SoundListener {
  onState(state: SoundState): void;
  /** What is heard now; undefined: silence. */
  onPattern(pattern: PatternName | undefined): void;
}

/** Plays one pattern at a time, looped by the browser itself, so that a busy page does not break the rhythm. */
export class SoundEngine {
  readonly #listener: SoundListener;
  readonly #buffers = new Map<PatternName, AudioBuffer>();
  #context: AudioContext | undefined;
  #source: AudioBufferSourceNode | undefined;
  #wanted: PatternName | undefined;
  #test: { pattern: PatternName; until: number } | undefined;
  #heard: PatternName | undefined;
  #state: SoundState = 'off';
  #wasArmed = false;
  #progress = { audio: -1, at: 0 };

  constructor(listener: SoundListener) {
    this.#listener = listener;
  }

  get state(): SoundState {
    return this.#state;
  }

  /** Tries without a click: browsers started for a kiosk allow it. */
  prepare(): void {
    if (typeof AudioContext === 'undefined') {
      this.#setState('none');
      return;
    }
    this.#context ??= this.#newContext();
    this.check();
  }

  /** Call from a click or a key: switches the sound on and lets it be heard. */
  async arm(): Promise<void> {
    this.prepare();
    const context = this.#context;
    if (context === undefined || this.#state === 'armed') return;
    await context.resume();
    this.#progress = { audio: -1, at: 0 };
    if (this.check() === 'armed' && this.#wanted === undefined) this.#chime();
  }

  /** Loops the pattern until another is set; undefined: silence. The same again changes nothing. */
  play(pattern: PatternName | undefined): void {
    this.#wanted = pattern;
    if (pattern !== undefined) this.#test = undefined;
    this.#apply();
  }

  /** Lets a pattern be heard for some seconds, unless something real sounds. */
  test(pattern: PatternName): void {
    if (this.#wanted !== undefined) return;
    this.#test = { pattern, until: performance.now() + TEST_MS };
    this.#apply();
  }

  /** Call at every tick: is the sound still alive? Resumes what was suspended. */
  check(): SoundState {
    const context = this.#context;
    if (context === undefined) return this.#state;
    if (context.state !== 'running' && this.#wasArmed) void context.resume().catch(() => undefined);
    this.#setState(this.#judge(context));
    if (this.#test !== undefined && performance.now() >= this.#test.until) this.#test = undefined;
    this.#apply();
    return this.#state;
  }

  #judge(context: AudioContext): SoundState {
    const still = this.#wasArmed ? 'interrupted' : 'off';
    if (context.state !== 'running') return still;
    const now = performance.now();
    if (context.currentTime !== this.#progress.audio) {
      this.#progress = { audio: context.currentTime, at: now };
      return 'armed';
    }
    return now - this.#progress.at < STALL_MS ? 'armed' : still;
  }

  #newContext(): AudioContext {
    const context = new AudioContext({ latencyHint: 'interactive' });
    context.onstatechange = () => this.check();
    return context;
  }

  #apply(): void {
    const pattern = this.#state === 'armed' ? (this.#wanted ?? this.#test?.pattern) : undefined;
    if (pattern === this.#heard) return;
    this.#source?.stop();
    this.#source = pattern === undefined ? undefined : this.#start(pattern, true);
    this.#heard = pattern;
    this.#listener.onPattern(pattern);
  }

  #chime(): void {
    this.#start('armed', false);
  }

  #start(pattern: PatternName, loop: boolean): AudioBufferSourceNode | undefined {
    const context = this.#context;
    if (context === undefined) return undefined;
    const source = context.createBufferSource();
    source.buffer = this.#bufferOf(pattern, context);
    source.loop = loop;
    source.connect(context.destination);
    source.start();
    return source;
  }

  #bufferOf(pattern: PatternName, context: AudioContext): AudioBuffer {
    let buffer = this.#buffers.get(pattern);
    if (buffer === undefined) {
      const samples = samplesOf(patterns[pattern], context.sampleRate);
      buffer = context.createBuffer(1, samples.length, context.sampleRate);
      buffer.copyToChannel(samples, 0);
      this.#buffers.set(pattern, buffer);
    }
    return buffer;
  }

  #setState(state: SoundState): void {
    if (state === 'armed') this.#wasArmed = true;
    if (state === this.#state) return;
    this.#state = state;
    this.#listener.onState(state);
  }
}
