import { isSimulated } from '../../base/service.ts';
import { formatUsd } from '../../base/text.ts';
import type { RunEvent } from '../../events/runEvent.ts';
import { reasonLine } from './causes.ts';
import type { Progress } from './progress.ts';
import { summaryLines } from './summaryLines.ts';
import type { Paint } from './terminal.ts';
import { counted, formatDuration, plainText, promptPreview, shorten } from './text.ts';
import { uploadsText } from './uploads.ts';

/** Returns the permanent lines of an event: a failure, a warning, the summary; for most none. */
export function eventLines(event: RunEvent, progress: Progress, paint: Paint): string[] {
  switch (event.type) {
    case 'watch.started':
      return [`${paint('bold', 'watch')} ${event.url}`];
    case 'job.failed':
      // `model.paused` has warned of them all; there may be as many as there are jobs.
      if (event.outcome.error?.code === 'ERR_CIRCUIT_OPEN') return [];
      return failedLines(event, progress, paint);
    case 'warning':
      return [`${paint('yellow', 'warning')} ${plainText(event.message)}`];
    case 'model.paused':
      return [`${paint('yellow', 'warning')} ${pausedText(event)}`];
    case 'rate.paused':
      return reasonLines(event, progress, paint);
    case 'outage.began':
      return [`${paint('yellow', 'waiting')} ${outageText(event)}`];
    case 'outage.ended':
      return event.isTooLong
        ? [`${paint('yellow', 'warning')} ${stillAwayText(event)}`]
        : [`${paint('green', 'back')} ${backText(event)}`];
    case 'budget.short':
      return [`${paint('yellow', 'warning')} ${shortBudgetText(event)}`];
    case 'budget.warning':
      return [`${paint('yellow', 'warning')} ${budgetText(event)}`];
    case 'job.progress':
      // A failure has a line of its own.
      return event.status === 'failed' ? [] : [`${paint('green', event.status)} ${progressText(event)}`];
    case 'recovery.started':
      return [`${paint('yellow', 'retry')} ${recoveryText(event)}`];
    case 'round.completed':
      return [`${paint('green', 'round')} ${roundText(event)}`];
    case 'run.completed':
      return summaryLines(event, progress, paint);
    case 'run.detached':
      return [`${paint('bold', 'detached')} ${detachedText(event)}`];
    default:
      return [];
  }
}

type StartOfRun = Pick<
  Progress,
  'total' | 'alreadySaved' | 'concurrency' | 'folder' | 'service' | 'uploads' | 'sendsRequests'
>;

/** Returns the first line of a run: its jobs, and where their files go. */
export function startLine({
  total,
  alreadySaved,
  concurrency,
  folder,
  service,
  uploads,
  sendsRequests,
}: StartOfRun): string {
  const sent = uploads === undefined ? '' : `; uploads ${uploadsText(uploads)}`;
  const before = alreadySaved > 0 ? `, ${alreadySaved} already saved` : '';
  const simulated = isSimulated(service) ? ', simulated' : '';
  const pace = sendsRequests ? `, ${concurrency} at a time` : '';
  return `${counted(total, 'job')}${simulated}${before}${pace}, into ${plainText(folder)}${sent}`;
}

/** The first failure of a cause has a line; the summary counts all, with the advice. */
function failedLines(
  { outcome }: Extract<RunEvent, { type: 'job.failed' }>,
  { sameCause }: Progress,
  paint: Paint,
): string[] {
  return sameCause > 1 ? [] : [`${paint('red', 'failed')} ${reasonLine(outcome)}`];
}

function progressText(event: Extract<RunEvent, { type: 'job.progress' }>): string {
  const { current, total, percent, prompt, predictionId, elapsedMs } = event;
  const id = predictionId === null ? '' : ` (${predictionId})`;
  return `${current} of ${total} (${percent} %) '${shorten(promptPreview(prompt), 40)}'${id}, ${formatDuration(elapsedMs)}`;
}

function pausedText({ model, failures, waitMs, error }: Extract<RunEvent, { type: 'model.paused' }>): string {
  const why = plainText(error.message);
  return `${model} failed ${counted(failures, 'time')} in a row and is paused for ${formatDuration(waitMs)}. Last error: ${why}`;
}

const others = {
  service: ['The service does not respond', 'The service responds again'],
  files: ['The host of the files does not respond', 'The host of the files responds again'],
} as const;

function outageText({ of, error, maxMs }: Extract<RunEvent, { type: 'outage.began' }>): string {
  const why = plainText(error.message);
  return `${others[of][0]}: jobs wait for it, for ${formatDuration(maxMs)} at most (--max-wait). Last error: ${why}`;
}

/** The reason of the service has a line when it is new; the live display repeats it. */
function reasonLines(
  { waitMs, message }: Extract<RunEvent, { type: 'rate.paused' }>,
  { pauseReason, samePause }: Progress,
  paint: Paint,
): string[] {
  if (message === undefined || pauseReason !== plainText(message) || samePause > 1) return [];
  const wait = formatDuration(waitMs);
  return [`${paint('yellow', 'waiting')} The service accepts no create requests for ${wait}: ${pauseReason}`];
}

function backText({ of, awayMs }: Extract<RunEvent, { type: 'outage.ended' }>): string {
  return `${others[of][1]} after ${formatDuration(awayMs)}`;
}

function stillAwayText({ of, awayMs }: Extract<RunEvent, { type: 'outage.ended' }>): string {
  return `${others[of][0]} after ${formatDuration(awayMs)}: jobs do not wait for it any longer`;
}

function detachedText({ jobs, command, untilMs }: Extract<RunEvent, { type: 'run.detached' }>): string {
  const until = new Date(untilMs).toTimeString().slice(0, 5);
  return `${counted(jobs, 'prediction')} left to the service. Collect before ${until}, when the first outputs are deleted: ${plainText(command)}`;
}

function recoveryText({ jobs, round, waitMs }: Extract<RunEvent, { type: 'recovery.started' }>): string {
  return `${counted(jobs, 'failed job')} in ${formatDuration(waitMs)} (round ${round})`;
}

function roundText({ round, bestIndex, bestScore, kept }: Extract<RunEvent, { type: 'round.completed' }>) {
  const best = kept.map((index) => `#${index + 1}`).join(', ');
  return `${round}: best is #${bestIndex + 1} with a score of ${bestScore.toFixed(3)}; kept ${best}`;
}

function budgetText({
  period,
  limitMicroUsd,
  reservedMicroUsd,
  spentMicroUsd,
}: Extract<RunEvent, { type: 'budget.warning' }>): string {
  const budget = period === undefined ? 'the budget' : `this ${period}'s limit for this machine,`;
  const of = period === undefined ? ' of' : '';
  return `${formatUsd(reservedMicroUsd + spentMicroUsd)} of ${budget}${of} ${formatUsd(limitMicroUsd)}${period === undefined ? '' : ','} is spent or reserved`;
}

function shortBudgetText({
  requested,
  allowed,
  limitMicroUsd,
  neededUsd,
}: Extract<RunEvent, { type: 'budget.short' }>): string {
  const jobs = `${allowed} of ${counted(requested, 'job')}`;
  return `The budget of ${formatUsd(limitMicroUsd)} is enough for ${jobs}, the rest will be skipped; all of them need --budget ${neededUsd.toFixed(2)}`;
}
