import { delay, firstValueFrom, map, merge, type Observable, race, switchMap, tap } from 'rxjs';
import type { RunSettings } from '../pipelines/openRun.ts';
import type { FinishedRun } from '../pipelines/runToFolder.ts';
import type { RunEvent } from '../types.ts';
import { createReporter } from './createReporter.ts';
import { exitCodeOf } from './exitCodeOf.ts';
import { exitCodes } from './exitCodes.ts';
import { interruption } from './interruption.ts';
import type { OpenService } from './openService.ts';
import { openWatch } from './openWatch.ts';
import { pictureSigner } from './pictureSigner.ts';
import { readEnvironment } from './readEnvironment.ts';
import { receiveWebhooks } from './receiveWebhooks.ts';
import { redact } from './redact.ts';
import { runSettings } from './runSettings.ts';
import type { ScriptIo } from './ScriptIo.ts';
import type { SettledFlags } from './withDefaults.ts';

/** A batch that is planned and paid for by nobody yet. */
export interface Batch {
  /** The run folder; absolute. */
  readonly folder: string;
  /** Runs it, with what the flags and the terminal have to say about it. */
  readonly run: (settings: RunSettings) => Observable<FinishedRun>;
  /** Tells the input and the settings that change requests; null where they are those of the folder. */
  readonly fingerprint: string | null;
  readonly flags: SettledFlags;
  readonly service: OpenService;
  readonly io: ScriptIo;
}

/** After the first Ctrl-C, what is under way may take this long; then it is left to the service and the next run. */
const PATIENCE_MS = 30_000;

/** Runs a batch under the eyes of a reporter and the user's Ctrl-C; resolves with the exit code. */
export async function runBatch(batch: Batch): Promise<number> {
  const { folder, fingerprint, flags, service, io } = batch;
  const sign = await pictureSigner(flags);
  const reporter = openReporter(batch);
  const { stop, leave } = interruption();
  let isInterrupted = false;
  const live = flags.watchPort === null ? null : await openWatch(folder, flags.watchPort);
  const emit = (event: RunEvent) => {
    reporter.onEvent(event);
    live?.onEvent(event);
  };
  if (live !== null) emit({ type: 'watch.started', url: live.url });
  const what = flags.cancelOnExit ? 'cancelling' : 'finishing';
  const interrupted = stop.pipe(
    tap(() => {
      isInterrupted = true;
      emit({
        type: 'warning',
        message: `Stopping: ${what} what is under way. Press Ctrl-C again to leave at once.`,
      });
    }),
  );
  const settings: RunSettings = {
    ...runSettings(flags),
    sign,
    folder,
    ...(fingerprint === null ? {} : { fingerprint }),
    provider: service.provider,
    stop: merge(interrupted, io.outputClosed),
    ...(flags.cancelOnExit ? { cancel: stop } : {}),
    emit,
  };
  const run =
    flags.follow === 'webhook'
      ? receiveWebhooks(service, flags).pipe(switchMap((webhooks) => batch.run({ ...settings, webhooks })))
      : batch.run(settings);
  const left = merge(leave, stop.pipe(delay(PATIENCE_MS))).pipe(map(() => null));
  try {
    const end = await firstValueFrom(race(run, left));
    if (end === null) return exitCodes.interrupted.code;
    reporter.close();
    if (end.fault !== null && !isInterrupted) throw end.fault;
    return exitCodeOf({ ...end, isInterrupted, isAllLeft: flags.detach && isAllLeft(end) });
  } finally {
    reporter.close();
    await live?.close();
  }
}

/** Whether nothing went wrong but that predictions are still to be collected, which is what was asked for. */
function isAllLeft({ report }: FinishedRun): boolean {
  return report.errors.every(({ code }) => code === 'ERR_NOT_COLLECTED');
}

function openReporter({ flags, io }: Batch) {
  const { token, noColor } = readEnvironment(io.env);
  return createReporter({
    stdout: io.stdout,
    stderr: io.stderr,
    noColor,
    json: flags.json,
    quiet: flags.quiet,
    redact: (text) => redact(text, token),
  });
}
