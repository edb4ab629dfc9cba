import {
  catchError,
  defer,
  lastValueFrom,
  map,
  merge,
  type Observable,
  of,
  repeat,
  takeUntil,
  tap,
  throwError,
} from 'rxjs';
import { StorageError, UsageError } from '../../../errors.ts';
import type { Database } from '../../../fleet/database/connection.ts';
import type { FleetStatus } from '../../../fleet/status/readStatus.ts';
import type { Finding } from '../../../fleet/status/stuck.ts';
import { createPaint, type ScriptIo, windowSize } from '../../display/terminal.ts';
import { createLiveBlock } from '../../display/terminalView.ts';
import { formatDuration, plainText } from '../../display/text.ts';
import type { RunCommand } from '../../flags/commandTable.ts';
import { plainCommand } from '../../flags/plainCommand.ts';
import { queueUrl } from '../../script/environment.ts';
import { interruption } from '../../script/interruption.ts';
import { fleetStatusLines } from './statusLines.ts';

interface StatusFlags {
  readonly queue?: string | true;
  readonly json?: boolean;
  readonly watch?: boolean;
  readonly forget?: string;
  readonly yes?: boolean;
}

/** Runs the command for the arguments after its name. */
export const run: RunCommand = plainCommand<StatusFlags>({
  name: 'status',
  describe: (command) =>
    command
      .option('--queue [url]', 'the PostgreSQL that all machines share (default: RXPOSURE_QUEUE)')
      .option('--watch', 'show it again every two seconds, until Ctrl-C')
      .option('--json', 'print one JSON object, with --watch one a line; amounts in dollars')
      .option('--forget <run>', 'delete a run from the database, with its prompts; images stay')
      .option('--yes', 'forget it though it is not done, or its outcomes are in no folder'),
  examples: ['', '--watch', '--queue=postgres://rx_worker@db.internal/rxposure --json', '--forget night'],
  run: (_inputs, flags, io) => status(flags, io),
});

/** Shows a fleet, once or until Ctrl-C, or forgets a run. Resolves with the exit code. */
export async function status(
  flags: StatusFlags & { readonly everyMs?: number },
  io: ScriptIo,
): Promise<number> {
  const url = queueUrl(flags.queue, io.env);
  const { openDatabase } = await import('../../../fleet/database/connection.ts');
  const database = await openDatabase({ url, connections: 1, name: 'rxposure status' });
  try {
    if (flags.forget !== undefined) await forget(database, flags.forget, flags.yes === true, io);
    else await show(database, flags, io);
    return 0;
  } finally {
    await database.close();
  }
}

/** A fleet, and the parts of it that are stuck. */
interface Seen {
  readonly status: FleetStatus;
  readonly stuck: readonly Finding[];
}

async function show(
  database: Database,
  { json = false, watch = false, everyMs = 2_000 }: StatusFlags & { readonly everyMs?: number },
  io: ScriptIo,
): Promise<void> {
  const { readStatus } = await import('../../../fleet/status/readStatus.ts');
  const { findStuck } = await import('../../../fleet/status/stuck.ts');
  const look = defer(() => readStatus(database)).pipe(
    map((seen): Seen => ({ status: seen, stuck: findStuck(seen, formatDuration) })),
  );
  const draw = json ? createJsonView(io) : createTextView(io, watch);
  if (!watch) {
    draw.show(await lastValueFrom(look));
    return;
  }
  const looks = look.pipe(
    tap(draw.show),
    catchError((error: unknown) => ifAway(error, draw)),
    repeat({ delay: everyMs }),
    takeUntil(merge(interruption().stop, io.outputClosed)),
  );
  try {
    await lastValueFrom(looks, { defaultValue: null });
  } finally {
    draw.close();
  }
}

/** A database that does not respond is asked again. */
function ifAway(error: unknown, { warn }: StatusView): Observable<null> {
  if (!(error instanceof StorageError) || !error.recoverable) return throwError(() => error);
  warn(error.message);
  return of(null);
}

interface StatusView {
  show(seen: Seen): void;
  warn(message: string): void;
  close(): void;
}

function createTextView({ stdout, stderr, env }: ScriptIo, isLive: boolean): StatusView {
  const isTerminal = stdout.isTTY === true;
  const paint = createPaint(isTerminal && (env.NO_COLOR ?? '') === '');
  const block = isLive && isTerminal ? createLiveBlock(stdout) : null;
  let last: readonly string[] = [];
  const draw = (lines: readonly string[]) => {
    if (block === null) stdout.write(`${[...lines, ...(isLive ? [''] : [])].join('\n')}\n`);
    else block.draw(lines.slice(0, windowSize(stdout).rows - 1));
  };
  return {
    show({ status: seen, stuck }) {
      last = fleetStatusLines(seen, stuck, Math.max(1, windowSize(stdout).columns - 1), paint);
      draw(last);
    },
    warn(message) {
      if (block === null) stderr.write(`warning ${plainText(message)}\n`);
      else draw([paint('yellow', plainText(message)), ...last]);
    },
    close() {
      if (block === null) return;
      block.clear();
      stdout.write(`${last.join('\n')}\n`);
    },
  };
}

function createJsonView({ stdout, stderr }: ScriptIo): StatusView {
  return {
    show: (seen) => void stdout.write(`${JSON.stringify(asJson(seen))}\n`),
    warn: (message) => void stderr.write(`warning ${plainText(message)}\n`),
    close: () => {},
  };
}

function asJson({ status: { atMs, account, runs, workers }, stuck }: Seen): object {
  const usd = (microUsd: number | null) => (microUsd === null ? null : microUsd / 1_000_000);
  const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  return {
    at: iso(atMs),
    account: account === null ? null : withoutMs(account, { closedUntil: iso(account.closedUntilMs) }),
    runs: runs.map(({ run: id, spentMicroUsd, reservedMicroUsd, limitMicroUsd, begunAtMs, ...others }) => ({
      id,
      ...others,
      begunAt: iso(begunAtMs),
      spentUsd: usd(spentMicroUsd),
      reservedUsd: usd(reservedMicroUsd),
      budgetUsd: usd(limitMicroUsd),
    })),
    workers: workers.map((worker) => withoutMs(worker, { heardAt: iso(worker.heardAtMs) })),
    stuck,
  };
}

/** Replaces moments in ms by those of `others`. */
function withoutMs(value: object, others: object): object {
  const kept = Object.entries(value).filter(([name]) => !name.endsWith('Ms'));
  return { ...Object.fromEntries(kept), ...others };
}

/** Deletes a run by its name. Its slots stay taken for as long as its predictions may run. */
async function forget(
  database: Database,
  name: string,
  isSure: boolean,
  { stdout }: Pick<ScriptIo, 'stdout'>,
): Promise<void> {
  const { toDatabaseError } = await import('../../../fleet/database/databaseErrors.ts');
  const { createRunCalls } = await import('../../../fleet/database/runCalls.ts');
  try {
    const [found] = await database.query(
      `SELECT run, s.state, s.total - s.saved - s.failed - s.skipped AS open, r.imported_at
        FROM rx.status s JOIN rx.run r ON r.id = s.run WHERE s.name = $1`,
      [name],
    );
    if (found === undefined) throw unknownRun(name);
    if (found.state !== 'done' && !isSure) throw notDone(name, Number(found.open));
    if (found.imported_at === null && !isSure) throw notImported(name);
    await lastValueFrom(createRunCalls(database).forget(Number(found.run)));
  } catch (error) {
    throw toDatabaseError(error);
  }
  stdout.write(`Forgot ${plainText(name)}: its prompts and outcomes are no longer in the database.\n`);
}

function unknownRun(name: string): UsageError {
  return new UsageError(`The database has no run named ${plainText(name)}.`, {
    suggestion: 'See which there are without --forget.',
  });
}

function notImported(name: string): UsageError {
  return new UsageError(
    `${plainText(name)} is done, but its outcomes are in the database alone: no folder has its manifest.`,
    { suggestion: 'Run the command that began it again, which takes them over, or add --yes.' },
  );
}

function notDone(name: string, open: number): UsageError {
  return new UsageError(`${plainText(name)} is not done: ${open} jobs are open, and would never be made.`, {
    suggestion: 'Wait until it is done, or add --yes.',
  });
}
