import { inspect } from 'node:util';
import { messageOf } from '../../base/text.ts';
import { InvalidRowsError, ProviderError, type RowProblem, RxposureError, UsageError } from '../../errors.ts';
import type { RunTotals } from '../../events/runEvent.ts';
import type { OutcomeError } from '../../types.ts';
import { plainText } from '../display/text.ts';

/** How a run ended, as far as the exit code is concerned. */
export interface RunEnding {
  readonly totals: RunTotals;
  /** What stopped the whole run; null where nothing did. */
  readonly fault: unknown;
  /** Whether the user asked it to stop. */
  readonly isInterrupted: boolean;
  /** Whether that kept it from beginning more than the totals tell of. Default false. */
  readonly isUnfinished?: boolean;
  /** Whether all that is not saved was left to the service, as was asked for. Default false. */
  readonly isAllLeft?: boolean;
}

/**
 * The exit code of a run. Every job saved is a success even where Ctrl-C came in the last moment; an interruption says
 * more than the fault it may have brought along.
 */
export function exitCodeOf({
  totals,
  fault,
  isInterrupted,
  isUnfinished = false,
  isAllLeft = false,
}: RunEnding): number {
  const isFaulty = fault !== null && fault !== undefined;
  if (isInterrupted && isUnfinished) return exitCodes.interrupted.code;
  if (!isFaulty && totals.saved + totals.alreadySaved >= totals.total) return exitCodes.allSaved.code;
  if (isAllLeft && !isFaulty && !isInterrupted) return exitCodes.allSaved.code;
  if (isInterrupted) return exitCodes.interrupted.code;
  return isFaulty ? exitCodeOfError(fault) : exitCodes.incomplete.code;
}

/** What a script's exit code means; the help lists the same. */
export const exitCodes = {
  allSaved: { code: 0, meaning: 'every job saved' },
  incomplete: { code: 1, meaning: 'some failed or were skipped' },
  usage: { code: 2, meaning: 'wrong flags, input or spec; nothing was created' },
  stoppedByService: { code: 3, meaning: 'stopped by the service for all jobs (token, credit)' },
  interrupted: { code: 130, meaning: 'interrupted; run it again to go on' },
} as const;

/** The exit code for a script that an error ended. */
export function exitCodeOfError(error: unknown): number {
  if (error instanceof UsageError || error instanceof InvalidRowsError) return exitCodes.usage.code;
  if (error instanceof ProviderError && error.stopsRun) return exitCodes.stoppedByService.code;
  return exitCodes.incomplete.code;
}

const MOST_ROWS = 20;
/** What a message lists: each point is indented, on a line of its own. */
const POINT = /\n {2}(?=\S)/;

/**
 * An error as the user reads it: one line that says what is wrong, and one that says what to do about it. What it
 * lists comes one a line, and so do wrong rows of an input. An error that is not one of ours is a fault in the program: its stack is shown where
 * `isDebug`, which adds it to the others as well.
 */
export function errorLines(error: unknown, { isDebug }: { isDebug: boolean }): string[] {
  const stack = isDebug ? inspect(error, { depth: 5 }).split('\n') : [];
  if (!(error instanceof RxposureError)) {
    const hint = isDebug ? [] : ['hint: Set RXPOSURE_DEBUG=1 for the stack.'];
    return [`error: unexpected ${plainText(String(error))}`, ...hint, ...stack];
  }
  const hint = error.suggestion === '' ? [] : [`hint: ${plainText(error.suggestion)}`];
  const [first = '', ...points] = error.message.split(POINT);
  const listed = points.map((point) => `  ${plainText(point)}`);
  return [`error: ${plainText(first)}`, ...listed, ...rowLines(error), ...hint, ...stack];
}

function rowLines(error: RxposureError): string[] {
  if (!(error instanceof InvalidRowsError)) return [];
  const rows = error.problems.slice(0, MOST_ROWS);
  const source = sourceOf(error);
  const hidden = error.count - rows.length;
  return [
    ...rows.map(({ line, message }) => `  ${source}:${line}: ${plainText(message)}`),
    ...(hidden > 0 ? [`  … and ${hidden} more`] : []),
  ];
}

/** The file's name stands at the front of the message: `prompts.csv: 3 rows are wrong`. */
function sourceOf({ message }: InvalidRowsError): string {
  return plainText(message.replace(/: \d+ rows? (is|are) wrong$/, ''));
}

/** The last line under `--json` where an error ended the script. */
interface ErrorEvent {
  readonly type: 'error';
  /** Wrong rows of the input come along, up to a cap. */
  readonly error: OutcomeError & { readonly problems?: readonly RowProblem[] };
}

/** An error as an event; one that is not ours gets the code `ERR_UNEXPECTED`. */
export function errorEvent(error: unknown): ErrorEvent {
  if (!(error instanceof RxposureError)) {
    const name = error instanceof Error ? error.name : 'Error';
    const message = messageOf(error);
    return {
      type: 'error',
      error: { name, code: 'ERR_UNEXPECTED', message, recoverable: false, suggestion: '' },
    };
  }
  const { name, code, message, recoverable, suggestion } = error;
  const rows = error instanceof InvalidRowsError ? { problems: error.problems } : {};
  return { type: 'error', error: { name, code, message, recoverable, suggestion, ...rows } };
}
