import { resolve } from 'node:path';
import { concatMap, lastValueFrom, takeUntil } from 'rxjs';
import { abortOf, fromAbortable } from '../../base/fromAbortable.ts';
import type { ModelReference } from '../../base/modelName.ts';
import { checkOptions } from '../../base/options.ts';
import { isSecretInput } from '../../base/secretInputs.ts';
import { UsageError } from '../../errors.ts';
import type { EmitEvent, RunEvent } from '../../events/runEvent.ts';
import type { Provider, Scorer } from '../../ports.ts';
import type { JobContext } from '../../sources/planning/jobContext.ts';
import type { BatchSpec } from '../../sources/specs/batchSpec.ts';
import type { RunInput } from '../../store/runFile.ts';
import type { ModelInput, PlannedUploads, ScoringModel } from '../../types.ts';
import type { RunSettings } from '../run/settings.ts';
import { createImagesRun, endingRules, type PlannedRun } from './imagesRun.ts';
import type { BatchOptions, WorkflowOptions } from './options.ts';
import { parseFallback, parseModel } from './planning/findModel.ts';
import { asUsage, expectRunOptions, unusedPrices, withRows } from './planning/frontErrors.ts';
import type { ContextChoices } from './planning/jobContexts.ts';
import { contextsOf, type JobsToPlan, type PlannedBatch, planBatch } from './planning/planBatch.ts';
import { planRun, type RunPlan } from './runPlan.ts';
import { openScore } from './score.ts';
import {
  checkNames,
  moneySettings,
  type OptionNames,
  providerOf,
  settingsOf,
  unpricedError,
} from './settings.ts';

/** The service, folder and signal with which a front reads its jobs. */
export interface FrontSetup {
  readonly provider: Provider;
  /** The run folder; absolute. */
  readonly folder: string;
  readonly emit: EmitEvent;
  /** Aborts when the run is left before it has read its jobs. */
  readonly signal: AbortSignal;
}

/** The jobs of a front. */
export interface FrontJobs extends JobsToPlan {
  /** The input that the folder belongs to. */
  readonly input: RunInput;
  /** The options, with the spec's values in place of those that are missing. */
  readonly options: BatchOptions;
  /** The model that rates its images, if the options do not name it. Default: none. */
  readonly scorer?: Scorer | ScoringModel;
}

/**
 * Makes the run of a front. Reads and checks everything before anything is created, and once, also
 * if it is planned first. `names` are those of its options.
 */
export function startFront(
  options: BatchOptions,
  names: OptionNames,
  read: (setup: FrontSetup) => Promise<FrontJobs>,
): PlannedRun {
  expectRunOptions(options);
  const noted: RunEvent[] = [];
  let listener: EmitEvent | null = null;
  const emit: EmitEvent = (event) => {
    if (listener === null) noted.push(event);
    else listener(event);
  };
  const left = new AbortController();
  let prepared: Promise<PreparedRun> | null = null;
  const prepareOnce = (): Promise<PreparedRun> => {
    prepared ??= prepare(options, names, { read, emit, signal: left.signal }).catch(withRows);
    return prepared;
  };
  const run = createImagesRun(
    ({ emit: listen = () => {}, ...control }) =>
      fromAbortable((signal) => {
        listener = listen;
        for (const event of noted) listen(event);
        signal.addEventListener('abort', () => left.abort(), { once: true });
        return prepareOnce();
      }).pipe(
        takeUntil(control.stop),
        concatMap(({ planned, settings, uploads }) => {
          if (uploads !== null) listen({ type: 'uploads.planned', ...uploads });
          return planned.run({ ...settings, ...control, emit: listen });
        }),
      ),
    options,
  );
  const plan = async (): Promise<RunPlan> => {
    const { signal } = options;
    asUsage(() => checkOptions({ signal }, endingRules));
    const planning = fromAbortable(async (leaving) => {
      leaving.addEventListener('abort', () => left.abort(), { once: true });
      const { planned, settings, uploads } = await prepareOnce();
      const warnings = noted.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
      return planRun(planned.plans, { ...settings, uploads, warnings, signal: leaving });
    }).pipe(takeUntil(abortOf(signal)));
    const made = await lastValueFrom(planning, { defaultValue: null });
    if (made === null) throw signal?.reason;
    return made;
  };
  return { ...run, plan };
}

interface PreparedRun {
  readonly planned: PlannedBatch;
  readonly settings: RunSettings;
  readonly uploads: PlannedUploads | null;
}

async function prepare(
  given: BatchOptions,
  names: OptionNames,
  {
    read,
    emit,
    signal,
  }: Pick<FrontSetup, 'emit' | 'signal'> & { read: (setup: FrontSetup) => Promise<FrontJobs> },
): Promise<PreparedRun> {
  checkNames(given, names);
  const chosen = settingsOf(given);
  moneySettings(given);
  if (given.detach === true && given.cache !== undefined) throw detachWithCache();
  if (given.cacheUnseeded === true && given.cache === undefined) throw unseededWithoutCache();
  const folder = folderOf(given);
  const provider = providerOf(given, emit);
  const { input, options, scorer: ownScorer, ...batch } = await read({ provider, folder, emit, signal });
  const money = moneySettings(options);
  const {
    organize = 'flat',
    folderSize,
    cacheUnseeded = false,
    cache,
    only,
    detach,
    provenance,
    fallback = [],
  } = options;
  const planned = await planBatch(batch, {
    organize,
    ...(folderSize === undefined ? {} : { folderSize }),
    reuseUnseeded: cacheUnseeded,
    ...money,
    ...(provenance === undefined ? {} : { provenance }),
    fallbacks: fallback.map((text) => parseFallback(text)),
    provider,
    unpriced: unpricedError(options),
  });
  const { score, allowFiles = [] } = options;
  const rating = { provider, money, allowFiles, unpriced: unpricedError(options) };
  const scorer = score === undefined ? undefined : await openScore(score, rating);
  const models = [
    ...contextsOf(batch).map(({ model }) => model),
    ...planned.fallbacks.flatMap((next) => (next === 'new-seed' ? [] : [next.model.name])),
    ...[scorer, ownScorer].flatMap((rater) => (typeof rater === 'object' ? [rater.model] : [])),
  ];
  for (const message of unusedPrices(options.pricesUsd ?? {}, models)) emit({ type: 'warning', message });
  const uploads = await planned.uploadsIn(folder);
  return {
    planned,
    uploads,
    settings: {
      ...chosen,
      ...money,
      folder,
      provider,
      input,
      ...(only === undefined ? {} : { only }),
      ...(detach === undefined ? {} : { detach }),
      ...(cache === undefined ? {} : { cacheFolder: cache }),
      ...(scorer === undefined ? {} : { scorer }),
      ...secretsOf(contextsOf(batch)),
    },
  };
}

function folderOf({ to }: Pick<BatchOptions, 'to'>): string {
  if (typeof to === 'string' && to !== '') return resolve(to);
  throw new UsageError(`Expected \`to\` to be the path of a folder, got ${JSON.stringify(to)}`);
}

function detachWithCache(): UsageError {
  return new UsageError('`detach` and `cache` cannot be used together.', {
    suggestion: 'Leave one out: a detached run ends before there are results to store.',
  });
}

function unseededWithoutCache(): UsageError {
  return new UsageError('`cacheUnseeded` works only with `cache`.', {
    suggestion: 'Give a folder as cache, or leave out cacheUnseeded.',
  });
}

function secretsOf(contexts: readonly JobContext[]): Pick<RunSettings, 'secretInputs'> {
  const pairs = contexts.flatMap(({ input, schema }) =>
    Object.entries(input).some(([name]) => isSecretInput(schema?.properties[name]))
      ? Object.entries(input)
      : [],
  );
  const secretInputs: ModelInput = Object.fromEntries(pairs);
  return pairs.length === 0 ? {} : { secretInputs };
}

/** Returns the choices that options make for all jobs. */
export function choicesOf({
  input = {},
  count = 1,
  seed = 'auto',
  limit,
  renditions = [],
  allowFiles = [],
}: BatchOptions): ContextChoices {
  return { input: Object.entries(input), count, seed, limit, renditions, allowFiles };
}

/** Returns the model that options give; undefined for none. */
export function givenModel({ model }: WorkflowOptions): ModelReference | undefined {
  return model === undefined ? undefined : parseModel(model);
}

/** Puts the values of a spec in the place of options that are missing. */
export function withSpec<Options extends BatchOptions>(
  options: Options,
  { budgetUsd, priceUsd, count, seed, organize }: BatchSpec,
): Options {
  const settled = {
    budgetUsd: options.budgetUsd ?? budgetUsd ?? undefined,
    priceUsd: options.priceUsd ?? priceUsd ?? undefined,
    count: options.count ?? count ?? undefined,
    seed: options.seed ?? seed ?? undefined,
    organize: options.organize ?? organize ?? undefined,
  };
  return { ...options, ...defined(settled) };
}

/** Leaves out undefined values. */
function defined<T extends object>(values: T): { [Name in keyof T]?: Exclude<T[Name], undefined> };
function defined(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
