import type { Observable } from 'rxjs';
import { UsageError } from '../errors.ts';
import type { RunSettings } from '../pipelines/openRun.ts';
import { type FinishedRun, runToFolder } from '../pipelines/runToFolder.ts';
import { describePrice } from '../replicate/describePrice.ts';
import { estimateMicroUsd } from '../replicate/estimateMicroUsd.ts';
import { typicalDurationMs } from '../replicate/typicalDurationMs.ts';
import { checkCaptions } from '../sources/checkCaptions.ts';
import { fallbackRequests } from '../sources/fallbackRequests.ts';
import type { JobContext } from '../sources/JobContext.ts';
import { type PlanJobsConfig, planJobs } from '../sources/planJobs.ts';
import { takesFile } from '../sources/takesFile.ts';
import type { Job, ModelInput, Plan, RenditionSpec } from '../types.ts';
import { createWarn } from './createWarn.ts';
import { exitCodes } from './exitCodes.ts';
import { findModel } from './findModel.ts';
import { idleCoresHint } from './idleCoresHint.ts';
import type { RatedBy } from './planSummary.ts';
import { printPlan } from './printPlan.ts';
import { readEnvironment } from './readEnvironment.ts';
import { type Batch, runBatch } from './runBatch.ts';
import { savedJobs } from './savedJobs.ts';

/** Jobs that are ready to be planned. */
export interface JobBatch extends Omit<Batch, 'run'> {
  /** Gives the jobs from the first one on, each time it is called. */
  readonly jobs: () => Iterable<Job> | AsyncIterable<Job>;
  /** How many there are. */
  readonly total: number;
  /** Of the jobs' model, or of each of their models. */
  readonly context: JobContext | readonly JobContext[];
  /** What the spec wants of every picture, besides the renditions of the context. Default: nothing. */
  readonly renditions?: readonly RenditionSpec[];
  /** Tags that jobs may have besides the model's inputs. */
  readonly tagNames: Iterable<string>;
  /** What the jobs are combinations of, for the plan. Default: they are none. */
  readonly axes?: string;
  /** The model that rates each picture, and what one rating costs, null where nobody knows. Default: none is paid for. */
  readonly ratedBy?: RatedBy;
  /** Plans and runs the jobs. Default: `runToFolder`. */
  readonly run?: (settings: RunSettings & PlanJobsConfig) => Observable<FinishedRun>;
}

/** Plans the jobs and shows the plan (`--dry-run`) or runs it; resolves with the exit code. */
export async function startBatch(batch: JobBatch): Promise<number> {
  const { jobs, total, flags } = batch;
  const planning = planningOf(batch);
  // Templates that cannot be used throw here, before anything is begun.
  const plans = planJobs(jobs(), planning);
  const renditions = [...(batch.renditions ?? []), ...contextsOf(batch).flatMap((each) => each.renditions)];
  checkCaptions(renditions, planning);
  const hint = renditions.length > 0 ? idleCoresHint() : null;
  if (hint !== null) createWarn(flags, batch.io)(hint);
  const fallbacksOf = await findFallbacks(batch, planning);
  if (flags.detach && flags.cache !== null) throw detachedCache();
  if (flags.dryRun) return showPlan(plans, batch);
  const { run = (settings) => runToFolder(() => planJobs(jobs(), planning), total, settings) } = batch;
  const extras = { ...planning, fallbacksOf, haveFiles: mayHaveFiles(batch) };
  return runBatch({ ...batch, run: (settings) => run({ ...settings, ...extras }) });
}

function contextsOf({ context }: JobBatch): readonly JobContext[] {
  return [context].flat();
}

function mayHaveFiles(batch: JobBatch): boolean {
  const names = [...batch.tagNames];
  return contextsOf(batch).some(({ schema, files = {} }) => {
    if (Object.keys(files).length > 0) return true;
    const properties = names.map((name) => schema?.properties[name]);
    return properties.some((property) => property !== undefined && takesFile(property));
  });
}

/** Looks the fallbacks up, so that a wrong name is found before anything is paid. */
async function findFallbacks(batch: JobBatch, { priceOf }: PlanJobsConfig) {
  const { flags, service } = batch;
  const fallbacks = await Promise.all(
    flags.fallbacks.map(async (reference) =>
      reference === 'new-seed'
        ? reference
        : { model: await findModel(service.provider, reference), version: reference.version },
    ),
  );
  const requests = contextsOf(batch).map(({ model, schema, input }) => {
    const others = fallbacks.flatMap((fallback) => (fallback === 'new-seed' ? [] : [fallback.model.name]));
    for (const name of [model, ...others]) {
      if (!flags.dryRun) expectPrice(name, input, flags, priceOf);
    }
    return [model, fallbackRequests({ fallbacks, schema, priceOf })] as const;
  });
  const requestsOf = new Map(requests);
  return (plan: Plan) => requestsOf.get(plan.model)?.(plan) ?? [];
}

function planningOf(batch: JobBatch): PlanJobsConfig {
  const { flags, tagNames } = batch;
  const inputs = contextsOf(batch).flatMap(({ schema }) => Object.keys(schema?.properties ?? {}));
  return {
    organize: flags.organize,
    ...(flags.folderSize === null ? {} : { folderSize: flags.folderSize }),
    date: new Date().toISOString().slice(0, 10),
    knownNames: [...inputs, ...tagNames],
    reuseUnseeded: flags.cacheUnseeded,
    priceOf: (model, input) => estimateMicroUsd(model, input, flags.priceMicroUsd ?? undefined),
  };
}

async function showPlan(plans: ReturnType<typeof planJobs>, batch: JobBatch): Promise<number> {
  const { flags, folder, io, service } = batch;
  const models = contextsOf(batch).map(({ model, schema }) => {
    const durationMs = typicalDurationMs(model);
    return {
      model,
      schema,
      price: describePrice(model, flags.priceMicroUsd ?? undefined),
      durationMs: durationMs === null ? null : durationMs / service.speed,
    };
  });
  await printPlan(plans, {
    stream: io.stdout,
    isColored: io.stdout.isTTY === true && !readEnvironment(io.env).noColor,
    json: flags.json,
    folder,
    models,
    flags,
    ...(batch.axes === undefined ? {} : { axes: batch.axes }),
    ...(batch.ratedBy === undefined ? {} : { ratedBy: batch.ratedBy }),
    isSaved: await savedJobs(folder),
  });
  return exitCodes.allSaved.code;
}

/** A budget can be kept only where the price is known. */
function expectPrice(
  model: string,
  input: ModelInput,
  { budgetMicroUsd }: JobBatch['flags'],
  priceOf: PlanJobsConfig['priceOf'],
): void {
  if (budgetMicroUsd === null || priceOf(model, input) !== null) return;
  throw new UsageError(`Expected a known price to keep \`--budget\`, got none for ${model}`, {
    suggestion: 'Give the price of one image with --price USD.',
  });
}

function detachedCache(): UsageError {
  return new UsageError('Expected `--detach` without `--cache`, got both', {
    suggestion: 'Leave one out: a detached run is not there when there is something to keep.',
  });
}
