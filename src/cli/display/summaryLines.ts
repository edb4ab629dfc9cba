import { isSimulated } from '../../base/service.ts';
import { formatUsd, toMicroUsd } from '../../base/text.ts';
import type { RunEvent, RunTotals } from '../../events/runEvent.ts';
import type { ModelTotals } from '../../sinks/report/tallies.ts';
import type { Costs, FailedJob, Problems, Progress, ServiceCounts } from './progress.ts';
import type { Paint } from './terminal.ts';
import { counted, formatDuration, jobName, plainText, promptPreview, shorten } from './text.ts';

type CompletedEvent = Extract<RunEvent, { type: 'run.completed' }>;

/** Returns the summary of a run: saved jobs, cost, run folder, failures, and the next step. */
export function summaryLines(
  { totals, elapsedMs }: CompletedEvent,
  progress: Progress,
  paint: Paint,
): string[] {
  return [
    `${isSimulated(progress.service) ? 'Simulated: ' : ''}${headline(totals, elapsedMs, paint)}`,
    ...fact('failed', failedText(totals, progress)),
    ...fact('skipped', skippedText(totals, progress)),
    ...fact('cost', costText(totals, progress)),
    ...modelLines(progress),
    ...fact('cached', cachedText(progress)),
    ...fact('service', serviceText(progress)),
    ...fact('files', progress.folder === '' ? null : plainText(progress.folder)),
    ...failureList(totals, progress),
    ...nextStep(totals, progress),
  ];
}

function headline({ total, saved, alreadySaved }: RunTotals, elapsedMs: number, paint: Paint): string {
  const before = alreadySaved > 0 ? ` (${alreadySaved} by earlier runs)` : '';
  const perMinute = elapsedMs > 0 ? Math.round((saved / elapsedMs) * 60_000) : 0;
  const pace = saved > 1 && perMinute > 0 ? `, ${perMinute} a minute` : '';
  if (total === 0) return 'Nothing to make: no job is left, or --only selects none';
  const isAll = saved + alreadySaved >= total;
  const count = `${saved + alreadySaved} of ${total} jobs saved`;
  return `${paint(isAll ? 'green' : 'yellow', count)}${before} in ${formatDuration(elapsedMs)}${pace}`;
}

function fact(name: string, text: string | null): string[] {
  return text === null ? [] : [`  ${name.padEnd(9)}${text}`];
}

/** Counts failures by stage, because the remedy depends on it. */
function failedText({ failed }: RunTotals, { failuresByStage }: Problems): string | null {
  if (failed === 0) return null;
  const parts = stages.flatMap(([stage, label]) =>
    failuresByStage[stage] === 0 ? [] : [`${failuresByStage[stage]} ${label}`],
  );
  return parts.length === 0 ? String(failed) : `${failed} – ${parts.join(', ')}`;
}

const stages = [
  ['creation', 'at creation'],
  ['polling', 'while running'],
  ['download', 'while downloading or rendering'],
] as const;

function skippedText({ skipped }: RunTotals, { skipReason }: Problems): string | null {
  if (skipped === 0) return null;
  return skipReason === null || skipReason === '' ? String(skipped) : `${skipped} – ${skipReason}`;
}

function costText({ costUsd, costIncomplete, saved }: RunTotals, { service }: Progress): string | null {
  const microUsd = toMicroUsd(costUsd);
  if (microUsd === 0) return costIncomplete ? 'unknown: give --price USD to count it' : null;
  // A tenth of a thousandth of a dollar is fine enough for an average.
  const average =
    saved > 0 ? `, on average ${formatUsd(Math.round(microUsd / saved / 100) * 100)} a job` : '';
  const gap = costIncomplete ? ' at least, as some jobs have no known price' : '';
  const unpaid = isSimulated(service) ? ', simulated: nothing was paid' : '';
  return `${formatUsd(microUsd)}${gap}${average}${unpaid}`;
}

/** Returns a line for each model, if there are several; the cost of a single one is the run's. */
function modelLines({ costByModel }: Costs): string[] {
  const models = Object.entries(costByModel);
  if (models.length < 2) return [];
  return models.flatMap(([name, totals]) => fact('', `${plainText(name)}: ${modelText(totals)}`));
}

function modelText({ images, costUsd, meanUsdPerImage, meanSecondsPerRun }: ModelTotals): string {
  const usd = (amount: number): string => formatUsd(toMicroUsd(amount));
  const texts = [
    counted(images, 'image'),
    costUsd > 0 && usd(costUsd),
    meanUsdPerImage !== null && `${usd(meanUsdPerImage)} an image`,
    meanSecondsPerRun !== null && `${formatDuration(meanSecondsPerRun * 1_000)} a run`,
  ];
  return texts.filter((text) => text !== false).join(', ');
}

function cachedText({ cached }: Costs): string | null {
  return cached === 0
    ? null
    : `${counted(cached, 'job')} reused the result of an identical request, at no cost`;
}

function serviceText({ predictions, retries, throttles }: ServiceCounts): string | null {
  const counts = [
    counted(predictions, 'prediction'),
    retries > 0 && counted(retries, 'retry', 'retries'),
    throttles > 0 && counted(throttles, 'request to slow down', 'requests to slow down'),
  ].filter((text) => text !== false);
  return predictions + retries + throttles === 0 ? null : counts.join(', ');
}

function failureList({ failed }: RunTotals, { failures }: Problems): string[] {
  if (failures.length === 0) return [];
  const hidden = failed - failures.length;
  return [
    hidden > 0 ? `The first ${failures.length} of ${failed} failures:` : 'Failures:',
    ...failures.map((failure) => `  ${failureLine(failure)}`),
    ...(hidden > 0 ? [`  … and ${hidden} more, in manifest.jsonl`] : []),
  ];
}

function nextStep({ failed, skipped }: RunTotals, { recoverableFailures }: Problems): string[] {
  const left = failed + skipped;
  if (left === 0) return [];
  const lasting = failed - recoverableFailures;
  const again = 'Run the same command again to retry the rest. Saved images are not made or paid for again.';
  if (lasting === 0) return [again];
  const change = `${counted(lasting, 'failure')} will happen again unless you change the prompt or the input.`;
  return left === lasting ? [change] : [again, change];
}

const PROMPT_COLUMNS = 40;

/** Returns the reason why a job failed and the suggestion, on one line. */
export function failureLine({ index, prompt, error }: FailedJob): string {
  const reason = plainText(error?.message ?? 'no reason given');
  const advice = plainText(error?.suggestion ?? '');
  const story = advice === '' ? reason : `${reason} – ${advice}`;
  return `${jobName(index)} '${shorten(promptPreview(prompt), PROMPT_COLUMNS)}': ${story}`;
}
