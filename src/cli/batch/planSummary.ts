import { formatUsd } from '../../base/text.ts';
import { concurrencyOf } from '../../pipelines/run/concurrency.ts';
import type { ModelSchema, Plan } from '../../types.ts';
import { formatDuration } from '../display/text.ts';
import type { SettledFlags } from '../flags/flags.ts';

/** A model of the plan's jobs. */
export interface PlannedModel {
  /** `owner/name`. */
  readonly model: string;
  /** For the defaults of what jobs do not send. */
  readonly schema: ModelSchema | null;
  /** What the price is and where it is from; null where none is known. */
  readonly price: string | null;
  /** How long one prediction takes; null where nobody knows. */
  readonly durationMs: number | null;
}

/** A model that rates each picture. */
export interface RatedBy {
  /** `owner/name`. */
  readonly model: string;
  /** Of one rating; null where no price is known. */
  readonly priceMicroUsd: number | null;
}

/** What the plan depends on beside its jobs. */
export interface PlanSettings {
  /** The run folder, as the user would write it. */
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
  >;
  models: readonly PlannedModel[];
  /** What the jobs are combinations of: `glaze 3 x light 2`. Default: they are none. */
  axes?: string;
  /** Default: nobody is paid for ratings. */
  ratedBy?: RatedBy;
}

/** The end of a plan: jobs, models, cost, time, settings, and how to go on. */
export function planSummary(totals: PlanTotals, settings: PlanSettings): string[] {
  return [
    fact('jobs', jobsText(totals)),
    ...(settings.axes === undefined ? [] : [fact('axes', settings.axes)]),
    ...modelLines(totals, settings),
    ...fallbackLines(settings.flags),
    ...ratingLines(totals, settings),
    fact('cost', costText(totals)),
    ...priceLines(totals, settings),
    ...budgetLines(totals, settings.flags),
    fact('time', timeText(totals, settings)),
    fact('settings', settingsText(settings.flags)),
    fact('into', settings.folder),
    'Nothing was created. Leave out --dry-run to make them.',
  ];
}

function fact(name: string, text: string): string {
  return `${name.padEnd(9)} ${text}`;
}

function jobsText({ jobs, alreadySaved }: PlanTotals): string {
  return alreadySaved === 0 ? String(jobs) : `${jobs} to make, ${alreadySaved} are saved already`;
}

/** One model stands on the line itself; several make a table. */
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
  return table([['model', 'jobs', 'cost', 'each', 'price'], ...rows]).map((line, at) =>
    fact(at === 0 ? 'models' : '', line),
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

/** The table of several models has their prices. */
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

function budgetLines(totals: PlanTotals, { budgetMicroUsd }: PlanSettings['flags']): string[] {
  if (budgetMicroUsd === null) return [];
  const { costMicroUsd, unpricedJobs } = totals;
  const isEnough = costMicroUsd <= budgetMicroUsd;
  const verdict = isEnough ? 'enough' : 'not enough: jobs beyond it will be skipped';
  const scope = isEnough && unpricedJobs > 0 ? ' for the jobs with a known price' : '';
  return [fact('budget', `${formatUsd(budgetMicroUsd)}, ${verdict}${scope}`)];
}

/** The slower of the two bounds: predictions side by side, and creates a minute. */
function timeText({ jobs, models: jobsOf }: PlanTotals, { models, flags }: PlanSettings): string {
  const durations = models.filter(({ model }) => (jobsOf[model] ?? 0) > 0);
  let sumMs = 0;
  let longestMs = 0;
  for (const { model, durationMs } of durations) {
    if (durationMs === null) return 'unknown';
    sumMs += (jobsOf[model] ?? 0) * durationMs;
    longestMs = Math.max(longestMs, durationMs);
  }
  const sideBySideMs =
    jobs === 0
      ? 0
      : Math.ceil(jobs / concurrencyOf('stream', flags.concurrency === 'auto' ? null : flags.concurrency)) *
        (sumMs / jobs);
  const createsMs = (Math.max(0, jobs - 1) / flags.ratePerMinute) * 60_000 + (jobs > 0 ? longestMs : 0);
  const totalMs = Math.max(sideBySideMs, createsMs);
  // Tenths of a second would promise more than an estimate can keep.
  return `about ${formatDuration(totalMs < 2_000 ? totalMs : Math.round(totalMs / 1_000) * 1_000)}`;
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

/** The sums of a plan, over what is still to be made. */
export interface PlanTotals {
  readonly jobs: number;
  /** Jobs that need no more work. */
  readonly alreadySaved: number;
  /** Jobs of each model, the first met first. */
  readonly models: Readonly<Record<string, number>>;
  /** Of the jobs whose price is known. */
  readonly costMicroUsd: number;
  /** Likewise, by model. */
  readonly costMicroUsdOf: Readonly<Record<string, number>>;
  readonly unpricedJobs: number;
  readonly unpricedModels: readonly string[];
}

/** Adds one job to the sums. */
export function countPlan(totals: PlanTotals, { model, priceMicroUsd }: Plan): PlanTotals {
  const { jobs, models, costMicroUsd, costMicroUsdOf, unpricedJobs, unpricedModels } = totals;
  const isNew = priceMicroUsd === null && !unpricedModels.includes(model);
  return {
    ...totals,
    jobs: jobs + 1,
    models: { ...models, [model]: (models[model] ?? 0) + 1 },
    costMicroUsd: costMicroUsd + (priceMicroUsd ?? 0),
    costMicroUsdOf: { ...costMicroUsdOf, [model]: (costMicroUsdOf[model] ?? 0) + (priceMicroUsd ?? 0) },
    unpricedJobs: unpricedJobs + (priceMicroUsd === null ? 1 : 0),
    unpricedModels: isNew ? [...unpricedModels, model] : unpricedModels,
  };
}
