import { formatUsd } from '../../../base/text.ts';
import { jsonLine } from '../../../events/listeners.ts';
import type { RunProgress } from '../../../fleet/producer/watchRun.ts';
import { createPaint, type ScriptIo, terminalCodes } from '../../display/terminal.ts';
import { counted } from '../../display/text.ts';

/** Shows a run that workers make, by its counters. */
interface QueueView {
  /** So many plans are in the database. */
  loaded(plans: number, total: number): void;
  progress(counters: RunProgress): void;
  warn(message: string): void;
  /** Reports that the view has ended while the run continues. */
  left(): void;
  /** Ends the line that is redrawn. */
  close(): void;
}

interface QueueViewConfig {
  readonly flags: { readonly json: boolean; readonly quiet: boolean };
  readonly io: Pick<ScriptIo, 'stdout' | 'stderr'>;
}

/** Minutes after which the warning is repeated while no worker is alive. */
const SAID_AGAIN_MINUTES = 10;

/**
 * Creates the view: a line that is redrawn in a terminal, lines in a log, or events. Warns while no
 * worker is alive, since the run stands still then.
 */
export function createQueueView({
  flags: { json, quiet },
  io: { stdout, stderr },
}: QueueViewConfig): QueueView {
  const isTerminal = stderr.isTTY === true;
  const paint = createPaint(isTerminal);
  let isOpen = false;
  /** Minutes of silence when it was warned of; null: it was not. */
  let warnedAt: number | null = null;
  const show = (type: string, fields: object, text: string): void => {
    if (json) stdout.write(jsonLine({ type, ...fields }, (line) => line));
    else if (!quiet && isTerminal) stderr.write(`\r${terminalCodes.eraseLine}${text}`);
    else if (!quiet) stderr.write(`${text}\n`);
    isOpen = true;
  };
  const close = (): void => {
    if (isOpen && isTerminal && !json && !quiet) stderr.write('\n');
    isOpen = false;
  };
  const warn = (message: string): void => {
    close();
    if (json) stdout.write(jsonLine({ type: 'warning', message }, (line) => line));
    else if (!quiet) stderr.write(`${paint('yellow', 'warning')} ${message}\n`);
  };
  const warnOfSilence = ({ silence }: RunProgress): void => {
    const minutes = silence?.minutes ?? 0;
    if (silence !== null && (warnedAt === null || minutes >= warnedAt + SAID_AGAIN_MINUTES)) {
      warn(silenceText(silence.minutes));
      warnedAt = minutes;
    } else if (silence === null) warnedAt = null;
  };
  return {
    loaded: (plans, total) =>
      show('queue.loaded', { plans, total }, `loaded ${plans} of ${counted(total, 'plan')}`),
    progress: (counters) => {
      warnOfSilence(counters);
      show('queue.progress', counters, progressText(counters));
    },
    warn,
    left: () =>
      warn(
        'Stopped watching. The workers continue. Run the same command again to watch, and to get the results when all jobs are done.',
      ),
    close,
  };
}

function silenceText(minutes: number | null): string {
  const heard =
    minutes === null
      ? 'none has been started yet'
      : `one was last heard of ${minutes === 0 ? 'less than a minute' : counted(minutes, 'minute')} ago`;
  return `No worker is alive, ${heard}: start one with \`rxposure worker --queue --shared DIR\`. The run waits for it.`;
}

function progressText(counters: RunProgress): string {
  const { total, saved, failed, skipped, spentMicroUsd, reservedMicroUsd, inFlight } = counters;
  return [
    `${saved} of ${total} saved`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
    `${formatUsd(spentMicroUsd)} spent`,
    ...(reservedMicroUsd > 0 ? [`${formatUsd(reservedMicroUsd)} reserved`] : []),
    `${inFlight} in flight`,
    crewText(counters),
  ].join(', ');
}

function crewText({ workers, silence }: RunProgress): string {
  if (silence !== null) return 'no worker is alive';
  return workers === 0 ? 'no worker has jobs' : counted(workers, 'worker');
}
