import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import {
  defer,
  delay,
  fromEvent,
  lastValueFrom,
  merge,
  NEVER,
  type Observable,
  type Observer,
  of,
  take,
  takeUntil,
  tap,
} from 'rxjs';
import { UsageError } from '../../../errors.ts';
import { jsonLine } from '../../../events/listeners.ts';
import type { RunEvent } from '../../../events/runEvent.ts';
import type { WorkerEvent } from '../../../fleet/worker/settlePart.ts';
import { secretsIn } from '../../../providers/replicate/credentials.ts';
import { chooseService, openService } from '../../batch/service.ts';
import type { ScriptIo } from '../../display/terminal.ts';
import { counted, plainText } from '../../display/text.ts';
import type { RunCommand } from '../../flags/commandTable.ts';
import { emptyFlags } from '../../flags/flags.ts';
import { plainCommand } from '../../flags/plainCommand.ts';
import { createWarn, keepMemorySmall, queueUrl, readEnvironment, redact } from '../../script/environment.ts';
import { exitCodes } from '../../script/exit.ts';
import { interruption } from '../../script/interruption.ts';
import { useProxies } from '../../script/proxies.ts';

interface WorkerFlags {
  readonly queue?: string | true;
  readonly shared?: string;
  readonly scratch?: string;
  readonly encoders?: number;
  readonly telemetry?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Runs the command for the arguments after its name. */
export const run: RunCommand = plainCommand<WorkerFlags>({
  name: 'worker',
  describe: (command) =>
    command
      .option('--queue [url]', 'the PostgreSQL that all machines share (default: RXPOSURE_QUEUE)')
      .option('--shared <dir>', 'the folder that all machines have mounted, for runs with --shared')
      .option('--scratch <dir>', 'for images on their way to a bucket (default: in the temporary folder)')
      .option('--encoders <n>', 'images decoded and encoded at a time (default: one a core)', count)
      .option('--telemetry', 'report spans and metrics to the OpenTelemetry SDK of the process')
      .option('--json', 'write one JSON event a line to standard output, and nothing else')
      .option('--quiet', 'print nothing but errors'),
  examples: [
    '--queue',
    '--queue --shared /mnt/images',
    '--queue=postgres://rx_worker@db.internal/rxposure --shared /mnt/images',
  ],
  run: (_inputs, flags, io) => worker(flags, io),
});

/** Works on the parts of all runs until a signal stops it. Resolves with the exit code. */
export async function worker(flags: WorkerFlags, io: ScriptIo): Promise<number> {
  keepMemorySmall();
  const { json = false, quiet = false, encoders } = flags;
  const url = queueUrl(flags.queue, io.env);
  const environment = readEnvironment(io.env);
  const warn = createWarn({ json, quiet }, io);
  useProxies(io.env, warn, { baseUrl: environment.baseUrl });
  const { openDatabase } = await import('../../../fleet/database/connection.ts');
  const { migrate } = await import('../../../fleet/database/migrate.ts');
  const { createFleetEvents } = await import('../../../fleet/fleetEvents.ts');
  const { openEngine } = await import('../../../fleet/engine/engine.ts');
  const { work } = await import('../../../fleet/worker/worker.ts');
  const { takeScratch } = await import('../../../fleet/bucket/scratch.ts');
  const name = `${hostname()}/${process.pid}`;
  const service = await openService(chooseService(emptyFlags, environment, false), {
    cacheFolder: null,
    refreshModels: false,
    secrets: secretsIn(io.env),
    warn,
  });
  const database = await openDatabase({ url, name: `rxposure ${name}`, onWarning: warn });
  try {
    await migrate(database);
    const scratch = await takeScratch(resolve(flags.scratch ?? scratchFolder()));
    const engine = await openEngine(database, { url, name, supervises: true });
    const { stop, leave } = interruption();
    const orphaned = parentGone();
    const show = createShow({ json, quiet }, io, (text) => redact(text, environment.token));
    show({ type: 'worker.ready', name });
    const made = work({
      database,
      engine,
      provider: service.provider,
      ...(flags.shared !== undefined && { shared: resolve(flags.shared) }),
      scratch: scratch.path,
      webhookEvents: createFleetEvents({ database, url, name: `rxposure ${name}` }),
      name,
      emit: (event) => {
        if (event.type === 'warning') warn(event.message);
      },
      stop: merge(stop, io.outputClosed, orphaned),
      ...(encoders !== undefined && { encoders }),
      ...(flags.telemetry === true && { listen: await openTelemetry() }),
    }).pipe(tap((event) => show(event)));
    const left = merge(leave, stop.pipe(delay(LONGEST_STOP_MS)), orphaned.pipe(delay(LONGEST_ORPHAN_MS)));
    let isLeft = false;
    try {
      const untilLeft = takeUntil<WorkerEvent>(
        left.pipe(
          tap(() => {
            isLeft = true;
          }),
        ),
      );
      await lastValueFrom(made.pipe(untilLeft), { defaultValue: null });
      return exitCodes.allSaved.code;
    } finally {
      // A query to a database that does not respond would keep the process from ending.
      if (isLeft) process.exit(exitCodes.allSaved.code);
      await engine.close();
      await scratch.release();
    }
  } finally {
    await database.close();
    await service.close();
  }
}

/** Jobs in flight have 30 s; to give the rest back, a worker needs its database. */
const LONGEST_STOP_MS = 60_000;
/** Other workers make the jobs that an orphan has in flight; its database may be gone, too. */
const LONGEST_ORPHAN_MS = 5_000;

/**
 * Emits once the process that started this one is gone, if it holds a channel to this one, as
 * `fleet` does; otherwise never.
 */
function parentGone(): Observable<unknown> {
  if (process.send === undefined) return NEVER;
  return defer(() => (process.connected ? fromEvent(process, 'disconnect').pipe(take(1)) : of(null)));
}

/** Folder for the scratch folders of this user's workers. */
function scratchFolder(): string {
  return join(tmpdir(), `rxposure-${process.getuid?.() ?? 'scratch'}`);
}

/** Returns the listeners to runs that report to the SDK which the process has registered. */
async function openTelemetry(): Promise<() => Observer<RunEvent>> {
  const { toTelemetry } = await import('../../../events/telemetry/toTelemetry.ts').catch((cause: unknown) => {
    throw new UsageError('`--telemetry` needs the package @opentelemetry/api, which is not installed.', {
      suggestion: 'Run: npm install @opentelemetry/api, and an SDK to register.',
      cause,
    });
  });
  return () => toTelemetry();
}

function createShow(
  { json, quiet }: { readonly json: boolean; readonly quiet: boolean },
  { stdout, stderr }: Pick<ScriptIo, 'stdout' | 'stderr'>,
  clean: (text: string) => string,
): (event: ShownEvent) => void {
  return (event) => {
    if (json) stdout.write(jsonLine(event, clean));
    else if (!quiet) stderr.write(`${clean(plainText(lineOf(event)))}\n`);
  };
}

/** The events that the command shows: it is ready for parts, and the outcome of each part. */
type ShownEvent = WorkerEvent | { readonly type: 'worker.ready'; readonly name: string };

function lineOf(event: ShownEvent): string {
  if (event.type === 'worker.ready') return `${event.name} is ready, and waits for parts of runs`;
  if (event.type === 'run.paused') return `run ${event.run} is paused: ${event.reason}`;
  const name = `run ${event.run}, part ${event.part + 1}`;
  switch (event.type) {
    case 'part.taken':
      return `${name}: ${event.isRescue ? 'taken over' : 'taken'}, ${counted(event.jobs, 'job')}`;
    case 'part.finished':
      return `${name}: done, ${event.saved} saved, ${event.failed} failed, ${event.skipped} skipped`;
    case 'part.returned':
      return `${name}: left to others, ${event.reason}`;
    case 'part.lost':
      return `${name}: another worker has it`;
  }
}

function count(text: string): number {
  const value = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (value >= 1) return value;
  throw new InvalidArgumentError('Expected a whole number of 1 or more.');
}
