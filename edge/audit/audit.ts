import type { Logger } from 'pino';
import type { AuditEntry } from '../../contract/audit.ts';
import type { AlarmBook } from '../alarms/book.ts';
import type { Journal } from '../journal/journal.ts';
import { ownDraft } from '../pipeline/own-event.ts';
import type { Pipeline } from '../pipeline.ts';
import type { Registry } from '../registry/registry.ts';

const DAY_MS = 86_400_000;

export interface AuditOptions {
  pipeline: Pick<Pipeline, 'audit' | 'emit'>;
  journal: Pick<Journal, 'reader'>;
  registry: Pick<Registry, 'users' | 'onChange'>;
  book: Pick<AlarmBook, 'open'>;
  clock: () => number;
  logger: Logger;
}

/**
 * The audit of the gateway: takes lines that are no events, moves the notes of changed people from `site.db` into the journal,
 * and proves the chain at each start and once a day. A chain that breaks is an alarm (`SYS.AUDIT`).
 */
export class Audit {
  readonly #o: AuditOptions;
  #moving: Promise<void> = Promise.resolve();
  #daily: NodeJS.Timeout | undefined;

  constructor(options: AuditOptions) {
    this.#o = options;
  }

  /** Takes a line; it is stored with the next commit, also when that is long in coming. */
  record = (entry: Omit<AuditEntry, 'at'>): void => {
    const { pipeline, clock, logger } = this.#o;
    pipeline
      .audit({ at: new Date(clock()).toISOString(), ...entry })
      .catch((err) =>
        logger.error({ err, entry }, 'the gateway stopped before this line of the audit was stored'),
      );
  };

  page(query: Parameters<Journal['reader']['audit']>[0]): ReturnType<Journal['reader']['audit']> {
    return this.#o.journal.reader.audit(query);
  }

  /** Begins with what the last run, or a command on this machine, left to be noted. */
  start(): void {
    const { registry } = this.#o;
    registry.users.onNote(() => this.#moveNotes());
    registry.onChange(() => this.#moveNotes());
    this.#moveNotes();
    void this.prove();
    this.#daily = setInterval(() => void this.prove(), DAY_MS).unref();
  }

  /** Resolves when notes under way are moved. */
  async stop(): Promise<void> {
    clearInterval(this.#daily);
    await this.#moving;
  }

  /** Walks the whole chain; raises or ends SYS.AUDIT. Never rejects. */
  async prove(): Promise<void> {
    const { journal, book, pipeline, clock, logger } = this.#o;
    try {
      const fault = await journal.reader.auditFault();
      const isOpen = book
        .open()
        .some(({ type, condition }) => type === 'SYS.AUDIT' && condition === 'active');
      if (fault !== undefined)
        logger.error({ fault }, 'the audit was changed or is damaged: keep a copy of journal.db as evidence');
      if ((fault !== undefined) === isOpen) return;
      const edge = fault === undefined ? 'clear' : 'raise';
      await pipeline.emit(ownDraft('SYS.AUDIT', edge, clock(), fault === undefined ? {} : { fault }));
    } catch (err) {
      logger.warn({ err }, 'the chain of the audit could not be proved now; it is tried again tomorrow');
    }
  }

  /** One after the other; a note is removed once its event is on disk, so a crash repeats it rather than loses it. */
  #moveNotes(): void {
    const { registry, pipeline, clock, logger } = this.#o;
    this.#moving = this.#moving.then(async () => {
      try {
        for (const { id, body } of await registry.users.pending()) {
          await pipeline.emit(
            ownDraft('SYS.CFG', 'pulse', clock(), JSON.parse(body) as Record<string, unknown>),
          );
          await registry.users.noted(id);
        }
      } catch (err) {
        logger.warn(
          { err },
          'a change of people is not in the journal yet; it is tried again with the next one',
        );
      }
    });
  }
}
