import { isSimulated } from '../../base/service.ts';
import { formatUsd, toMicroUsd } from '../../base/text.ts';
import type { RunEvent } from '../../events/runEvent.ts';
import type { LeftJobs, RunTotals } from '../../events/totals.ts';
import type { ModelTotals } from '../../sinks/report/tallies.ts';
import { causeLine } from './causes.ts';
import type { NextCommands } from './commandLine.ts';
import { nextStep } from './nextStep.ts';
import type { Problems } from './problems.ts';
import type { Costs, Progress, ServiceCounts } from './progress.ts';
import type { Paint } from './terminal.ts';
import { counted, formatDuration, plainText } from './text.ts';

type CompletedEvent = Extract<RunEvent, { type: 'run.completed' }>;

/** Returns the summary of a run: saved jobs, cost, run folder, failures, and the next step. */
export function summaryLines(
  { totals, elapsedMs }: CompletedEvent,
  progress: Progress,
  paint: Paint,
): string[] {
  return [
    `${isSimulated(progress.service) ? 'Simulated: ' : ''}${headline(totals, elapsedMs, progress, paint)}`,
    ...fact('failed', failedText(totals, progress)),
    ...fact('skipped', skippedText(totals, progress)),
    ...fact('cost', costText(totals, progress)),
    ...modelLines(progress),
    ...fact('budget', budgetText(totals)),
    ...fact('cached', cachedText(progress)),
    ...fact('restored', restoredText(progress)),
    ...fact('service', serviceText(progress)),
    ...fact('files', progress.folder === '' ? null : plainText(progress.folder)),
    ...failureList(totals, progress),
    ...nextStep(totals, progress),
  ];
}

function headline(
  { total, saved, alreadySaved }: RunTotals,
  elapsedMs: number,
  { nothing, sendsRequests }: Pick<Progress, 'nothing' | 'sendsRequests'>,
  paint: Paint,
): string {
  if (total === 0) return nothing;
  const before = alreadySaved > 0 ? ` (${alreadySaved} by earlier runs)` : '';
  const perMinute = elapsedMs > 0 ? Math.round((saved / elapsedMs) * 60_000) : 0;
  const pace = sendsRequests && saved > 1 && perMinute > 0 ? `, ${perMinute} a minute` : '';
  const isAll = saved + alreadySaved >= total;
  const count = `${saved + alreadySaved} of ${counted(total, 'job')} saved`;
  return `${paint(isAll ? 'green' : 'yellow', count)}${before} in ${formatDuration(elapsedMs)}${pace}`;
}

function fact(name: string, text: string | null): string[] {
  return text === null ? [] : [`  ${name.padEnd(9)}${text}`];
}

const STOPPED = 'The run was stopped before their turn.';
const restReasons: Record<NextCommands['leaves'], string> = {
  detached: STOPPED,
  'not chosen': 'Left out by --only, or not begun.',
  stopped: STOPPED,
};
const OTHERS = 'For other reasons.';

/** Counts failures by stage, because the remedy depends on it. */
function failedText({ failed }: RunTotals, { failuresByStage }: Problems): string | null {
  if (failed === 0) return null;
  const parts = stages.flatMap(([stage, label]) =>
    failuresByStage[stage] === 0 ? [] : [`${failuresByStage[stage]} ${label}`],
  );
  if (parts.length === 0) return String(failed);
  const isOne = Object.values(failuresByStage).includes(failed);
  return isOne ? parts.join('') : `${failed} – ${parts.join(', ')}`;
}

const stages = [
  ['creation', 'at creation'],
  ['polling', 'while running'],
  ['download', 'while downloading'],
  ['rendering', 'while rendering'],
  ['delivery', 'at a further destination'],
] as const;

/** Names the reasons, with their numbers if there are several. */
function skippedText(
  { skipped, left }: RunTotals,
  { skipReasons, leaves }: Pick<Progress, 'skipReasons' | 'leaves'>,
): string | null {
  if (skipped === 0) return null;
  // The others are jobs without an event: their end is only written down.
  const rest = skipped - (left?.jobs ?? 0) - [...skipReasons.values()].reduce((sum, jobs) => sum + jobs, 0);
  const reasons = [
    ...[...skipReasons].map(([reason, jobs]) => [reason || OTHERS, jobs] as const),
    [left === undefined ? '' : leftText(left, leaves), left?.jobs ?? 0] as const,
    [restReasons[leaves], rest] as const,
  ].filter(([, jobs]) => jobs > 0);
  const texts = reasons.map(([reason, jobs]) => (reasons.length === 1 ? reason : `${jobs}: ${reason}`));
  return texts.length === 0 ? String(skipped) : `${skipped} – ${texts.join(' ')}`;
}

function leftText({ reservedUsd }: LeftJobs, leaves: NextCommands['leaves']): string {
  const text = leaves === 'detached' ? 'Left to the service' : 'Begun at the service, and not yet saved';
  return reservedUsd === 0 ? `${text}.` : `${text} (${formatUsd(toMicroUsd(reservedUsd))} reserved).`;
}

function costText(
  totals: RunTotals,
  { restored, service }: Costs & Pick<Progress, 'service'>,
): string | null {
  const { costUsd, costIncomplete, estimatedUsd = 0, unpricedJobs, saved } = totals;
  const microUsd = toMicroUsd(costUsd);
  if (microUsd === 0) return costIncomplete ? 'unknown: give --price USD to count it' : null;
  const paid = saved - restored;
  // A tenth of a thousandth of a dollar is fine enough for an average.
  const average = paid > 0 ? `, on average ${formatUsd(Math.round(microUsd / paid / 100) * 100)} a job` : '';
  const isTooLow = estimatedUsd === 0 ? costIncomplete : unpricedJobs !== undefined;
  const gap = isTooLow ? ' at least, as some jobs have no known price' : '';
  const guess =
    estimatedUsd === 0
      ? ''
      : `, ${formatUsd(toMicroUsd(estimatedUsd))} of it estimated, as the service reported no run times`;
  const unpaid = isSimulated(service) ? ', simulated: nothing was paid' : '';
  return `${formatUsd(microUsd)}${gap}${guess}${average}${unpaid}`;
}

function budgetText({ budget }: RunTotals): string | null {
  if (budget === undefined) return null;
  const { limitUsd, usedUsd, remainingUsd, usedPercent } = budget;
  const usd = (amount: number) => formatUsd(toMicroUsd(amount));
  return `${usd(usedUsd)} of ${usd(limitUsd)} (${usedPercent} %) spent or reserved, ${usd(remainingUsd)} left`;
}

/** Returns a line for each model, if there are several; the cost of a single one is the run's. */
function modelLines({ costByModel }: Costs): string[] {
  const models = Object.entries(costByModel);
  if (models.length < 2) return [];
  return models.flatMap(([name, totals]) => fact('', `${plainText(name)}: ${modelText(totals)}`));
}

function modelText(totals: ModelTotals): string {
  const { images, costUsd, estimatedUsd, meanUsdPerImage, meanSecondsPerRun } = totals;
  const usd = (amount: number): string => formatUsd(toMicroUsd(amount));
  const about = estimatedUsd > 0 ? '~' : '';
  const texts = [
    counted(images, 'image'),
    costUsd > 0 && `${about}${usd(costUsd)}`,
    meanUsdPerImage !== null && `${about}${usd(meanUsdPerImage)} an image`,
    meanSecondsPerRun !== null && `${formatDuration(meanSecondsPerRun * 1_000)} a run`,
  ];
  return texts.filter((text) => text !== false).join(', ');
}

function cachedText({ cached }: Costs): string | null {
  return cached === 0
    ? null
    : `${counted(cached, 'job')} reused the result of an identical request, at no cost`;
}

function restoredText({ restored }: Costs): string | null {
  return restored === 0
    ? null
    : `${counted(restored, 'job')} paid for earlier got files that were missing or are new, at no cost`;
}

function serviceText({ predictions, retries, throttles }: ServiceCounts): string | null {
  const counts = [
    counted(predictions, 'prediction'),
    retries > 0 && counted(retries, 'retry', 'retries'),
    throttles > 0 && counted(throttles, 'request to slow down', 'requests to slow down'),
  ].filter((text) => text !== false);
  return predictions + retries + throttles === 0 ? null : counts.join(', ');
}

/** Causes in the summary, at most. */
const MOST_CAUSES = 5;

/** Returns a line for each cause of failures, however many jobs it failed. */
function failureList({ failed }: RunTotals, { causes }: Problems): string[] {
  if (causes.length === 0) return [];
  const shown = causes.toSorted((a, b) => b.count - a.count).slice(0, MOST_CAUSES);
  const hidden = failed - shown.reduce((sum, { count }) => sum + count, 0);
  return [
    'Failures:',
    ...shown.map((cause) => `  ${causeLine(cause)}`),
    ...(hidden > 0 ? [`  … and ${hidden} more, in manifest.jsonl`] : []),
  ];
}
