import { UsageError } from '../errors.ts';
import { estimateMicroUsd } from '../replicate/estimateMicroUsd.ts';
import { typicalDurationMs } from '../replicate/typicalDurationMs.ts';
import type { JobContext } from '../sources/JobContext.ts';
import { planJobs } from '../sources/planJobs.ts';
import type { Job } from '../types.ts';
import { exitCodes } from './exitCodes.ts';
import { printPlan } from './printPlan.ts';
import { type Batch, runBatch } from './runBatch.ts';

/** Jobs that are ready to be planned. */
export interface JobBatch extends Omit<Batch, 'plans'> {
  /** Gives the jobs from the first one on, each time it is called. */
  readonly jobs: () => Iterable<Job> | AsyncIterable<Job>;
  readonly context: JobContext;
  /** Tags that jobs may have besides the model's inputs. */
  readonly tagNames: Iterable<string>;
}

/** Plans the jobs and shows the plan (`--dry-run`) or runs it; resolves with the exit code. */
export async function startBatch(batch: JobBatch): Promise<number> {
  const { jobs, context, tagNames, flags, folder, io } = batch;
  const priceOf = (model: string, input: Job['input']) =>
    estimateMicroUsd(model, input, flags.priceMicroUsd ?? undefined);
  const date = new Date().toISOString().slice(0, 10);
  const knownNames = [...Object.keys(context.schema?.properties ?? {}), ...tagNames];
  const plans = () => planJobs(jobs(), { organize: flags.organize, priceOf, date, knownNames });
  // A template that cannot be used throws here, before anything is begun.
  plans();
  const durationMs = typicalDurationMs(context.model);
  if (flags.dryRun) {
    await printPlan(plans(), {
      stream: io.stdout,
      json: flags.json,
      folder,
      flags,
      durationMs: durationMs === null ? null : durationMs / batch.service.speed,
    });
    return exitCodes.allSaved.code;
  }
  if (flags.budgetMicroUsd !== null && priceOf(context.model, context.input) === null) {
    throw new UsageError(`Expected a known price to keep \`--budget\`, got none for ${context.model}`, {
      suggestion: 'Give the price of one image with --price USD.',
    });
  }
  return runBatch({ ...batch, plans });
}
