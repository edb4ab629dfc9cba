import {
  delay,
  firstValueFrom,
  lastValueFrom,
  map,
  merge,
  NEVER,
  type Observable,
  race,
  shareReplay,
  switchMap,
  tap,
} from 'rxjs';
import type { RunEvent } from '../../events/runEvent.ts';
import type { Control } from '../../pipelines/journey/config.ts';
import type { FinishedRun } from '../../pipelines/run/closing/results.ts';
import { identifyService } from '../../pipelines/run/folder/enterFolder.ts';
import type { RunSettings } from '../../pipelines/run/settings.ts';
import type { LiveView } from '../../sinks/gallery/liveView.ts';
import { manifestOutcomes } from '../../sinks/manifest/manifest.ts';
import { checkFolder, type RunInput } from '../../store/runFile.ts';
import type { PlannedUploads } from '../../types.ts';
import { commandLine, type NextCommands, shellWord } from '../display/commandLine.ts';
import { showPages } from '../display/openPage.ts';
import { createReporter } from '../display/reporter.ts';
import type { ScriptIo } from '../display/terminal.ts';
import { carriedFlags } from '../flags/carriedFlags.ts';
import type { SettledFlags } from '../flags/flags.ts';
import { spendingSettings } from '../flags/spendingLimits.ts';
import { createHooks } from '../hooks/hooks.ts';
import { readEnvironment, redact } from '../script/environment.ts';
import { exitCodeOf, exitCodes } from '../script/exit.ts';
import { interruption } from '../script/interruption.ts';
import { receiveWebhooks } from './receiveWebhooks.ts';
import { pictureSigner, runSettings } from './runSettings.ts';
import type { OpenService } from './service.ts';

/** A batch that has not started. */
export interface Batch {
  /** The run folder; absolute. */
  readonly folder: string;
  /** The input that the folder belongs to. Default: the folder knows it. */
  readonly input?: RunInput;
  /** Runs it, with the settings from flags and terminal. */
  readonly run: (settings: RunSettings) => Observable<FinishedRun>;
  /** Wraps `run`, such as to end it early. Default: the run as it is. */
  readonly around?: ((run: Batch['run']) => Batch['run']) | undefined;
  /**
   * Identifies the input and the settings that change requests; null to take those of the folder.
   */
  readonly fingerprint: string | null;
  /** The local files that its jobs send to the service. Default: none, or the run reports them. */
  readonly uploads?: PlannedUploads;
  readonly flags: SettledFlags;
  /** The command that makes the rest of it, in words. Default: the same one again. */
  readonly again?: string;
  /** False if it asks the service for nothing. Default true. */
  readonly sendsRequests?: boolean;
  /** The headline of its summary if it has no job. Default: one that fits any command. */
  readonly nothing?: string;
  readonly service: OpenService;
  readonly io: ScriptIo;
}

/** Jobs in flight get this time after the first Ctrl-C; then they are left to the next run. */
const PATIENCE_MS = 30_000;

/** Runs a batch, reports it in the terminal and handles Ctrl-C; resolves with the exit code. */
export async function runBatch(batch: Batch): Promise<number> {
  const { flags } = batch;
  // Mistakes end here, before anything is open that must be closed again.
  const service = await lastValueFrom(identifyService(batch.service));
  await checkFolder(batch.folder, { service });
  const chosen = {
    ...runSettings(flags),
    ...spendingSettings(flags, batch.io.env),
    sign: await pictureSigner(flags),
  };
  const live = flags.watchPort === null ? null : await openWatch(batch.folder, flags.watchPort, service);
  const carried = flagsOfNext(batch, service);
  const reporter = openReporter(batch, carried);
  try {
    return await runReported(batch, chosen, { reporter, live, carried, serviceName: service });
  } finally {
    reporter.close();
    await live?.close();
  }
}

/** The displays of a run, and the name of the service that they show. */
interface Shown {
  readonly reporter: ReturnType<typeof openReporter>;
  readonly live: LiveView | null;
  /** The flags that another command needs to resume it. */
  readonly carried: readonly string[];
  readonly serviceName: string | null;
}

async function runReported(
  batch: Batch,
  chosen: Omit<RunSettings, 'folder' | 'provider'>,
  { reporter, live, carried, serviceName }: Shown,
): Promise<number> {
  const { folder, fingerprint, flags, service, io } = batch;
  const { stop, leave } = interruption();
  let isInterrupted = false;
  const emit = (event: RunEvent) => {
    reporter.onEvent(event);
    live?.onEvent(event);
  };
  if (live !== null) emit({ type: 'watch.started', url: live.controlUrl });
  if (batch.uploads !== undefined) emit({ type: 'uploads.planned', ...batch.uploads });
  const { token } = readEnvironment(io.env);
  const warn = (message: string) => emit({ type: 'warning', message });
  const hooks = createHooks({ flags, folder, service: serviceName, env: io.env, token, warn });
  const ending = flags.cancelOnExit ? 'cancelling' : 'finishing';
  // Each job that waits subscribes.
  const interrupted = stop.pipe(
    tap(() => {
      isInterrupted = true;
      emit({
        type: 'warning',
        message: `Stopping: ${ending} jobs in flight. Press Ctrl-C again to exit at once.`,
      });
    }),
    shareReplay({ bufferSize: 1, refCount: true }),
  );
  const cancelled = (live?.cancel ?? NEVER).pipe(
    tap(() => {
      if (!isInterrupted) emit({ type: 'warning', message: CANCELLED });
      isInterrupted = true;
    }),
  );
  const settings: RunSettings = {
    ...chosen,
    folder,
    ...(batch.input === undefined ? {} : { input: batch.input }),
    ...(fingerprint === null ? {} : { fingerprint }),
    provider: service.provider,
    stop: merge(interrupted, cancelled, io.outputClosed),
    ...controlsOf(live, flags.cancelOnExit ? stop : NEVER),
    emit,
    ...(hasForgotten(flags) ? { repay: true } : {}),
    ...(hooks.onImage === undefined ? {} : { handOver: hooks.onImage }),
  };
  const { around = (one) => one } = batch;
  const start = around(batch.run);
  const run =
    flags.follow === 'webhook'
      ? receiveWebhooks(service, flags, () => emit({ type: 'warning', message: ALL_REFUSED })).pipe(
          switchMap((webhooks) => start({ ...settings, webhooks })),
        )
      : start(settings);
  const left = merge(leave, stop.pipe(delay(PATIENCE_MS))).pipe(map(() => null));
  const end = await firstValueFrom(race(run, left));
  if (end === null) return exitCodes.interrupted.code;
  if (flags.detach) reportDetached(end, folder, { carried, emit });
  await hooks.onEnd(end);
  reporter.close();
  await showPages(folder, flags, io.stderr);
  if (end.fault !== null && !isInterrupted) throw end.fault;
  return exitCodeOf({ ...end, isInterrupted, isAllLeft: flags.detach && isAllLeft(end) });
}

/** The service deletes outputs an hour after their prediction has ended. */
const OUTPUT_LIFETIME_MS = 3_600_000;

/** Reports how to collect the predictions that a run has left, and until when. */
function reportDetached(
  { report, startedAtMs }: FinishedRun,
  folder: string,
  { carried, emit }: { readonly carried: readonly string[]; readonly emit: (event: RunEvent) => void },
): void {
  const jobs = report.errors.find(({ code }) => code === 'ERR_NOT_COLLECTED')?.count ?? 0;
  if (jobs === 0) return;
  const command = commandLine('collect', [shellWord(folder), ...carried].join(' '));
  emit({ type: 'run.detached', jobs, command, untilMs: startedAtMs + OUTPUT_LIFETIME_MS });
}

/**
 * Returns true for a simulator that began with this command: it does not know the predictions of
 * earlier runs, and makes them again at no cost. A rehearsal of faults leaves the choice to you.
 */
function hasForgotten({ simulateSpeed, chaos }: Batch['flags']): boolean {
  return simulateSpeed !== null && chaos === null;
}

/** Returns true if the only errors are predictions that wait to be collected. */
function isAllLeft({ report }: FinishedRun): boolean {
  return report.errors.every(({ code }) => code === 'ERR_NOT_COLLECTED');
}

/**
 * Opens a page on this machine that shows the run live, with the images of earlier runs in the
 * folder. Rejects with `UsageError` if the port is taken.
 */
async function openWatch(folder: string, port: number, service: string | null): Promise<LiveView> {
  // Loaded only on demand: scripts start faster without a server.
  const { openLiveView } = await import('../../sinks/gallery/liveView.ts');
  return openLiveView({ folder, port, service, earlier: manifestOutcomes(folder) });
}

/** Returns the controls of a run: those of its page, and `cancelOnExit` if an exit cancels. */
function controlsOf(
  live: LiveView | null,
  cancelOnExit: Observable<unknown> = NEVER,
): Pick<Control, 'cancel' | 'paused'> {
  if (live === null) return cancelOnExit === NEVER ? {} : { cancel: cancelOnExit };
  return { cancel: merge(cancelOnExit, live.cancel), paused: live.paused };
}

/** Returns the flags that another command needs to resume a batch, as a shell takes them. */
function flagsOfNext({ flags, uploads, io }: Batch, service: string | null): string[] {
  const { baseUrl: environmentUrl } = readEnvironment(io.env);
  // A prediction that has failed is made again, from its files.
  const folders = (uploads?.folders ?? []).map((each) => `--allow-files ${shellWord(each.folder)}`);
  return [...new Set([...carriedFlags(flags, { environmentUrl, service }), ...folders])];
}

function leavesOf({ detach, only }: Batch['flags']): NextCommands['leaves'] {
  if (detach) return 'detached';
  return only === null ? 'stopped' : 'not chosen';
}

function openReporter(
  { flags, again, nothing, sendsRequests = true, io }: Batch,
  carried: readonly string[],
) {
  const { token, noColor } = readEnvironment(io.env);
  return createReporter({
    stdout: io.stdout,
    stderr: io.stderr,
    noColor,
    next: {
      ...{ carried, leaves: leavesOf(flags), sendsRequests },
      ...{ ...(again && { again }), ...(nothing && { nothing }) },
    },
    json: flags.json,
    quiet: flags.quiet,
    redact: (text) => redact(text, token),
  });
}

const CANCELLED =
  'Cancelled from the page of --watch: cancelling jobs in flight. Run the same command again to resume.';

const ALL_REFUSED =
  'All webhooks so far were refused, because their signatures do not fit: a proxy on the way may change them, or they are not of this account. The list of predictions is asked instead.';
