import { truncateDataUrls } from '../../base/modelInput.ts';
import { isSecretInput, SECRET } from '../../base/secretInputs.ts';
import { formatUsd } from '../../base/text.ts';
import { jsonLine } from '../../events/listeners.ts';
import { createUploadTally } from '../../sources/planning/plannedUploads.ts';
import type { Json, ModelInput, ModelSchema, Plan, PlannedUploads } from '../../types.ts';
import { createPaint, type Paint, type TextStream, windowSize } from '../display/terminal.ts';
import { displayWidth, jobName, promptPreview, shorten } from '../display/text.ts';
import { type PlanSettings, type PlanTotals, planSummary } from './planSummary.ts';

export interface PrintPlanConfig extends PlanSettings {
  stream: TextStream;
  /** Default: true if the stream is a terminal. */
  isColored?: boolean;
  /** Prints JSON instead of text: a plan a line, then the totals. Default false. */
  json?: boolean;
  /** Returns true for a saved job, which is counted but not shown. Default: no job is. */
  isSaved?: (plan: Plan) => boolean;
  /** Returns the saved jobs that no plan so far has asked for. Default: none. */
  countUnused?: () => number;
  /** Removes secrets from the output. Default: returns texts unchanged. */
  redact?: (text: string) => string;
}

const MOST_ROWS = 20;
const noPlans: PlanTotals = {
  jobs: 0,
  alreadySaved: 0,
  models: {},
  costMicroUsd: 0,
  costMicroUsdOf: {},
  unpricedJobs: 0,
  unpricedModels: [],
};

/**
 * Prints the plan of a run: the first jobs that are not saved yet, each with its inputs if they
 * differ from those of the job before; then the number of jobs, their cost and their time.
 *
 * Reads the plans once and keeps only sums, so there may be any number of them. Their errors pass
 * through.
 */
export async function printPlan(
  plans: Iterable<Plan> | AsyncIterable<Plan>,
  config: PrintPlanConfig,
): Promise<PlanTotals> {
  const { stream, json = false, isSaved = () => false, redact = (text) => text } = config;
  const budget = openBudget(config);
  const rows = rowsOf(config);
  const uploads = createUploadTally();
  let totals = noPlans;
  for await (const plan of plans) {
    if (isSaved(plan)) {
      totals = { ...totals, alreadySaved: totals.alreadySaved + 1 };
      continue;
    }
    totals = countPlan(totals, plan);
    budget?.take(plan);
    uploads.add(plan);
    if (json) stream.write(jsonLine(plannedEvent(plan, schemaOf(config, plan)), redact));
    else if (totals.jobs <= MOST_ROWS) stream.write(`${redact(rows(plan).join('\n'))}\n`);
  }
  totals = { ...withRatings(totals, config.ratedBy), ...uploadsOf(uploads.total()), ...budget?.total() };
  const unused = config.countUnused?.() ?? 0;
  if (unused > 0) totals = { ...totals, unused };
  if (json) {
    const prices = Object.fromEntries(config.models.map(({ model, price }) => [model, price]));
    stream.write(jsonLine({ type: 'plan', totals, prices }, redact));
    return totals;
  }
  const hidden = totals.jobs - MOST_ROWS;
  const more = hidden > 0 ? [`… and ${hidden} more`] : [];
  stream.write(redact([...more, '', ...planSummary(totals, config), ''].join('\n')));
  return totals;
}

/** Counts the jobs for which the budget is enough, as a run does; null without one. */
function openBudget({ flags: { budgetMicroUsd }, spentMicroUsd = 0 }: PrintPlanConfig) {
  if (budgetMicroUsd === null) return null;
  let leftMicroUsd = Math.max(0, budgetMicroUsd - spentMicroUsd);
  let allowed = 0;
  const take = ({ priceMicroUsd }: Plan): void => {
    // A budget refuses jobs without a known price.
    if (priceMicroUsd === null || priceMicroUsd > leftMicroUsd) return;
    leftMicroUsd -= priceMicroUsd;
    allowed += 1;
  };
  return { take, total: () => ({ allowed }) };
}

function uploadsOf(uploads: PlannedUploads | null): Pick<PlanTotals, 'uploads'> {
  return uploads === null ? {} : { uploads };
}

/** Adds the cost of ratings: each image is rated once. */
function withRatings(totals: PlanTotals, ratedBy: PlanSettings['ratedBy']): PlanTotals {
  if (ratedBy === undefined) return totals;
  const { jobs, costMicroUsd, unpricedJobs, unpricedModels } = totals;
  const { model, priceMicroUsd } = ratedBy;
  if (priceMicroUsd !== null) return { ...totals, costMicroUsd: costMicroUsd + jobs * priceMicroUsd };
  return {
    ...totals,
    unpricedJobs: Math.max(1, unpricedJobs),
    unpricedModels: [...new Set([...unpricedModels, model])],
  };
}

function schemaOf({ models }: PrintPlanConfig, plan: Plan): ModelSchema | null {
  return models.find(({ model }) => model === plan.model)?.schema ?? null;
}

function rowsOf(config: PrintPlanConfig) {
  const { stream, isColored = stream.isTTY === true } = config;
  const { columns } = windowSize(stream);
  const paint = createPaint(isColored);
  let before = '';
  return (plan: Plan): string[] => {
    const inputs = planInputs(plan.input, schemaOf(config, plan), paint);
    const isNew = inputs.join('\n') !== before;
    before = inputs.join('\n');
    return [planRow(plan, columns), ...(isNew ? inputs : [])];
  };
}

function plannedEvent(
  { index, prompt, model, version, input, path, priceMicroUsd, key }: Plan,
  schema: ModelSchema | null,
): object {
  const defaults = unsentDefaults(input, schema);
  const sent = truncateDataUrls(input);
  return { type: 'planned', index, key, prompt, model, version, input: sent, defaults, path, priceMicroUsd };
}

const VALUE_COLUMNS = 40;

/**
 * Returns a line with the inputs of a job besides prompt and seed, which its row has, and one with
 * the defaults of inputs that it does not send. An empty line is left out.
 */
function planInputs(input: ModelInput, schema: ModelSchema | null, paint: Paint): string[] {
  const { prompt: _prompt, seed: _seed, ...sent } = input;
  return [
    ...line('sends', sent),
    ...line('default', unsentDefaults(input, schema)).map((text) => paint('dim', text)),
  ];
}

function line(label: string, values: ModelInput): string[] {
  const pairs = Object.entries(values).map(([name, value]) => `${name}=${shown(value)}`);
  return pairs.length === 0 ? [] : [`       ${label.padEnd(8)}${pairs.join(', ')}`];
}

function shown(value: Json): string {
  const text = typeof value === 'string' && value !== '' ? value : JSON.stringify(value);
  return shorten(promptPreview(text), VALUE_COLUMNS);
}

/** Returns the schema's defaults for the inputs that a job does not send. */
function unsentDefaults(input: ModelInput, schema: ModelSchema | null): ModelInput {
  const open = Object.entries(schema?.properties ?? {}).flatMap(([name, property]) => {
    const { default: preset = null } = property;
    if (Object.hasOwn(input, name) || preset === null) return [];
    return [[name, isSecretInput(property) ? SECRET : preset] as const];
  });
  return Object.fromEntries(open);
}

const SHORTEST_PROMPT = 20;

/** Returns the row of a planned job, with as much of the prompt as fits. */
function planRow({ index, model, path, priceMicroUsd, input, prompt }: Plan, columns: number): string {
  const { seed } = input;
  const facts = [
    jobName(index).padStart(5),
    model,
    path,
    priceMicroUsd === null ? 'price unknown' : formatUsd(priceMicroUsd),
    ...(typeof seed === 'number' ? [`seed ${seed}`] : []),
  ].join('  ');
  const left = columns - displayWidth(facts) - 2;
  // In a narrow window the prompt gets a row of its own.
  const room = left < SHORTEST_PROMPT ? columns - 9 : left;
  const between = left < SHORTEST_PROMPT ? '\n       ' : '  ';
  return `${facts}${between}${shorten(promptPreview(prompt), room)}`;
}

/** Adds one job to the sums. */
function countPlan(totals: PlanTotals, { model, priceMicroUsd }: Plan): PlanTotals {
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
