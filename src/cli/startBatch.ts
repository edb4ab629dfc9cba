import type { Observable } from 'rxjs';
import { UsageError } from '../errors.ts';
import type { RunSettings } from '../pipelines/openRun.ts';
import { type FinishedRun, runToFolder } from '../pipelines/runToFolder.ts';
import { describePrice } from '../replicate/describePrice.ts';
import { estimateMicroUsd } from '../replicate/estimateMicroUsd.ts';
import { typicalDurationMs } from '../replicate/typicalDurationMs.ts';
import { fallbackRequests } from '../sources/fallbackRequests.ts';
import type { JobContext } from '../sources/JobContext.ts';
import { type PlanJobsConfig, planJobs } from '../sources/planJobs.ts';
import { takesFile } from '../sources/takesFile.ts';
import type { Job, ModelInput } from '../types.ts';
import { exitCodes } from './exitCodes.ts';
import { findModel } from './findModel.ts';
import { printPlan } from './printPlan.ts';
import { readEnvironment } from './readEnvironment.ts';
import { type Batch, runBatch } from './runBatch.ts';

/** Jobs that are ready to be planned. */
export interface JobBatch extends Omit<Batch, 'run'> {
  /** Gives the jobs from the first one on, each time it is called. */
  readonly jobs: () => Iterable<Job> | AsyncIterable<Job>;
  /** How many there are. */
  readonly total: number;
  readonly context: JobContext;
  /** Tags that jobs may have besides the model's inputs. */
  readonly tagNames: Iterable<string>;
  /** Plans and runs the jobs. Default: `runToFolder`. */
  readonly run?: (settings: RunSettings & PlanJobsConfig) => Observable<FinishedRun>;
}

/** Plans the jobs and shows the plan (`--dry-run`) or runs it; resolves with the exit code. */
export async function startBatch(batch: JobBatch): Promise<number> {
  const { jobs, total, flags } = batch;
  const planning = planningOf(batch);
  // A template that cannot be used throws here, before anything is begun.
  const plans = planJobs(jobs(), planning);
  const fallbacksOf = await findFallbacks(batch, planning);
  if (flags.detach && flags.cache !== null) throw detachedCache();
  if (flags.dryRun) return showPlan(plans, batch);
  const { run = (settings) => runToFolder(() => planJobs(jobs(), planning), total, settings) } = batch;
  const extras = { ...planning, fallbacksOf, haveFiles: mayHaveFiles(batch) };
  return runBatch({ ...batch, run: (settings) => run({ ...settings, ...extras }) });
}

function mayHaveFiles({ context, tagNames }: JobBatch): boolean {
  const { schema, files = {} } = context;
  if (Object.keys(files).length > 0) return true;
  const properties = [...tagNames].map((name) => schema?.properties[name]);
  return properties.some((property) => property !== undefined && takesFile(property));
}

/** Looks the fallbacks up, so that a wrong name is found before anything is paid. */
async function findFallbacks({ flags, service, context }: JobBatch, { priceOf }: PlanJobsConfig) {
  const fallbacks = await Promise.all(
    flags.fallbacks.map(async (reference) => ({
      model: await findModel(service.provider, reference),
      version: reference.version,
    })),
  );
  for (const { name } of [{ name: context.model }, ...fallbacks.map(({ model }) => model)]) {
    if (!flags.dryRun) expectPrice(name, context.input, flags, priceOf);
  }
  return fallbackRequests({ fallbacks, schema: context.schema, priceOf });
}

function planningOf({ flags, context, tagNames }: JobBatch): PlanJobsConfig {
  return {
    organize: flags.organize,
    date: new Date().toISOString().slice(0, 10),
    knownNames: [...Object.keys(context.schema?.properties ?? {}), ...tagNames],
    reuseUnseeded: flags.cacheUnseeded,
    priceOf: (model, input) => estimateMicroUsd(model, input, flags.priceMicroUsd ?? undefined),
  };
}

async function showPlan(
  plans: ReturnType<typeof planJobs>,
  { flags, folder, io, context, service }: JobBatch,
): Promise<number> {
  const durationMs = typicalDurationMs(context.model);
  await printPlan(plans, {
    stream: io.stdout,
    isColored: io.stdout.isTTY === true && !readEnvironment(io.env).noColor,
    schema: context.schema,
    json: flags.json,
    folder,
    price: describePrice(context.model, flags.priceMicroUsd ?? undefined),
    flags,
    durationMs: durationMs === null ? null : durationMs / service.speed,
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
