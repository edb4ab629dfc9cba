import { resolve } from 'node:path';
import { isSecretInput } from '../../base/secretInputs.ts';
import { UsageError } from '../../errors.ts';
import type { EmitEvent } from '../../events/runEvent.ts';
import type { Provider } from '../../ports.ts';
import { estimateMicroUsd } from '../../providers/prices/cost.ts';
import { readServiceEnvironment, secretsIn } from '../../providers/replicate/credentials.ts';
import { createReplicateProvider } from '../../providers/replicate/replicateProvider.ts';
import { parseRendition } from '../../renditions/notation.ts';
import { readableOverlays } from '../../renditions/overlays.ts';
import { checkInputs } from '../../sources/modelInputs/checkInput.ts';
import { inputFiles } from '../../sources/modelInputs/inputFiles.ts';
import { takesFile } from '../../sources/modelInputs/pictureInput.ts';
import { fallbackRequests } from '../../sources/planning/fallbackRequests.ts';
import type { JobContext } from '../../sources/planning/jobContext.ts';
import { type PlanJobsConfig, planJobs } from '../../sources/planning/planJobs.ts';
import { fingerprintOf } from '../../sources/planning/requestKey.ts';
import { jobsFromRows, validateRows } from '../../sources/promptFiles/promptJobs.ts';
import { misspelledInputs } from '../../sources/promptFiles/rowFields.ts';
import type { ModelInput, Plan } from '../../types.ts';
import type { PlanSource } from '../run/recoveryRounds.ts';
import { priceFor } from '../run/runConfig.ts';
import type { RunSettings } from '../run/settings.ts';
import { findModel, parseModel } from './findModel.ts';
import { type ImagesOptions, moneySettings, sharedSettings } from './options.ts';
import { openPrompts, type Prompts } from './prompts.ts';

/** All that a run in a folder needs. */
interface PreparedRun {
  readonly plans: PlanSource;
  readonly total: number;
  readonly settings: RunSettings;
}

/**
 * Reads the prompts, looks up the model and checks everything, before anything is created. Rejects
 * with `UsageError` or `InvalidRowsError` if something is wrong, with `ProviderError` if the
 * service cannot be asked.
 */
export async function prepareImages(
  prompts: Prompts,
  options: ImagesOptions,
  emit: EmitEvent,
): Promise<PreparedRun> {
  const money = moneySettings(options);
  const shared = sharedSettings(options);
  const reference = parseModel(options.model);
  const provider = options.provider ?? options.session?.provider ?? replicateFromEnvironment(emit);
  const { file, folder, input } = await openPrompts(prompts);
  const model = await findModel(provider, reference);
  const context = await contextOf(options, { ...model, version: reference.version }, folder);
  const { rows, fieldNames } = await validateRows(file, context);
  for (const { field, input: meant } of misspelledInputs(fieldNames, context.schema)) {
    const message = `\`${field}\` is a tag and is not sent: the model has no such input. Did you mean \`${meant}\`?`;
    emit({ type: 'warning', message });
  }
  const planning = {
    organize: options.organize ?? 'flat',
    ...(options.folderSize === undefined ? {} : { folderSize: options.folderSize }),
    date: new Date().toISOString().slice(0, 10),
    knownNames: [...Object.keys(context.schema?.properties ?? {}), ...fieldNames],
    reuseUnseeded: options.cacheUnseeded ?? false,
    priceOf: (name: string, own: ModelInput) => estimateMicroUsd(name, own, priceFor(name, money)),
  } satisfies PlanJobsConfig;
  const fallbacksOf = await fallbacks(options, context, { provider, ...planning });
  const layout = `${planning.organize}/${planning.folderSize ?? ''}`;
  return {
    plans: () => planJobs(jobsFromRows(file.rows(), context), planning),
    total: Math.min(rows * context.count, context.limit ?? Number.POSITIVE_INFINITY),
    settings: {
      ...shared,
      ...money,
      ...(await destinationSettings(options)),
      ...followSettings(options),
      ...sessionSettings(options),
      folder: resolve(options.to),
      provider,
      input,
      fingerprint: `${fingerprintOf(file.sha256, context)} ${layout}`,
      haveFiles: mayHaveFiles(context, fieldNames),
      fallbacksOf,
      ...(options.cache === undefined ? {} : { cacheFolder: options.cache }),
      ...(hasSecrets(context) ? { secretInputs: context.input } : {}),
    },
  };
}

function replicateFromEnvironment(emit: EmitEvent): Provider {
  const { token, baseUrl } = readServiceEnvironment(process.env);
  if (token === null) {
    throw new UsageError('There is no API token: set REPLICATE_API_TOKEN, or give a `provider`.', {
      suggestion: 'Tokens are at https://replicate.com/account/api-tokens.',
    });
  }
  return createReplicateProvider({
    token,
    secrets: secretsIn(process.env),
    ...(baseUrl === null ? {} : { baseUrl }),
    onWarning: (message) => emit({ type: 'warning', message }),
  });
}

async function contextOf(
  options: ImagesOptions,
  model: Pick<JobContext, 'schema' | 'version'> & { readonly name: string },
  folder: string,
): Promise<JobContext> {
  const { input = {}, count = 1, seed = 'auto', limit, allowFiles = [] } = options;
  const { name, schema, version } = model;
  if (schema !== null) checkInputs(name, schema, input);
  // What the program itself says is its own word; rows may come from somebody else.
  const files = await inputFiles(input, { schema, allowFiles: 'any' });
  const renditions = (options.renditions ?? []).map((rendition) =>
    typeof rendition === 'string' ? parseRendition(rendition) : rendition,
  );
  return {
    model: name,
    version,
    schema,
    input,
    ...(Object.keys(files).length === 0 ? {} : { files }),
    folder,
    allowFiles,
    count,
    seed,
    renditions: await readableOverlays(renditions, process.cwd()),
    ...(limit === undefined ? {} : { limit }),
  };
}

function hasSecrets({ input, schema }: JobContext): boolean {
  return Object.keys(input).some((name) => isSecretInput(schema?.properties[name]));
}

function mayHaveFiles({ files = {}, schema }: JobContext, fieldNames: ReadonlySet<string>): boolean {
  if (Object.keys(files).length > 0) return true;
  return Object.entries(schema?.properties ?? {}).some(
    ([name, property]) => fieldNames.has(name) && takesFile(property),
  );
}

/** Looks up the fallbacks, and checks that a budget has prices to go by. */
async function fallbacks(
  options: ImagesOptions,
  { model, schema, input }: JobContext,
  { provider, priceOf }: Pick<Required<PlanJobsConfig>, 'priceOf'> & { readonly provider: Provider },
): Promise<(plan: Plan) => ReturnType<ReturnType<typeof fallbackRequests>>> {
  const found = await Promise.all(
    (options.fallback ?? []).map(async (text) => {
      if (text === 'new-seed') return text;
      const reference = parseModel(text);
      return { model: await findModel(provider, reference), version: reference.version };
    }),
  );
  const hasBudget = options.budgetUsd !== undefined || options.session?.hasBudget === true;
  const names = [model, ...found.flatMap((each) => (each === 'new-seed' ? [] : [each.model.name]))];
  const unpriced = hasBudget ? names.find((name) => priceOf(name, input) === null) : undefined;
  if (unpriced !== undefined) {
    throw new UsageError(`A budget needs a known price, and there is none for ${unpriced}.`, {
      suggestion: `Give the price of one image: pricesUsd: { '${unpriced}': 0.04 }.`,
    });
  }
  return fallbackRequests({ fallbacks: found, schema, priceOf });
}

async function destinationSettings({
  destinations = [],
}: ImagesOptions): Promise<Pick<RunSettings, 'destinations'>> {
  if (destinations.length === 0) return {};
  // Loaded only here: most runs have no destination.
  const { openS3, parseS3Url } = await import('../../sinks/destinations/s3.ts');
  const { openWebDataset } = await import('../../sinks/destinations/webDataset.ts');
  return {
    destinations: destinations.map((destination) => {
      if (typeof destination === 'function') return destination;
      if (destination === 'webdataset') return (folder: string) => openWebDataset(folder);
      parseS3Url(destination);
      return (folder: string) => openS3(destination, folder);
    }),
  };
}

function followSettings({ follow = 'wait' }: ImagesOptions): Pick<RunSettings, 'waitMs' | 'webhooks'> {
  if (follow === 'wait') return {};
  return follow === 'poll' ? { waitMs: 0 } : { waitMs: 0, webhooks: follow };
}

function sessionSettings({
  session,
  concurrency,
}: ImagesOptions): Pick<RunSettings, 'session' | 'concurrency'> {
  if (session === undefined) return {};
  return { session: session.shared, concurrency: concurrency ?? session.concurrency };
}
