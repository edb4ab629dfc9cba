import type { Plan } from '../types.ts';
import { countPlan, type PlanTotals } from './countPlan.ts';
import { jsonLine } from './jsonLine.ts';
import { planRow } from './planRow.ts';
import { type PlanSettings, planSummary } from './planSummary.ts';
import type { TextStream } from './ScriptIo.ts';
import { windowSize } from './windowSize.ts';

export interface PrintPlanConfig extends PlanSettings {
  stream: TextStream;
  /** One plan a line as JSON, then the totals; nothing for people. Default false. */
  json?: boolean;
  /** Takes secrets out of what is shown. Default: leaves texts as they are. */
  redact?: (text: string) => string;
}

const MOST_ROWS = 20;
const noPlans: PlanTotals = {
  jobs: 0,
  models: {},
  costMicroUsd: 0,
  unpricedJobs: 0,
  unpricedModels: [],
};

/**
 * Shows what a run would do: the first jobs a line each, then how many there are, what they cost and how long they take.
 * Reads the plans once and keeps only the sums, so there may be any number of them; passes on what they throw.
 */
export async function printPlan(
  plans: Iterable<Plan> | AsyncIterable<Plan>,
  config: PrintPlanConfig,
): Promise<PlanTotals> {
  const { stream, json = false, redact = (text) => text } = config;
  const { columns } = windowSize(stream);
  let totals = noPlans;
  for await (const plan of plans) {
    totals = countPlan(totals, plan);
    if (json) stream.write(jsonLine(plannedEvent(plan), redact));
    else if (totals.jobs <= MOST_ROWS) stream.write(`${redact(planRow(plan, columns))}\n`);
  }
  if (json) {
    stream.write(jsonLine({ type: 'plan', totals }, redact));
    return totals;
  }
  const hidden = totals.jobs - MOST_ROWS;
  const more = hidden > 0 ? [`… and ${hidden} more`] : [];
  stream.write(redact([...more, '', ...planSummary(totals, config), ''].join('\n')));
  return totals;
}

function plannedEvent({ index, prompt, model, version, input, path, priceMicroUsd, key }: Plan): object {
  return { type: 'planned', index, key, prompt, model, version, input, path, priceMicroUsd };
}
