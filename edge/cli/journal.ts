import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { laneSchema } from '../../contract/event.ts';
import { JournalLockedError } from '../journal/lock.ts';
import { journalFile } from '../journal/opening.ts';
import { JournalReader, type JournalStats } from '../journal/reader.ts';
import { rebuildJournal } from '../journal/rebuild.ts';
import { sqliteCode } from '../journal/sqlite.ts';
import { type Fault, verifyJournal } from '../journal/verify.ts';
import { DEFAULT_CONFIG, readConfig } from './load-config.ts';
import { formatTable } from './table.ts';

/** Faults that are printed; the others are counted. */
const FAULTS_SHOWN = 50;
const EXPORT_ROWS = 500;

interface Options {
  config: string;
  data?: string;
  file?: string;
  json?: boolean;
}

/** `campus-gateway journal`: proves, counts, prints and rebuilds the journal, also while the gateway runs. */
export function journalCommand(): Command {
  const journal = new Command('journal').description('the stored events: prove, count, export, rebuild');
  subcommand(journal, 'verify', 'prove the chain, the sequences and the alarms; exit 1 if anything is wrong')
    .option('--file <journal.db>', 'a journal elsewhere, such as one in quarantine')
    .addHelpText('after', '\nExample:\n  campus-gateway journal verify --data data')
    .action(withJournal(verify));
  subcommand(journal, 'stats', 'rows, ends of the lanes, size, cursors and what retention removed')
    .addHelpText('after', '\nExample:\n  campus-gateway journal stats --json')
    .action(withJournal(stats));
  subcommand(journal, 'export', 'print the stored events, one JSON a line, oldest first')
    .option('--since <position>', 'only rows after this position', positionOf)
    .option('--lane <lane>', 'a (alarms) or e (everything else)', laneOf)
    .addHelpText('after', '\nExample:\n  campus-gateway journal export --lane a > alarms.jsonl')
    .action(withJournal(exportRows));
  subcommand(journal, 'rebuild', 'fold the alarms again from the rows; the gateway must be stopped')
    .addHelpText('after', '\nExample:\n  campus-gateway journal rebuild --data data')
    .action(withJournal(rebuild));
  return journal;
}

function subcommand(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .option('--data <dir>', 'data directory; default: the one of the configuration')
    .option('--config <file>', 'configuration of the gateway', DEFAULT_CONFIG)
    .option('--json', 'print JSON');
}

type Work<Given extends Options> = (file: string, options: Given) => Promise<void>;

/** Finds the journal, runs the work, and turns failures into a message and exit code 1. */
function withJournal<Given extends Options>(work: Work<Given>): (options: Given) => Promise<void> {
  return async (options) => {
    const dir = options.file ?? options.data ?? readConfig(options.config, options.json)?.data_dir;
    if (dir === undefined) return;
    const file = options.file ?? journalFile(dir);
    const found = statSync(file, { throwIfNoEntry: false });
    if (found?.isFile() !== true) {
      const what = found === undefined ? 'does not exist' : 'is no file';
      fail(options, `${file} ${what}; name the gateway's data directory with --data`);
      return;
    }
    try {
      await work(file, options);
    } catch (error) {
      fail(options, explain(error, file));
    }
  };
}

async function verify(file: string, options: Options): Promise<void> {
  const shown: Fault[] = [];
  const result = await verifyJournal(file, (fault) => {
    if (shown.length >= FAULTS_SHOWN) return;
    shown.push(fault);
    if (!options.json) console.error(formatFault(fault));
  });
  if (!result.ok) process.exitCode = 1;
  if (options.json) {
    console.log(JSON.stringify({ ...result, file, shown }));
    return;
  }
  const { rows, alarms, heads, audit, faults } = result;
  if (faults > shown.length) console.error(`... and ${faults - shown.length} more`);
  console.log(`${file}: ${rows} rows, ${alarms} alarms`);
  console.log(`lane a ends with seq ${heads.a.seq}, ${heads.a.hash}`);
  console.log(`lane e ends with seq ${heads.e.seq}, ${heads.e.hash}`);
  console.log(`the audit has ${audit.lines} lines and ends with ${audit.head.seq}, ${audit.head.hash}`);
  console.log(
    result.ok
      ? 'everything fits; compare the ends with the last heartbeat at the province to see that no row is missing there'
      : `${faults} faults; keep this file as evidence, and compare it with the province's copy`,
  );
}

async function stats(file: string, options: Options): Promise<void> {
  const reader = await JournalReader.open(join(file, '..'));
  try {
    const found = await reader.stats();
    console.log(options.json ? JSON.stringify(found) : formatStats(file, found));
  } finally {
    await reader.close();
  }
}

async function exportRows(
  file: string,
  options: Options & { since?: number; lane?: 'a' | 'e' },
): Promise<void> {
  const reader = await JournalReader.open(join(file, '..'));
  // `export | head` ends the pipe early: that is no error
  let closed = false;
  process.stdout.on('error', () => {
    closed = true;
  });
  try {
    for (let position = options.since ?? 0; !closed; ) {
      const rows = await reader.rowsAfter(position, EXPORT_ROWS, options.lane);
      const last = rows.at(-1);
      if (last === undefined) return;
      position = last.position;
      const text = rows.map(({ body }) => `${body}\n`).join('');
      if (!process.stdout.write(text) && !closed) {
        await new Promise((resolve) => {
          process.stdout.once('drain', resolve);
          process.stdout.once('close', resolve);
          process.stdout.once('error', resolve);
        });
      }
    }
  } finally {
    await reader.close();
  }
}

async function rebuild(file: string, options: Options): Promise<void> {
  const { alarms, kept, hours } = await rebuildJournal(join(file, '..'));
  if (options.json) {
    console.log(JSON.stringify({ ok: true, alarms, kept, hours }));
    return;
  }
  console.log(`${file}: ${alarms} alarms folded from their transitions, ${hours} hour marks`);
  if (kept > 0) console.log(`${kept} open alarms kept as they were: retention has removed their transitions`);
}

function formatStats(file: string, found: JournalStats): string {
  const time = (at: number | undefined): string => (at === undefined ? '-' : new Date(at).toISOString());
  const { lanes, bytes } = found;
  const lines = [
    file,
    `epoch ${found.epoch}${found.predecessor === undefined ? '' : `, after ${found.predecessor}`}, created ${found.created}`,
    `${found.rows} rows from ${time(found.oldest?.at)} to ${time(found.newest?.at)}`,
    `positions ${found.oldest?.position ?? '-'} to ${found.newest?.position ?? '-'}`,
    `${mib(bytes.database)} database (${mib(bytes.freeInside)} of it free), ${mib(bytes.log)} log`,
    `${found.alarms.open} open alarms, ${found.alarms.closed} closed; ${found.states} states, ${found.retained} retained messages`,
    '',
    formatTable(
      ['lane', 'rows', 'removed to', 'head', 'hash'],
      (['a', 'e'] as const).map((lane) => {
        const { rows, removedTo, head } = lanes[lane];
        return [lane, String(rows), String(removedTo), String(head.seq), head.hash];
      }),
    ),
  ];
  if (found.cursors.length > 0) {
    const rows = found.cursors.map(({ recipient, lane, ack, have }) => {
      return [recipient, lane, String(ack), String(lanes[lane].head.seq - ack), String(have.length)];
    });
    lines.push('', formatTable(['recipient', 'lane', 'confirmed', 'behind', 'ranges above'], rows));
  }
  if (found.checkpoints.length > 0) {
    const rows = found.checkpoints.map(({ lane, day, seq, removed, hash }) => {
      return [lane, day, String(seq), String(removed), hash];
    });
    lines.push('', formatTable(['lane', 'retention of', 'removed to', 'rows', 'hash'], rows));
  }
  return lines.join('\n');
}

function formatFault({ position, lane, seq, alarm, audit, what }: Fault): string {
  const where = [
    ...(position === undefined ? [] : [`position ${position}`]),
    ...(lane === undefined ? [] : [`lane ${lane}`]),
    ...(seq === undefined ? [] : [`seq ${seq}`]),
    ...(alarm === undefined ? [] : [`alarm ${alarm}`]),
    ...(audit === undefined ? [] : [`line ${audit} of the audit`]),
  ];
  return `${where.length === 0 ? '' : `${where.join(', ')}: `}${what}`;
}

function explain(error: unknown, file: string): string {
  if (error instanceof JournalLockedError) return error.message;
  const code = sqliteCode(error);
  const message = error instanceof Error ? error.message : String(error);
  if (code === 'SQLITE_NOTADB' || code === 'SQLITE_CORRUPT') {
    return `${file} is malformed (${message}); start the gateway to set it aside, or verify a copy of it`;
  }
  if (code === 'SQLITE_CANTOPEN' || code === 'SQLITE_READONLY') {
    return `${file} cannot be opened (${message}); run this as the user of the gateway`;
  }
  if (code === 'SQLITE_ERROR' && message.includes('no such table')) {
    return `${file} holds no journal: it is empty, or another program's database; restore a backup`;
  }
  return `${file}: ${message}`;
}

function fail(options: Options, message: string): void {
  process.exitCode = 1;
  if (options.json) console.log(JSON.stringify({ ok: false, error: message }));
  else console.error(message);
}

function mib(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

function positionOf(text: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw new InvalidArgumentError('write a position: 0 or a whole number above it');
  return Number(text);
}

function laneOf(text: string): 'a' | 'e' {
  const lane = laneSchema.safeParse(text);
  if (!lane.success) throw new InvalidArgumentError('write a or e');
  return lane.data;
}
