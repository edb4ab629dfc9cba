import { formatUsd } from '../../base/text.ts';
import { wholeCents } from '../../pipelines/run/closing/budgetUse.ts';
import { concurrencyOf } from '../../pipelines/run/concurrency.ts';
import type { ModelSchema, PlannedUploads } from '../../types.ts';
import { counted, formatDuration, plainText } from '../display/text.ts';
import { uploadsText } from '../display/uploads.ts';
import type { SettledFlags } from '../flags/flags.ts';
import type { SpendingLimit } from '../flags/spendingLimits.ts';

/** A model of the plan's jobs. */
export interface PlannedModel {
  /** `owner/name`. */
  readonly model: string;
  /** The model's schema, for the defaults of inputs that jobs do not send. */
  readonly schema: ModelSchema | null;
  /** The price and its source; null if none is known. */
  readonly price: string | null;
  /** The typical time of one prediction; null if it is unknown. */
  readonly durationMs: number | null;
}

/** A model that rates each image. */
export interface RatedBy {
  /** `owner/name`. */
  readonly model: string;
  /** The price of one rating; null if it is unknown. */
  readonly priceMicroUsd: number | null;
}

/** The settings that a plan shows beside its jobs. */
export interface PlanSettings {
  /** The run folder, as shown. */
  folder: string;
  flags: Pick<
    SettledFlags,
    | 'fallbacks'
    | 'count'
    | 'seed'
    | 'concurrency'
    | 'ratePerMinute'
    | 'maxAttempts'
    | 'timeoutMs'
    | 'budgetMicroUsd'
    | 'config'
  >;
  /** The limits for all runs of this machine, and the money left of them. Default: none. */
  spending?: readonly SpendingLimit[];
  models: readonly PlannedModel[];
  /** The axes that the jobs combine: `glaze 3 x light 2`. Default: none. */
  axes?: string;
  /** The model that rates each image. Default: none. */
  ratedBy?: RatedBy;
  /** Money that earlier runs of the folder have spent, which the budget includes. Default 0. */
  spentMicroUsd?: number;
}

/** Returns the end of a plan: jobs, models, cost, time, settings, and how to start the run. */
export function planSummary(totals: PlanTotals, settings: PlanSettings): string[] {
  return [
    fact('jobs', jobsText(totals)),
    ...unusedLines(totals),
    ...(settings.axes === undefined ? [] : [fact('axes', settings.axes)]),
    ...modelLines(totals, settings),
    ...fallbackLines(settings.flags),
    ...ratingLines(totals, settings),
    fact('cost', costText(totals)),
    ...priceLines(totals, settings),
    ...budgetLines(totals, settings),
    ...spendingLines(totals, settings),
    fact('time', timeText(totals, settings)),
    fact('settings', settingsText(settings.flags)),
    ...(totals.uploads === undefined ? [] : [fact('uploads', uploadsText(totals.uploads))]),
    fact('into', plainText(settings.folder)),
    ...configLines(settings.flags),
    'Dry run: nothing was created.',
  ];
}

function fact(name: string, text: string): string {
  return `${name.padEnd(9)} ${text}`;
}

function jobsText({ jobs, alreadySaved }: PlanTotals): string {
  return alreadySaved === 0 ? String(jobs) : `${jobs} to make, ${alreadySaved} already saved`;
}

function unusedLines({ unused = 0 }: PlanTotals): string[] {
  if (unused === 0) return [];
  const [those, images] =
    unused === 1
      ? ['1 saved job of this folder is', 'its images']
      : [`${unused} saved jobs of this folder are`, 'their images'];
  return [fact('unused', `${those} not in the input: the run moves ${images} to unused/`)];
}

/** Returns a line for one model, a table for several. */
function modelLines(totals: PlanTotals, { models: known }: PlanSettings): string[] {
  const jobsOf = Object.entries(totals.models);
  if (jobsOf.length < 2)
    return [fact('models', jobsOf.map(([name, jobs]) => `${name} (${jobs})`)[0] ?? 'none')];
  const rows = jobsOf.map(([name, jobs]) => {
    const { price = null, durationMs = null } = known.find(({ model }) => model === name) ?? {};
    const cost = price === null ? 'unknown' : formatUsd(totals.costMicroUsdOf[name] ?? 0);
    const each = durationMs === null ? '?' : formatDuration(durationMs);
    return [name, String(jobs), cost, each, price ?? 'no known price'];
  });
  return table([['model', 'jobs', 'cost', 'each', 'price'], ...rows]).map((line, index) =>
    fact(index === 0 ? 'models' : '', line),
  );
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widthOf = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  return rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widthOf(column)))
      .join('  ')
      .trimEnd(),
  );
}

/** Returns the price of a single model; the table of several models has theirs. */
function priceLines(totals: PlanTotals, { models }: PlanSettings): string[] {
  if (Object.keys(totals.models).length > 1) return [];
  return models.slice(0, 1).flatMap(({ price }) => (price === null ? [] : [fact('price', price)]));
}

function fallbackLines({ fallbacks }: PlanSettings['flags']): string[] {
  if (fallbacks.length === 0) return [];
  return [
    fact('fallback', fallbacks.map((one) => (one === 'new-seed' ? 'a new seed' : one.model)).join(', then ')),
  ];
}

function ratingLines({ jobs }: PlanTotals, { ratedBy }: PlanSettings): string[] {
  if (ratedBy === undefined) return [];
  const { model, priceMicroUsd } = ratedBy;
  const cost = priceMicroUsd === null ? 'no known price' : `${formatUsd(priceMicroUsd * jobs)} of the cost`;
  return [fact('ratings', `${jobs} by ${model}, ${cost}`)];
}

function costText({ jobs, costMicroUsd, unpricedJobs, unpricedModels }: PlanTotals): string {
  const unknown = `unknown price for ${unpricedModels.join(', ')}: give --price USD`;
  if (unpricedJobs === 0) return `${formatUsd(costMicroUsd)} if every job succeeds at its first attempt`;
  return unpricedJobs === jobs ? unknown : `at least ${formatUsd(costMicroUsd)}; ${unknown}`;
}

function budgetLines(totals: PlanTotals, { flags, spentMicroUsd = 0 }: PlanSettings): string[] {
  const { budgetMicroUsd } = flags;
  if (budgetMicroUsd === null) return [];
  const { jobs, costMicroUsd, unpricedJobs, allowed = 0 } = totals;
  const neededMicroUsd = spentMicroUsd + costMicroUsd;
  const spent = spentMicroUsd === 0 ? '' : `, ${formatUsd(spentMicroUsd)} of it spent by earlier runs`;
  const scope = unpricedJobs > 0 ? ' for the jobs with a known price' : '';
  const all = `--budget ${wholeCents(neededMicroUsd).toFixed(2)}`;
  const verdict =
    neededMicroUsd <= budgetMicroUsd
      ? `enough${scope}`
      : `enough for ${allowed} of ${counted(jobs, 'job')}: the rest will be skipped; all of them need ${all}`;
  return [fact('budget', `${formatUsd(budgetMicroUsd)}${spent}, ${verdict}`)];
}

function configLines({ config }: PlanSettings['flags']): string[] {
  return config === undefined ? [] : [fact('config', plainText(config.path))];
}

function spendingLines({ costMicroUsd }: PlanTotals, { spending = [] }: PlanSettings): string[] {
  return spending.map(({ period, limitMicroUsd, leftMicroUsd }) => {
    const verdict = costMicroUsd <= leftMicroUsd ? 'enough' : 'not enough: jobs beyond it will be skipped';
    const left = formatUsd(Math.max(0, leftMicroUsd));
    return fact(`a ${period}`, `${formatUsd(limitMicroUsd)} for this machine, ${left} left, ${verdict}`);
  });
}

/** Estimates the time by the slower of two bounds: concurrency, and create requests a minute. */
function timeText({ jobs, models: jobsOf }: PlanTotals, { models, flags }: PlanSettings): string {
  const durations = models.filter(({ model }) => (jobsOf[model] ?? 0) > 0);
  const unknown = durations.flatMap(({ model, durationMs }) => (durationMs === null ? [model] : []));
  if (unknown.length === durations.length && jobs > 0) return 'unknown';
  let sumMs = 0;
  let longestMs = 0;
  for (const { model, durationMs } of durations) {
    sumMs += (jobsOf[model] ?? 0) * (durationMs ?? 0);
    longestMs = Math.max(longestMs, durationMs ?? 0);
  }
  const sideBySideMs =
    jobs === 0
      ? 0
      : Math.ceil(jobs / concurrencyOf('stream', flags.concurrency === 'auto' ? null : flags.concurrency)) *
        (sumMs / jobs);
  const requestsMs = (Math.max(0, jobs - 1) / flags.ratePerMinute) * 60_000 + (jobs > 0 ? longestMs : 0);
  const totalMs = Math.max(sideBySideMs, requestsMs);
  // An estimate is not exact to tenths of a second.
  const time = formatDuration(totalMs < 2_000 ? totalMs : Math.round(totalMs / 1_000) * 1_000);
  return unknown.length === 0 ? `about ${time}` : `at least ${time}, unknown for ${unknown.join(', ')}`;
}

function settingsText(flags: PlanSettings['flags']): string {
  const { count, seed, concurrency, ratePerMinute, maxAttempts, timeoutMs } = flags;
  return [
    `count ${count}`,
    `seed ${seed}`,
    `concurrency ${concurrency}`,
    `rate ${ratePerMinute} a minute`,
    `attempts ${maxAttempts}`,
    `timeout ${formatDuration(timeoutMs)}`,
  ].join(', ');
}

/** The sums of a plan, over the jobs that are not saved yet. */
export interface PlanTotals {
  readonly jobs: number;
  /** Jobs that are saved already. */
  readonly alreadySaved: number;
  /** Jobs by model, in order of first appearance. */
  readonly models: Readonly<Record<string, number>>;
  /** The cost of the jobs whose price is known. */
  readonly costMicroUsd: number;
  /** The same, by model. */
  readonly costMicroUsdOf: Readonly<Record<string, number>>;
  readonly unpricedJobs: number;
  readonly unpricedModels: readonly string[];
  /** Jobs for which the budget is enough; absent without a budget. */
  readonly allowed?: number;
  /** Saved jobs that the input does not have; absent if there are none, or they are not known. */
  readonly unused?: number;
  /** The local files that go to the service; absent if there are none. */
  readonly uploads?: PlannedUploads;
}
