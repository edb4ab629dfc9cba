import { UsageError } from '../../errors.ts';
import {
  contextsOf,
  type JobsToPlan,
  type PlannedBatch,
  planBatch,
} from '../../pipelines/front/planning/planBatch.ts';
import { earlierResults } from '../../pipelines/front/planning/savedJobs.ts';
import { priceFor } from '../../pipelines/run/runConfig.ts';
import { describePrice } from '../../providers/prices/cost.ts';
import { typicalDurationMs } from '../../providers/prices/priceTable.ts';
import { runPrices } from '../flags/prices.ts';
import { hasBudget, limitsLeft } from '../flags/spendingLimits.ts';
import { createWarn, idleCoresHint, readEnvironment } from '../script/environment.ts';
import { exitCodes } from '../script/exit.ts';
import { checkFlags } from './checkFlags.ts';
import { printPlan } from './plan.ts';
import type { RatedBy } from './planSummary.ts';
import { type Batch, runBatch } from './runBatch.ts';

/** Jobs to plan and run. */
interface JobBatch extends JobsToPlan, Omit<Batch, 'run' | 'fingerprint'> {
  /** The axes that the jobs combine, for the plan. Default: none. */
  readonly axes?: string;
  /** The model that rates each image. Default: none. */
  readonly ratedBy?: RatedBy;
  /** True if later jobs follow from the results of earlier ones: a plan guesses. Default false. */
  readonly followsResults?: boolean;
}

/** Plans the jobs, then shows the plan (`--dry-run`) or runs it; resolves with the exit code. */
export async function startBatch(batch: JobBatch): Promise<number> {
  const { flags, service, folder, total } = batch;
  checkOnly(flags, total);
  await checkFlags(batch);
  const planned = await planBatch(batch, {
    organize: flags.organize,
    ...(flags.folderSize === null ? {} : { folderSize: flags.folderSize }),
    reuseUnseeded: flags.cacheUnseeded,
    ...runPrices(flags.prices),
    fallbacks: flags.fallbacks,
    ...(flags.provenance === null ? {} : { provenance: flags.provenance }),
    provider: service.provider,
    unpriced: hasBudget(flags) ? unpriced : undefined,
  });
  const { renditions = [] } = batch;
  const hasRenditions = renditions.length > 0 || contextsOf(batch).some((each) => each.renditions.length > 0);
  const hint = hasRenditions ? idleCoresHint() : null;
  if (hint !== null) createWarn(flags, batch.io)(hint);
  if (flags.dryRun) return showPlan(planned, batch);
  if (flags.queue !== null) {
    // Loaded only here: a run on one machine has no queue.
    const { queueBatch } = await import('./queue/queueBatch.ts');
    return queueBatch(batch, planned);
  }
  const uploads = await planned.uploadsIn(folder);
  const { fingerprint = null } = planned.settings;
  return runBatch({
    ...batch,
    ...(uploads === null ? {} : { uploads }),
    fingerprint,
    run: planned.run,
  });
}

/** Throws `UsageError` if `--only` selects none of the jobs. */
function checkOnly({ only }: JobBatch['flags'], total: number): void {
  if (only === null || total === 0) return;
  for (let index = 0; index < total; index += 1) if (only.has(index)) return;
  const jobs = total === 1 ? 'the only job is 1' : `the jobs are 1 to ${total}`;
  throw new UsageError(`\`--only ${only.text}\` selects no job: ${jobs}.`, {
    suggestion: 'Give numbers of jobs as --dry-run and the file names show them.',
  });
}

/** Leaves out the plans that `--only` does not select. */
async function* selected(plans: ReturnType<PlannedBatch['plans']>, { only }: JobBatch['flags']) {
  for await (const plan of plans) if (only === null || only.has(plan.index)) yield plan;
}

async function showPlan({ plans }: PlannedBatch, batch: JobBatch): Promise<number> {
  const { flags, folder, io, service } = batch;
  if (flags.queue !== null) {
    const { expectTravels } = await import('./queue/queueRefusals.ts');
    for await (const plan of selected(plans(), flags)) expectTravels(plan);
  }
  const models = contextsOf(batch).map(({ model, schema }) => {
    const durationMs = typicalDurationMs(model);
    return {
      model,
      schema,
      price: describePrice(model, priceFor(model, runPrices(flags.prices))),
      durationMs: durationMs === null ? null : durationMs / service.speed,
    };
  });
  const { isSaved, countUnused, spentMicroUsd } = await earlierResults(folder);
  const isWhole = flags.only === null && flags.limit === null && !batch.followsResults;
  await printPlan(selected(plans(), flags), {
    stream: io.stdout,
    isColored: io.stdout.isTTY === true && !readEnvironment(io.env).noColor,
    json: flags.json,
    folder,
    models,
    flags,
    ...(batch.axes === undefined ? {} : { axes: batch.axes }),
    ...(batch.ratedBy === undefined ? {} : { ratedBy: batch.ratedBy }),
    spending: limitsLeft(flags, io.env),
    isSaved,
    spentMicroUsd,
    ...(isWhole ? { countUnused } : {}),
  });
  return exitCodes.allSaved.code;
}

/** Returns the error of a model without a known price, which a budget needs. */
function unpriced(model: string): UsageError {
  return new UsageError(`\`--budget\` needs a known price, and there is none for ${model}.`, {
    suggestion: `Give the price of one image with --price ${model}=USD.`,
  });
}
