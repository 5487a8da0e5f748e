import { ref, shallowRef } from 'vue';
import type { Severity } from '../../../contract/event.ts';
import { SILENCE_MAX_MS } from '../../../contract/sounding.ts';
import { patternOf } from './annunciator.ts';
import { SoundEngine, type SoundState } from './engine.ts';
import type { PatternName } from './patterns.ts';

/** The sound of this screen: what it should play, and what the page shows of it. */
export class Sound {
  readonly state = ref<SoundState>('off');
  /** What is heard now. */
  readonly pattern = shallowRef<PatternName | undefined>();
  /** Milliseconds until a muted loss sounds again; 0: not muted. */
  readonly mutedFor = ref(0);
  readonly #engine = new SoundEngine({
    onState: (state) => {
      this.state.value = state;
    },
    onPattern: (pattern) => {
      this.pattern.value = pattern;
    },
  });
  #sounding: readonly Severity[] = [];
  #lost = false;
  #louder = false;
  #mutedUntil = 0;

  prepare(): void {
    this.#engine.prepare();
  }

  /** Call from a click or a key. */
  async arm(): Promise<void> {
    await this.#engine.arm();
  }

  test(): void {
    this.#engine.test('severity-1');
  }

  /** What there is to hear, from now until told otherwise. */
  hear(sounding: readonly Severity[], lost: boolean, louder = false): void {
    if (lost && !this.#lost) this.#mutedUntil = 0;
    this.#sounding = sounding;
    this.#louder = louder;
    this.#lost = lost;
    this.#play();
  }

  /** Mutes the loss of the gateway on this screen, as long as an alarm may be silenced. */
  muteLoss(): void {
    this.#mutedUntil = performance.now() + SILENCE_MAX_MS;
    this.#play();
  }

  tick(): void {
    this.#engine.check();
    this.#play();
  }

  #play(): void {
    const now = performance.now();
    this.mutedFor.value = Math.max(0, this.#mutedUntil - now);
    this.#engine.play(
      patternOf({
        sounding: this.#sounding,
        louder: this.#louder,
        lost: this.#lost,
        mutedUntil: this.#mutedUntil,
        now,
      }),
    );
  }
}
