import { truncateDataUrls } from '../../base/modelInput.ts';
import { formatUsd } from '../../base/text.ts';
import { jsonLine } from '../../events/listeners.ts';
import type { Json, ModelInput, ModelSchema, Plan } from '../../types.ts';
import { createPaint, type Paint, type TextStream, windowSize } from '../display/terminal.ts';
import { displayWidth, jobName, promptPreview, shorten } from '../display/text.ts';
import { countPlan, type PlanSettings, type PlanTotals, planSummary } from './planSummary.ts';

export interface PrintPlanConfig extends PlanSettings {
  stream: TextStream;
  /** Default: whether the stream is a terminal. */
  isColored?: boolean;
  /** One plan a line as JSON, then the totals; nothing for people. Default false. */
  json?: boolean;
  /** Whether a job needs no more work: it is counted, and not shown. Default: none is done. */
  isSaved?: (plan: Plan) => boolean;
  /** Takes secrets out of what is shown. Default: leaves texts as they are. */
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
 * Shows what a run would do: the first jobs that it would make, with their inputs where these are not the ones of the job before; then how
 * many there are, what they cost and how long they take.
 * Reads the plans once and keeps only the sums, so there may be any number of them; passes on what they throw.
 */
export async function printPlan(
  plans: Iterable<Plan> | AsyncIterable<Plan>,
  config: PrintPlanConfig,
): Promise<PlanTotals> {
  const { stream, json = false, isSaved = () => false, redact = (text) => text } = config;
  const rows = rowsOf(config);
  let totals = noPlans;
  for await (const plan of plans) {
    if (isSaved(plan)) {
      totals = { ...totals, alreadySaved: totals.alreadySaved + 1 };
      continue;
    }
    totals = countPlan(totals, plan);
    if (json) stream.write(jsonLine(plannedEvent(plan, schemaOf(config, plan)), redact));
    else if (totals.jobs <= MOST_ROWS) stream.write(`${redact(rows(plan).join('\n'))}\n`);
  }
  totals = withRatings(totals, config.ratedBy);
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

/** Every picture is rated once. */
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
 * What a planned job sends besides the prompt and the seed, which its row has, and the defaults that hold for the rest;
 * a line each, none where there is nothing to say.
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

/** The values that the model takes for what an input leaves out, by its schema. */
function unsentDefaults(input: ModelInput, schema: ModelSchema | null): ModelInput {
  const open = Object.entries(schema?.properties ?? {}).flatMap(([name, { default: preset }]) =>
    Object.hasOwn(input, name) || preset === undefined || preset === null ? [] : [[name, preset] as const],
  );
  return Object.fromEntries(open);
}

const SHORTEST_PROMPT = 20;

/** One planned job on a line of so many columns: number, model, path, price, seed, and as much of the prompt as fits. */
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
  // In a narrow window the row breaks in two rather than lose its prompt.
  const room = left < SHORTEST_PROMPT ? columns - 9 : left;
  const between = left < SHORTEST_PROMPT ? '\n       ' : '  ';
  return `${facts}${between}${shorten(promptPreview(prompt), room)}`;
}
