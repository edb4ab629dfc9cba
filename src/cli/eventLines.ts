import { formatUsd } from '../formatUsd.ts';
import type { RunEvent } from '../types.ts';
import type { Paint } from './createPaint.ts';
import { failureLine } from './failureLine.ts';
import { formatDuration } from './formatDuration.ts';
import type { Progress } from './Progress.ts';
import { plainText } from './plainText.ts';
import { summaryLines } from './summaryLines.ts';

/** The lines that an event leaves behind for good: failures, warnings, the summary. For most events none. */
export function eventLines(event: RunEvent, progress: Progress, paint: Paint): string[] {
  switch (event.type) {
    case 'job.failed':
      return [`${paint('red', 'failed')} ${failureLine(event.outcome)}`];
    case 'warning':
      return [`${paint('yellow', 'warning')} ${plainText(event.message)}`];
    case 'budget.warning':
      return [`${paint('yellow', 'warning')} ${budgetText(event)}`];
    case 'recovery.started':
      return [`${paint('yellow', 'again')} ${recoveryText(event)}`];
    case 'round.completed':
      return [`${paint('green', 'round')} ${roundText(event)}`];
    case 'run.completed':
      return summaryLines(event, progress, paint);
    default:
      return [];
  }
}

function recoveryText({ jobs, round, waitMs }: Extract<RunEvent, { type: 'recovery.started' }>): string {
  const what = jobs === 1 ? '1 failed job is' : `${jobs} failed jobs are`;
  return `${what} tried again in ${formatDuration(waitMs)} (round ${round})`;
}

function roundText({ round, bestIndex, bestScore, kept }: Extract<RunEvent, { type: 'round.completed' }>) {
  const best = kept.map((index) => `#${index + 1}`).join(', ');
  return `${round}: best is #${bestIndex + 1} with a score of ${bestScore.toFixed(3)}; kept ${best}`;
}

function budgetText({
  limitMicroUsd,
  reservedMicroUsd,
  spentMicroUsd,
}: Extract<RunEvent, { type: 'budget.warning' }>): string {
  return `${formatUsd(reservedMicroUsd + spentMicroUsd)} of the budget of ${formatUsd(limitMicroUsd)} is spent or reserved`;
}
