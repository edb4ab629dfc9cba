import type { Observable } from 'rxjs';
import type { ModelReference } from '../../../base/modelName.ts';
import type { UsageError } from '../../../errors.ts';
import type { Provider } from '../../../ports.ts';
import { embedProvenance } from '../../../provenance/embedProvenance.ts';
import { xmpProperties } from '../../../provenance/xmp.ts';
import { estimateMicroUsd } from '../../../providers/prices/cost.ts';
import { checkReachableSizes } from '../../../renditions/reachableSizes.ts';
import { takesFile } from '../../../sources/modelInputs/pictureInput.ts';
import {
  type FallbackModel,
  fallbackRequests,
  type NewSeed,
} from '../../../sources/planning/fallbackRequests.ts';
import type { JobContext } from '../../../sources/planning/jobContext.ts';
import { checkCaptions } from '../../../sources/planning/jobTemplate.ts';
import { type PlanJobsConfig, planJobs } from '../../../sources/planning/planJobs.ts';
import { createUploadTally } from '../../../sources/planning/plannedUploads.ts';
import type {
  Job,
  Plan,
  PlannedUploads,
  PricedRequest,
  ProvenanceWriter,
  RenditionSpec,
} from '../../../types.ts';
import type { FinishedRun } from '../../run/closing/results.ts';
import type { PlanSource } from '../../run/recoveryRounds.ts';
import { priceFor } from '../../run/runConfig.ts';
import type { RunSettings } from '../../run/settings.ts';
import { runCounted } from '../../runToFolder.ts';
import { findModel } from './findModel.ts';
import { savedJobs } from './savedJobs.ts';

/** The settings of a run that plans its jobs itself. */
export type PlanningSettings = RunSettings & PlanJobsConfig;

/** Jobs that are not planned yet. */
export interface JobsToPlan {
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
  /**
   * True if the jobs may have files that neither context nor tags show, as a spec's. Default false.
   */
  readonly haveFiles?: boolean;
  /**
   * Identifies the input and the settings that change requests; null: jobs are compared one by one.
   */
  readonly fingerprint: string | null;
  /** Plans and runs the jobs. Default: `runToFolder`. */
  readonly run?: (settings: PlanningSettings) => Observable<FinishedRun>;
}

/** The choices that plans follow from. */
export interface PlanningChoices
  extends Pick<PlanJobsConfig, 'organize' | 'folderSize' | 'reuseUnseeded'>,
    Pick<RunSettings, 'priceMicroUsd' | 'pricesMicroUsd' | 'provenance'> {
  /** Models to try if one fails for good. Default: none. */
  fallbacks?: readonly (ModelReference | NewSeed)[];
  /** The service that is asked for the fallbacks. */
  provider: Provider;
  /**
   * Returns the error of a model without a known price, which a budget needs. Default: there is no
   * budget.
   */
  unpriced?: ((model: string) => UsageError) | undefined;
}

/** The next try if a model fails: another one, or another seed. */
export type Fallback = FallbackModel | NewSeed;

/** Jobs that are planned and checked, and can be run. */
export interface PlannedBatch {
  readonly plans: PlanSource;
  /** Counts the local files of the jobs that the folder has no result of; null: there are none. */
  uploadsIn(folder: string): Promise<PlannedUploads | null>;
  readonly settings: Pick<RunSettings, 'fallbacksOf' | 'haveFiles' | 'fingerprint'>;
  /** The tries if a model fails, as data, in their order. */
  readonly fallbacks: readonly Fallback[];
  run(settings: RunSettings): Observable<FinishedRun>;
}

/**
 * Plans jobs and checks all that can be known before anything is created: templates of paths and
 * captions, sizes in bytes, fallbacks, and that a budget has prices to go by. Rejects with
 * `UsageError` if one of them is wrong.
 */
export async function planBatch(batch: JobsToPlan, choices: PlanningChoices): Promise<PlannedBatch> {
  const { jobs, total, renditions = [], fingerprint } = batch;
  const contexts = contextsOf(batch);
  const planning = planningOf(batch, choices);
  const plans = () => planJobs(jobs(), planning);
  // Invalid templates throw here, before anything has started.
  plans();
  checkCaptions(renditionsOf(contexts, renditions), planning);
  await checkReachableSizes(renditionsOf(contexts, renditions), leastProvenance(choices));
  const fallbacks = await findFallbacks(choices);
  const fallbacksOf = fallbackRequestsOf(fallbacks, contexts, planning, choices);
  const haveFiles = mayHaveFiles(batch);
  // Layouts decide the names of files, which a later run compares.
  const layout = `${planning.organize}/${planning.folderSize ?? ''}`;
  const settings = {
    fallbacksOf,
    haveFiles,
    ...(fingerprint === null ? {} : { fingerprint: `${fingerprint} ${layout}` }),
  };
  const { run = (given: PlanningSettings) => runCounted(plans, total, given) } = batch;
  return {
    plans,
    settings,
    fallbacks,
    uploadsIn: (folder) => (haveFiles ? uploadsOf(plans(), folder) : Promise.resolve(null)),
    run: (given) => run({ ...given, ...planning, ...settings }),
  };
}

/** Returns the contexts of a batch, one for each of its models. */
export function contextsOf({ context }: Pick<JobsToPlan, 'context'>): readonly JobContext[] {
  return [context].flat();
}

function renditionsOf(contexts: readonly JobContext[], renditions: readonly RenditionSpec[]) {
  return [...renditions, ...contexts.flatMap((each) => each.renditions)];
}

function planningOf(batch: JobsToPlan, choices: PlanningChoices) {
  const { organize = 'flat', folderSize, reuseUnseeded = false } = choices;
  const inputs = contextsOf(batch).flatMap(({ schema }) => Object.keys(schema?.properties ?? {}));
  return {
    organize,
    ...(folderSize === undefined ? {} : { folderSize }),
    date: new Date().toISOString().slice(0, 10),
    knownNames: [...inputs, ...batch.tagNames],
    reuseUnseeded,
    priceOf: priceOf(choices),
  } satisfies PlanJobsConfig;
}

/** Prices requests by the service, else by the built-in table: as the run itself does. */
function priceOf(choices: PlanningChoices): Required<PlanJobsConfig>['priceOf'] {
  return (model, input) => {
    const priceMicroUsd = priceFor(model, choices);
    const { answers } = choices.provider;
    return (
      answers.estimateOf?.({ model, input }, priceMicroUsd) ?? estimateMicroUsd(model, input, priceMicroUsd)
    );
  };
}

/** Returns a writer of the least provenance that an image of a run with these choices may have. */
function leastProvenance({ provenance }: PlanningChoices): ProvenanceWriter {
  if (provenance === 'none') return async (bytes) => bytes;
  const least = { model: 'a/b', version: null, prompt: null, predictionId: '', completedAt: null };
  return async (bytes, format) => {
    const result = embedProvenance(bytes, format, xmpProperties(least));
    return 'marked' in result ? result.marked : bytes;
  };
}

function mayHaveFiles(batch: JobsToPlan): boolean {
  if (batch.haveFiles === true) return true;
  const names = [...batch.tagNames];
  return contextsOf(batch).some(({ schema, files = {} }) => {
    if (Object.keys(files).length > 0) return true;
    const properties = names.map((name) => schema?.properties[name]);
    return properties.some((property) => property !== undefined && takesFile(property));
  });
}

/** Looks up the fallbacks, so that a wrong name fails before anything is paid. */
function findFallbacks({ fallbacks = [], provider }: PlanningChoices): Promise<readonly Fallback[]> {
  return Promise.all(
    fallbacks.map(async (reference) =>
      reference === 'new-seed'
        ? reference
        : { model: await findModel(provider, reference), version: reference.version },
    ),
  );
}

function fallbackRequestsOf(
  fallbacks: readonly Fallback[],
  contexts: readonly JobContext[],
  { priceOf }: Pick<Required<PlanJobsConfig>, 'priceOf'>,
  { unpriced }: PlanningChoices,
): (plan: Plan) => readonly PricedRequest[] {
  const others = fallbacks.flatMap((fallback) => (fallback === 'new-seed' ? [] : [fallback.model.name]));
  const requests = contexts.map(({ model, schema, input }) => {
    const unknown = [model, ...others].find((name) => priceOf(name, input) === null);
    if (unknown !== undefined && unpriced !== undefined) throw unpriced(unknown);
    return [model, fallbackRequests({ fallbacks, schema, priceOf })] as const;
  });
  const requestsOf = new Map(requests);
  return (plan) => requestsOf.get(plan.model)?.(plan) ?? [];
}

async function uploadsOf(plans: AsyncIterable<Plan>, folder: string): Promise<PlannedUploads | null> {
  const isSaved = await savedJobs(folder);
  const uploads = createUploadTally();
  for await (const plan of plans) if (!isSaved(plan)) uploads.add(plan);
  return uploads.total();
}
