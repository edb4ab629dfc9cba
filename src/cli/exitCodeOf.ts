import type { RunTotals } from '../types.ts';
import { exitCodeOfError } from './exitCodeOfError.ts';
import { exitCodes } from './exitCodes.ts';

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
