import { formatUsd } from '../../../base/text.ts';
import { jsonLine } from '../../../events/listeners.ts';
import { createPaint, type ScriptIo, terminalCodes } from '../../display/terminal.ts';
import { counted } from '../../display/text.ts';

/** What a run of several machines has come to. Amounts are millionths of a US dollar. */
interface Counters {
  readonly total: number;
  readonly saved: number;
  readonly failed: number;
  readonly skipped: number;
  readonly reservedMicroUsd: number;
  readonly spentMicroUsd: number;
  readonly inFlight: number;
  readonly workers: number;
}

/** Shows a run that workers make, by its counters. */
interface QueueView {
  /** So many plans are in the database. */
  loaded(plans: number, total: number): void;
  progress(counters: Counters): void;
  /** The view ends, and the run goes on. */
  left(): void;
  /** Ends the line that is redrawn. */
  close(): void;
}

interface QueueViewConfig {
  readonly flags: { readonly json: boolean; readonly quiet: boolean };
  readonly io: Pick<ScriptIo, 'stdout' | 'stderr'>;
}

/** Creates the view: a line that is redrawn in a terminal, lines in a log, or events. */
export function createQueueView({
  flags: { json, quiet },
  io: { stdout, stderr },
}: QueueViewConfig): QueueView {
  const isTerminal = stderr.isTTY === true;
  const paint = createPaint(isTerminal);
  let isOpen = false;
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
  return {
    loaded: (plans, total) =>
      show('queue.loaded', { plans, total }, `loaded ${plans} of ${counted(total, 'plan')}`),
    progress: (counters) => show('queue.progress', counters, progressText(counters)),
    left: () => {
      close();
      const text =
        'Stopped looking. Workers that run go on; the same command looks again, and leaves the results when all is done.';
      if (json) stdout.write(jsonLine({ type: 'warning', message: text }, (line) => line));
      else if (!quiet) stderr.write(`${paint('yellow', 'warning')} ${text}\n`);
    },
    close,
  };
}

function progressText(counters: Counters): string {
  const { total, saved, failed, skipped, spentMicroUsd, reservedMicroUsd, inFlight, workers } = counters;
  return [
    `${saved} of ${total} saved`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
    `${formatUsd(spentMicroUsd)} spent`,
    ...(reservedMicroUsd > 0 ? [`${formatUsd(reservedMicroUsd)} reserved`] : []),
    `${inFlight} in flight`,
    workers === 0 ? 'no worker has jobs' : counted(workers, 'worker'),
  ].join(', ');
}
