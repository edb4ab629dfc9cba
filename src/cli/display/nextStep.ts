import { relative } from 'node:path';
import type { RunTotals } from '../../events/totals.ts';
import type { FailureCause } from './causes.ts';
import { commandLine, shellWord } from './commandLine.ts';
import type { Progress } from './progress.ts';
import { counted } from './text.ts';

const KEPT = 'saved images are not made or paid for again';

/**
 * Returns the one command that makes the rest of a run, and the failures that it alone will not
 * change; no line if nothing is left.
 */
export function nextStep(totals: RunTotals, progress: Progress): string[] {
  const { failed } = totals;
  const { recoverableFailures, repeatingFailures, causes } = progress;
  const refused = jobsOf(causes, 'ERR_SAFETY');
  const others = failed - recoverableFailures - repeatingFailures;
  const lasting = repeatingFailures - refused;
  const command = nextCommand(totals, progress, refused);
  const lines = [
    lasting > 0 &&
      `${counted(lasting, 'failure')} will happen again unless you change the prompt or the input.`,
    refused > 0 &&
      `${counted(refused, 'refusal')} may pass with another seed (--fallback new-seed) or another prompt.`,
    others > 0 && `${counted(others, 'failure')} may happen again: follow the advice above first.`,
    command !== null && `  next     ${command}`,
  ];
  return lines.filter((line) => line !== false);
}

function jobsOf(causes: readonly FailureCause[], code: string): number {
  return causes.reduce((sum, { first, count }) => sum + (first.error?.code === code ? count : 0), 0);
}

function nextCommand(
  { failed, skipped, left, budgetNeededUsd }: RunTotals,
  progress: Progress,
  refused: number,
): string | null {
  const { again, recoverableFailures, repeatingFailures, failuresByStage, folder, carried, leaves } =
    progress;
  // The line about predictions that are left to the service has the command that collects them.
  if (leaves === 'detached' && skipped === left?.jobs) return null;
  if (budgetNeededUsd !== undefined) return `${again}, with --budget ${budgetNeededUsd.toFixed(2)}; ${KEPT}`;
  if (recoverableFailures === 0 && refused > 0) return `${again}, with --fallback new-seed; ${KEPT}`;
  if (leaves === 'not chosen' && skipped > 0) return `${again}, without --only; ${KEPT}`;
  // The plans of skipped jobs are not stored.
  if (skipped > 0 || folder === '') return skipped + recoverableFailures > 0 ? `${again}; ${KEPT}` : null;
  if (failed === repeatingFailures) return null;
  // The images of such a job may be saved, and then `retry` has nothing to make.
  if (failuresByStage.rendering + failuresByStage.delivery > 0) return `${again}; ${KEPT}`;
  const words = [shellWord(shownPath(folder)), ...carried];
  return `${commandLine('retry', words.join(' '))} makes the failed jobs again; ${KEPT}`;
}

/** Returns a path from the working directory if it lies there, else the path. */
export function shownPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short === '' || short.startsWith('..') ? path : short;
}
