import { formatUsd, toMicroUsd } from '../../base/text.ts';
import type { RunEvent, RunTotals } from '../../events/runEvent.ts';
import type { ModelTotals } from '../../sinks/report/tallies.ts';
import type { FailedJob, Progress } from './progress.ts';
import type { Paint } from './terminal.ts';
import { formatDuration, jobName, plainText, promptPreview, shorten } from './text.ts';

type Done = Extract<RunEvent, { type: 'run.completed' }>;

/** The last word on a run: what was made, for how much, where it is, what failed and why, and what to do next. */
export function summaryLines({ totals, elapsedMs }: Done, progress: Progress, paint: Paint): string[] {
  return [
    headline(totals, elapsedMs, paint),
    ...fact('failed', failedText(totals, progress)),
    ...fact('skipped', skippedText(totals, progress)),
    ...fact('cost', costText(totals)),
    ...modelLines(progress),
    ...fact('cached', cachedText(progress)),
    ...fact('service', serviceText(progress)),
    ...fact('files', progress.folder === '' ? null : plainText(progress.folder)),
    ...failureList(totals, progress),
    ...nextStep(totals, progress),
  ];
}

function headline({ total, saved, alreadySaved }: RunTotals, elapsedMs: number, paint: Paint): string {
  const there =
    alreadySaved > 0 ? ` (${alreadySaved} ${alreadySaved === 1 ? 'was' : 'were'} there already)` : '';
  const perMinute = elapsedMs > 0 ? Math.round((saved / elapsedMs) * 60_000) : 0;
  const pace = saved > 1 && perMinute > 0 ? `, ${perMinute} a minute` : '';
  if (total === 0) return 'Nothing to make: no job is left, or --only names none of them';
  const isAll = saved + alreadySaved >= total;
  const count = `${saved + alreadySaved} of ${total} jobs saved`;
  return `${paint(isAll ? 'green' : 'yellow', count)}${there} in ${formatDuration(elapsedMs)}${pace}`;
}

function fact(name: string, text: string | null): string[] {
  return text === null ? [] : [`  ${name.padEnd(9)}${text}`];
}

/** With where on their way they failed: what to do about it depends on that. */
function failedText({ failed }: RunTotals, { failuresByStage }: Progress): string | null {
  if (failed === 0) return null;
  const parts = stages.flatMap(([stage, where]) =>
    failuresByStage[stage] === 0 ? [] : [`${failuresByStage[stage]} ${where}`],
  );
  return parts.length === 0 ? String(failed) : `${failed} – ${parts.join(', ')}`;
}

const stages = [
  ['creation', 'when created'],
  ['polling', 'while they were made'],
  ['download', 'when fetched or drawn'],
] as const;

function skippedText({ skipped }: RunTotals, { skipReason }: Progress): string | null {
  if (skipped === 0) return null;
  return skipReason === null || skipReason === '' ? String(skipped) : `${skipped} – ${skipReason}`;
}

function costText({ costUsd, costIncomplete, saved }: RunTotals): string | null {
  const microUsd = toMicroUsd(costUsd);
  if (microUsd === 0) return costIncomplete ? 'unknown: give --price USD to have it counted' : null;
  // A tenth of a thousandth of a dollar is fine enough for an average.
  const average =
    saved > 0 ? `, on average ${formatUsd(Math.round(microUsd / saved / 100) * 100)} a job` : '';
  const gap = costIncomplete ? ' at least, as some jobs have no known price' : '';
  return `${formatUsd(microUsd)}${gap}${average}`;
}

/** One model's cost is the run's. */
function modelLines({ costByModel }: Progress): string[] {
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

function cachedText({ cached }: Progress): string | null {
  return cached === 0 ? null : `${counted(cached, 'job')} used the result of an equal request, for nothing`;
}

function serviceText({ predictions, retries, throttles }: Progress): string | null {
  const counts = [
    counted(predictions, 'prediction'),
    retries > 0 && counted(retries, 'retry', 'retries'),
    throttles > 0 && counted(throttles, 'request to slow down', 'requests to slow down'),
  ].filter((text) => text !== false);
  return predictions + retries + throttles === 0 ? null : counts.join(', ');
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

function failureList({ failed }: RunTotals, { failures }: Progress): string[] {
  if (failures.length === 0) return [];
  const hidden = failed - failures.length;
  return [
    hidden > 0 ? `The first ${failures.length} of ${failed} failures:` : 'Failures:',
    ...failures.map((failure) => `  ${failureLine(failure)}`),
    ...(hidden > 0 ? [`  … and ${hidden} more, in manifest.jsonl`] : []),
  ];
}

function nextStep({ failed, skipped }: RunTotals, { recoverableFailures }: Progress): string[] {
  const left = failed + skipped;
  if (left === 0) return [];
  const lasting = failed - recoverableFailures;
  const again = 'The same command again tries the rest; nothing that is saved is made or paid again.';
  if (lasting === 0) return [again];
  const change = `${counted(lasting, 'failure')} will come again unless prompt or input change.`;
  return left === lasting ? [change] : [again, change];
}

const PROMPT_COLUMNS = 40;

/** Why a job was given up and what to do about it, on one line. */
export function failureLine({ index, prompt, error }: FailedJob): string {
  const reason = plainText(error?.message ?? 'no reason was given');
  const advice = plainText(error?.suggestion ?? '');
  const story = advice === '' ? reason : `${reason} – ${advice}`;
  return `${jobName(index)} '${shorten(promptPreview(prompt), PROMPT_COLUMNS)}': ${story}`;
}
