import type { Observable } from 'rxjs';
import { UsageError } from '../../errors.ts';
import type { FinishedRun } from '../../pipelines/run/closing/results.ts';
import type { RunSettings } from '../../pipelines/run/settings.ts';
import { runToFolder } from '../../pipelines/runToFolder.ts';
import { embedProvenance } from '../../provenance/embedProvenance.ts';
import { xmpProperties } from '../../provenance/xmp.ts';
import { describePrice, estimateMicroUsd } from '../../providers/prices/cost.ts';
import { typicalDurationMs } from '../../providers/prices/priceTable.ts';
import { checkReachableSizes } from '../../renditions/reachableSizes.ts';
import { manifestOutcomes } from '../../sinks/manifest/manifest.ts';
import { unusedResults } from '../../sinks/manifest/unusedResults.ts';
import { takesFile } from '../../sources/modelInputs/pictureInput.ts';
import { fallbackRequests } from '../../sources/planning/fallbackRequests.ts';
import type { JobContext } from '../../sources/planning/jobContext.ts';
import { checkCaptions } from '../../sources/planning/jobTemplate.ts';
import { type PlanJobsConfig, planJobs } from '../../sources/planning/planJobs.ts';
import { createUploadTally } from '../../sources/planning/plannedUploads.ts';
import type {
  Job,
  ModelInput,
  Outcome,
  Plan,
  PlannedUploads,
  ProvenanceWriter,
  RenditionSpec,
} from '../../types.ts';
import { createWarn, idleCoresHint, readEnvironment } from '../script/environment.ts';
import { exitCodes } from '../script/exit.ts';
import { findModel } from './models.ts';
import { printPlan } from './plan.ts';
import type { RatedBy } from './planSummary.ts';
import { type Batch, runBatch } from './runBatch.ts';

/** Jobs to plan and run. */
interface JobBatch extends Omit<Batch, 'run'> {
  /** Returns the jobs, from the first one on at each call. */
  readonly jobs: () => Iterable<Job> | AsyncIterable<Job>;
  /** The number of jobs. */
  readonly total: number;
  /** The context of the jobs' model, or of each of their models. */
  readonly context: JobContext | readonly JobContext[];
  /** Renditions of every image, besides those of the context. Default: none. */
  readonly renditions?: readonly RenditionSpec[];
  /** Tag names that jobs may use besides the model's inputs. */
  readonly tagNames: Iterable<string>;
  /** The axes that the jobs combine, for the plan. Default: none. */
  readonly axes?: string;
  /**
   * True if the jobs may have files that neither context nor tags show, as a spec's. Default false.
   */
  readonly haveFiles?: boolean;
  /** The model that rates each image. Default: none. */
  readonly ratedBy?: RatedBy;
  /** Plans and runs the jobs. Default: `runToFolder`. */
  readonly run?: (settings: RunSettings & PlanJobsConfig) => Observable<FinishedRun>;
}

/** Plans the jobs, then shows the plan (`--dry-run`) or runs it; resolves with the exit code. */
export async function startBatch(batch: JobBatch): Promise<number> {
  const { jobs, total, flags } = batch;
  checkOnly(flags, total);
  const planning = planningOf(batch);
  // Invalid templates throw here, before anything has started.
  const plans = planJobs(jobs(), planning);
  const renditions = [...(batch.renditions ?? []), ...contextsOf(batch).flatMap((each) => each.renditions)];
  checkCaptions(renditions, planning);
  await checkReachableSizes(renditions, leastProvenance(flags));
  const hint = renditions.length > 0 ? idleCoresHint() : null;
  if (hint !== null) createWarn(flags, batch.io)(hint);
  const fallbacksOf = await findFallbacks(batch, planning);
  if (flags.detach && flags.cache !== null) throw detachWithCache();
  if (flags.dryRun) return showPlan(plans, batch);
  const { run = (settings) => runToFolder(() => planJobs(jobs(), planning), total, settings) } = batch;
  const extras = { ...planning, fallbacksOf, haveFiles: mayHaveFiles(batch) };
  // Layouts decide the names of files, which a later run compares.
  const { fingerprint } = batch;
  const layout = `${planning.organize}/${planning.folderSize ?? ''}`;
  const uploads = mayHaveFiles(batch) ? await uploadsOf(planJobs(jobs(), planning), batch.folder) : null;
  return runBatch({
    ...batch,
    ...(uploads === null ? {} : { uploads }),
    fingerprint: fingerprint === null ? null : `${fingerprint} ${layout}`,
    run: (settings) => run({ ...settings, ...extras }),
  });
}

/** Returns a writer of the least provenance that an image of a run with these flags may have. */
function leastProvenance({ provenance }: JobBatch['flags']): ProvenanceWriter {
  if (provenance === 'none') return async (bytes) => bytes;
  const least = { model: 'a/b', version: null, prompt: null, predictionId: '', completedAt: null };
  return async (bytes, format) => {
    const result = embedProvenance(bytes, format, xmpProperties(least));
    return 'marked' in result ? result.marked : bytes;
  };
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
async function* selected(plans: ReturnType<typeof planJobs>, { only }: JobBatch['flags']) {
  for await (const plan of plans) if (only === null || only.has(plan.index)) yield plan;
}

function contextsOf({ context }: JobBatch): readonly JobContext[] {
  return [context].flat();
}

function mayHaveFiles(batch: JobBatch): boolean {
  if (batch.haveFiles === true) return true;
  const names = [...batch.tagNames];
  return contextsOf(batch).some(({ schema, files = {} }) => {
    if (Object.keys(files).length > 0) return true;
    const properties = names.map((name) => schema?.properties[name]);
    return properties.some((property) => property !== undefined && takesFile(property));
  });
}

/** Counts the local files of the jobs that the folder has no result of yet. */
async function uploadsOf(plans: ReturnType<typeof planJobs>, folder: string): Promise<PlannedUploads | null> {
  const isSaved = await savedJobs(folder);
  const uploads = createUploadTally();
  for await (const plan of plans) if (!isSaved(plan)) uploads.add(plan);
  return uploads.total();
}

/** Looks up the fallbacks, so that a wrong name fails before anything is paid. */
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
      if (!flags.dryRun) checkPriceKnown(name, input, flags, priceOf);
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
  await printPlan(selected(plans, flags), {
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

/** Throws `UsageError` if there is a budget but no known price to keep it by. */
function checkPriceKnown(
  model: string,
  input: ModelInput,
  { budgetMicroUsd }: JobBatch['flags'],
  priceOf: PlanJobsConfig['priceOf'],
): void {
  if (budgetMicroUsd === null || priceOf(model, input) !== null) return;
  throw new UsageError(`\`--budget\` needs a known price, and there is none for ${model}.`, {
    suggestion: 'Give the price of one image with --price USD.',
  });
}

function detachWithCache(): UsageError {
  return new UsageError('`--detach` and `--cache` cannot be used together.', {
    suggestion: 'Remove one: a detached run ends before there are results to store.',
  });
}

/** Enough of a sha256 to identify a request. */
const KEY_CHARS = 16;

/**
 * Returns a test for jobs that a run would skip, because its folder has a result for their request.
 * Call it for all jobs, in order: the n-th of several identical requests needs an n-th result.
 */
async function savedJobs(folder: string): Promise<(plan: Plan) => boolean> {
  const results = new Map<string, number>();
  const count = ({ key, status }: Outcome) => {
    const short = key.slice(0, KEY_CHARS);
    if (status === 'saved') results.set(short, (results.get(short) ?? 0) + 1);
  };
  for await (const outcome of manifestOutcomes(folder)) count(outcome);
  for await (const { outcome } of unusedResults(folder)) count(outcome);
  return ({ key }) => {
    const short = key.slice(0, KEY_CHARS);
    const left = results.get(short) ?? 0;
    if (left > 0) results.set(short, left - 1);
    return left > 0;
  };
}
