import { inspect } from 'node:util';
import { messageOf } from '../../base/text.ts';
import { InvalidRowsError, ProviderError, type RowProblem, RxposureError, UsageError } from '../../errors.ts';
import type { RunTotals } from '../../events/totals.ts';
import { isServiceAway } from '../../operators/internal/outageErrors.ts';
import type { OutcomeError } from '../../types.ts';
import { plainText } from '../display/text.ts';

/** The facts of a run's end that decide the exit code. */
interface RunEnding {
  readonly totals: RunTotals;
  /** The error that stopped the whole run; null if none did. */
  readonly fault: unknown;
  /** True if the user stopped the run. */
  readonly isInterrupted: boolean;
  /** True if that kept it from starting jobs that the totals do not count. Default false. */
  readonly isUnfinished?: boolean;
  /** True if all unsaved jobs are still at the service, as `--detach` asks for. Default false. */
  readonly isAllLeft?: boolean;
}

/**
 * Returns the exit code of a run. A run that saved every job is a success even if Ctrl-C came at
 * the last moment. An interruption takes precedence over an error that it may have caused.
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

/** The exit codes of scripts, with the meaning that the help lists. */
export const exitCodes = {
  allSaved: { code: 0, meaning: 'every job saved' },
  incomplete: { code: 1, meaning: 'some jobs failed or were skipped' },
  usage: { code: 2, meaning: 'wrong flags, input or spec; nothing was created' },
  stoppedByService: {
    code: 3,
    meaning: 'the service is away, or takes no more jobs (token, credit, --max-wait)',
  },
  interrupted: { code: 130, meaning: 'interrupted; run it again to resume' },
} as const;

/** Returns the exit code of a script that an error ended. */
export function exitCodeOfError(error: unknown): number {
  if (error instanceof UsageError || error instanceof InvalidRowsError) return exitCodes.usage.code;
  if (error instanceof ProviderError && (error.stopsRun || isServiceAway(error) === true))
    return exitCodes.stoppedByService.code;
  return exitCodes.incomplete.code;
}

const MOST_ROWS = 20;
/** The break before a list item of a message: each is indented, on its own line. */
const POINT = /\n {2}(?=\S)/;

/**
 * Renders an error for the terminal: a line with the problem, one with the suggestion, and between
 * them one for each list item or invalid input row. Any error that is not an `RxposureError` is a
 * fault in the program. `isDebug` adds the stack to errors of either kind.
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

/** Returns the file name at the front of the message: `prompts.csv: 3 rows are wrong`. */
function sourceOf({ message }: InvalidRowsError): string {
  return plainText(message.replace(/: \d+ rows? (is|are) wrong$/, ''));
}

/** The last line under `--json` if an error ended the script. */
interface ErrorEvent {
  readonly type: 'error';
  /** With the invalid rows of the input, up to a cap. */
  readonly error: OutcomeError & { readonly problems?: readonly RowProblem[] };
}

/** Returns an error as an event. Any but an `RxposureError` gets the code `ERR_UNEXPECTED`. */
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
