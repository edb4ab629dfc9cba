import { formatUsd } from '../formatUsd.ts';
import type { PlanTotals } from './countPlan.ts';
import { formatDuration } from './formatDuration.ts';
import type { SettledFlags } from './withDefaults.ts';

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
  /** What the price is and where it is from; null where none is known. */
  price: string | null;
  /** How long one prediction takes; null where nobody knows. */
  durationMs: number | null;
}

/** The end of a plan: jobs, models, cost, time, settings, and how to go on. */
export function planSummary(totals: PlanTotals, settings: PlanSettings): string[] {
  const { jobs, models } = totals;
  const perModel = Object.entries(models).map(([model, count]) => `${model} (${count})`);
  return [
    fact('jobs', String(jobs)),
    fact('models', perModel.join(', ') || 'none'),
    ...fallbackLines(settings.flags),
    fact('cost', costText(totals)),
    ...(settings.price === null ? [] : [fact('price', settings.price)]),
    ...budgetLines(totals, settings.flags),
    fact('time', timeText(jobs, settings)),
    fact('settings', settingsText(settings.flags)),
    fact('into', settings.folder),
    'Nothing was created. Leave out --dry-run to make them.',
  ];
}

function fact(name: string, text: string): string {
  return `${name.padEnd(9)} ${text}`;
}

function fallbackLines({ fallbacks }: PlanSettings['flags']): string[] {
  if (fallbacks.length === 0) return [];
  return [fact('fallback', fallbacks.map(({ model }) => model).join(', then '))];
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
function timeText(jobs: number, { durationMs, flags }: PlanSettings): string {
  if (durationMs === null) return 'unknown';
  const sideBySideMs = Math.ceil(jobs / flags.concurrency) * durationMs;
  const createsMs = (Math.max(0, jobs - 1) / flags.ratePerMinute) * 60_000 + (jobs > 0 ? durationMs : 0);
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
