import {
  concatMap,
  defer,
  delay,
  firstValueFrom,
  from,
  map,
  merge,
  type Observable,
  race,
  switchMap,
  tap,
} from 'rxjs';
import { UsageError } from '../../errors.ts';
import type { RunEvent } from '../../events/runEvent.ts';
import { retryPolicies } from '../../operators/internal/retryPolicies.ts';
import { retryBackoff } from '../../operators/retryBackoff.ts';
import type { FinishedRun } from '../../pipelines/run/results.ts';
import type { RunSettings } from '../../pipelines/run/settings.ts';
import type { PredictionEvents } from '../../ports.ts';
import type { LiveView } from '../../sinks/gallery/liveView.ts';
import { manifestOutcomes } from '../../sinks/manifest/manifest.ts';
import { createReporter } from '../display/reporter.ts';
import type { ScriptIo } from '../display/terminal.ts';
import type { Flags, SettledFlags } from '../flags/flags.ts';
import { readEnvironment, redact } from '../script/environment.ts';
import { exitCodeOf, exitCodes } from '../script/exit.ts';
import { interruption } from '../script/interruption.ts';
import { pictureSigner, runSettings } from './runSettings.ts';
import type { OpenService } from './service.ts';

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

/**
 * A page on this machine that shows the run in a folder while it goes, what earlier runs left there included. Rejects with
 * `UsageError` where the port is taken.
 */
async function openWatch(folder: string, port: number): Promise<LiveView> {
  // Loaded only where it is asked for: scripts start faster without a server.
  const { openLiveView } = await import('../../sinks/gallery/liveView.ts');
  return openLiveView({ folder, port, earlier: manifestOutcomes(folder) });
}

/**
 * Listens for the webhooks of a service, as long as it is subscribed. Emits where they are to be sent, and what they tell.
 *
 * Throws `UsageError` where the service cannot reach this machine or sends none.
 */
export function receiveWebhooks(
  { webhookSecret, reachesLoopback }: OpenService,
  { webhookUrl, webhookPort }: Pick<Flags, 'webhookUrl' | 'webhookPort'>,
): Observable<PredictionEvents> {
  if (webhookSecret === null) {
    throw new UsageError(
      'Expected a service that sends signed webhooks for `--follow webhook`, got another',
      {
        suggestion: 'Leave --follow out.',
      },
    );
  }
  if (webhookUrl === null && !reachesLoopback) {
    throw new UsageError('Expected `--webhook-url` with `--follow webhook`, got none', {
      suggestion:
        'Put a tunnel or proxy with https before this machine and give its address, with --webhook-port for the port here.',
    });
  }
  const secret = webhookSecret.pipe(retryBackoff(retryPolicies.prepare));
  return secret.pipe(
    concatMap((key) =>
      // Loaded only here: most runs need no server.
      from(import('../../providers/replicate/webhookReceiver.ts')).pipe(
        concatMap(({ createWebhookReceiver }) =>
          defer(() =>
            createWebhookReceiver({
              secret: key,
              port: webhookPort ?? 0,
              ...(webhookUrl === null ? {} : { publicUrl: webhookUrl }),
            }),
          ),
        ),
      ),
    ),
  );
}
