import type { Observable } from 'rxjs';
import { UsageError } from '../../errors.ts';
import type { FinishedRun } from '../../pipelines/run/results.ts';
import type { RunSettings } from '../../pipelines/run/settings.ts';
import { runToFolder } from '../../pipelines/runToFolder.ts';
import { describePrice, estimateMicroUsd } from '../../providers/prices/cost.ts';
import { typicalDurationMs } from '../../providers/prices/priceTable.ts';
import { manifestOutcomes } from '../../sinks/manifest/manifest.ts';
import { takesFile } from '../../sources/modelInputs/pictureInput.ts';
import { fallbackRequests } from '../../sources/planning/fallbackRequests.ts';
import type { JobContext } from '../../sources/planning/jobContext.ts';
import { checkCaptions } from '../../sources/planning/jobTemplate.ts';
import { type PlanJobsConfig, planJobs } from '../../sources/planning/planJobs.ts';
import type { Job, ModelInput, Plan, RenditionSpec } from '../../types.ts';
import { createWarn, idleCoresHint, readEnvironment } from '../script/environment.ts';
import { exitCodes } from '../script/exit.ts';
import { findModel } from './models.ts';
import { printPlan } from './plan.ts';
import type { RatedBy } from './planSummary.ts';
import { type Batch, runBatch } from './runBatch.ts';

/** Jobs that are ready to be planned. */
interface JobBatch extends Omit<Batch, 'run'> {
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

/** Enough of a sha256 to know a request by. */
const KEY_CHARS = 16;

/** Tells which jobs a run folder has already, by its manifest: those that a run in it would pass over. It is only read. */
async function savedJobs(folder: string): Promise<(plan: Plan) => boolean> {
  const keys = new Map<number, string>();
  for await (const { index, key, status } of manifestOutcomes(folder)) {
    if (status === 'saved') keys.set(index, key.slice(0, KEY_CHARS));
  }
  return ({ index, key }) => keys.get(index) === key.slice(0, KEY_CHARS);
}
