import { ref, shallowRef } from 'vue';
import type { Problem } from '../../../contract/problem.ts';
import { type Answer, Unreachable } from '../api.ts';

/** One request of a form at a time, and what the gateway said against the last one. */
export class Asking {
  readonly busy = ref(false);
  readonly problem = shallowRef<Problem | 'unreachable'>();

  /** The answer where it worked out; undefined where it did not, and `problem` says why. */
  async ask<Body>(request: () => Promise<Answer<Body>>): Promise<Answer<Body> | undefined> {
    this.busy.value = true;
    this.problem.value = undefined;
    try {
      const answer = await request();
      if (answer.problem === undefined && answer.status < 400) return answer;
      this.problem.value = answer.problem ?? 'unreachable';
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      this.problem.value = 'unreachable';
    } finally {
      this.busy.value = false;
    }
    return undefined;
  }
}
