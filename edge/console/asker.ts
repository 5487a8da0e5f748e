import { ref } from 'vue';
import { type Answer, isProblem, Unreachable } from './api.ts';
import { t } from './i18n/i18n.ts';

/** What went wrong with the last thing somebody asked for. */
interface Trouble {
  readonly title?: string;
  readonly text: string;
}

/** Asks the gateway for one page or panel: one thing at a time, with what went wrong for people to read. */
export class Asker {
  readonly busy = ref(false);
  readonly trouble = ref<Trouble>();
  readonly #onSessionEnded: () => void;

  constructor(onSessionEnded: () => void) {
    this.#onSessionEnded = onSessionEnded;
  }

  /** The answer; undefined when there was none. A problem is told as `trouble` too. */
  async ask<Body>(request: () => Promise<Answer<Body>>): Promise<Answer<Body> | undefined> {
    this.busy.value = true;
    this.trouble.value = undefined;
    try {
      const answer = await request();
      const { problem } = answer;
      if (isProblem(answer, 'expired-session')) this.#onSessionEnded();
      else if (problem !== undefined) {
        const faults = (problem.errors ?? []).map(({ path, message }) => `${path}: ${message}`);
        this.trouble.value = { title: problem.title, text: [problem.detail, ...faults].join(' ') };
      }
      return answer;
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      this.trouble.value = { text: t('problem.unreachable') };
      return undefined;
    } finally {
      this.busy.value = false;
    }
  }
}
