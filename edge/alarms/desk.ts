import type { Alarm, AlarmAction, AlarmActionRequest } from '../../contract/alarm.ts';
import type { ProblemCode } from '../../contract/problem.ts';
import type { Text } from '../../contract/text.ts';
import type { Drills } from '../drills/drills.ts';
import { stored } from '../ops/stored.ts';
import type { Moves } from '../pipeline/machine.ts';
import type { ActOutcome, Pipeline } from '../pipeline.ts';
import type { AlarmBook } from './book.ts';
import type { Isolations } from './isolations.ts';
import type { Actor, ActResult } from './lifecycle.ts';

export interface AlarmDeskOptions {
  book: AlarmBook;
  pipeline: Pick<Pipeline, 'act' | 'move' | 'isUnsaved'>;
  isolations: Pick<Isolations, 'perform'>;
  drills: Pick<Drills, 'makeReal'>;
}

/** Where people see and handle alarms: the book to read, the pipeline to act. */
export class AlarmDesk {
  readonly #o: AlarmDeskOptions;

  constructor(options: AlarmDeskOptions) {
    this.#o = options;
  }

  open(): readonly Alarm[] {
    return this.#o.book.open();
  }

  get(id: string): Alarm | undefined {
    return this.#o.book.get(id);
  }

  /** Its last change is evaluated and shown, but not on disk, and storage is in trouble. */
  isUnsaved(id: string): boolean {
    return this.#o.pipeline.isUnsaved(id);
  }

  /** `stored: false` when the disk did not take it within 2 s: it holds all the same and is stored later. */
  async act(
    id: string,
    action: AlarmAction,
    request: AlarmActionRequest,
    actor: Actor,
  ): Promise<{ alarm: Alarm; stored: boolean } | { refused: ProblemCode; detail: Text; alarm?: Alarm }> {
    const result = await this.#take(id, action, request, actor);
    if ('refused' in result) return result;
    return { alarm: result.alarm, stored: await stored(result.stored) };
  }

  async #take(
    id: string,
    action: AlarmAction,
    request: AlarmActionRequest,
    actor: Actor,
  ): Promise<ActOutcome> {
    const { pipeline, isolations, drills } = this.#o;
    const move = async (work: (moves: Moves) => ActResult): Promise<ActOutcome> => {
      const { result, stored } = await pipeline.move(work);
      return { ...result, stored };
    };
    switch (action) {
      // an isolation is of the detector, not of the one alarm
      case 'isolate':
      case 'restore':
        return move((moves) => isolations.perform(moves, id, action, request, actor));
      // a drill alarm goes on as another, real one
      case 'make-real':
        return move((moves) => drills.makeReal(moves, id, request, actor));
      default:
        return pipeline.act(id, action, request, actor);
    }
  }
}
