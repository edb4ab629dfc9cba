import { z } from 'zod';
import { storedPath } from '../disk/insideFolder.ts';
import { UsageError } from '../errors.ts';
import { priceFor } from '../pipelines/run/runConfig.ts';
import type { RunSettings } from '../pipelines/run/settings.ts';
import type { PredictionEvents, Provider } from '../ports.ts';
import { estimateMicroUsd } from '../providers/prices/cost.ts';
import { fallbackRequests } from '../sources/planning/fallbackRequests.ts';
import type { ModelInput, ModelSchema } from '../types.ts';

const schemaShape = z.object({
  properties: z.record(z.string(), z.looseObject({ type: z.string().nullable() })),
  required: z.array(z.string()),
  outputsText: z.boolean().exactOptional(),
});
const modelSchema = z.custom<ModelSchema>((value) => schemaShape.safeParse(value).success).nullable();
const modelVersion = z.string().nullable();

const fallback = z.union([
  z.literal('new-seed'),
  z.object({
    model: z.object({
      name: z.string(),
      latestVersion: z.string().nullable(),
      isOfficial: z.boolean().nullable(),
      schema: modelSchema,
    }),
    version: modelVersion,
  }),
]);

/** Version of the settings. A worker takes no run with a newer one. */
const SETTINGS_FORMAT = 1;
const microUsd = z.int().nonnegative();

/**
 * The settings of a run that each worker needs, as JSON: no function, no secret, no path of a
 * machine. Amounts are millionths of a US dollar.
 */
const storedSettingsSchema = z.strictObject({
  format: z.literal(SETTINGS_FORMAT),
  /** Name of the service; null if it has none. */
  service: z.string().nullable(),
  /**
   * Path of the run folder below the folder that all machines share; null: they share none, and the
   * files go to the bucket.
   */
  folder: storedPath.nullable(),
  /** The bucket of a run without a shared folder; null: it has one. */
  bucket: z
    .object({
      /** `s3://bucket/prefix`. */
      url: z.string(),
      /** Word by which the prefix belongs to this run. */
      claim: z.string(),
    })
    .nullable(),
  /** True if thumbnails are made. */
  gallery: z.boolean(),
  limits: z.object({
    maxAttempts: z.int().min(1),
    timeoutMs: z.int().min(1),
    waitMs: z.int().nonnegative(),
    maxOutageMs: z.int().nonnegative(),
    maxOutputBytes: z.int().min(1),
  }),
  recovery: z.object({
    timeoutAction: z.enum(['cancel', 'leave']),
    breakerFailures: z.int().nonnegative(),
    lookForMs: z.int().nonnegative(),
    repay: z.boolean(),
  }),
  outputs: z.object({
    provenance: z.enum(['full', 'minimal', 'none']),
    keepOriginals: z.boolean(),
    sidecars: z.boolean(),
    /** `s3://bucket/prefix`. */
    destinations: z.array(z.string()),
  }),
  /** Prices of one output image over the built-in table: of all models, and by model. */
  prices: z.object({ all: microUsd.nullable(), byModel: z.record(z.string(), microUsd) }),
  /** The models to try if one fails, and the schemas that the plans of each model were made for. */
  fallbacks: z.object({ models: z.array(fallback), schemas: z.record(z.string(), modelSchema) }),
  /** Address to which the service sends webhooks; null: none. */
  webhookUrl: z.url().nullable(),
});

/** The settings of a run as they are stored in the database of a fleet. */
export type StoredSettings = z.infer<typeof storedSettingsSchema>;

/** The settings that a worker has of its own, and the database does not. */
export interface OwnSettings {
  readonly provider: Provider;
  /** Folder of this worker; absolute. */
  readonly folder: string;
  /** The reports that the service's webhooks bring. Default: none. */
  readonly events?: PredictionEvents['events'];
}

/**
 * Reads stored settings. Throws `UsageError` if a newer version of rxposure has stored them, or
 * they are damaged.
 */
export function readStoredSettings(stored: unknown): StoredSettings {
  const read = storedSettingsSchema.safeParse(stored);
  if (read.success) return read.data;
  throw new UsageError('The settings of this run are of another version of rxposure than this worker.', {
    suggestion: 'Update rxposure on this machine, or leave the run to other workers.',
    cause: read.error,
  });
}

/**
 * Makes the settings of a run on a worker: its prices, fallbacks and webhooks are those of every
 * other worker.
 */
export function runSettingsOf(stored: StoredSettings, own: OwnSettings): RunSettings {
  const { limits, recovery, outputs, prices, webhookUrl } = stored;
  const { destinations, ...others } = outputs;
  const { provider, folder, events } = own;
  return {
    provider,
    folder,
    ...limits,
    ...recovery,
    ...others,
    destinations: destinations.map((url) => async (root: string) => {
      const { openS3 } = await import('../sinks/destinations/s3.ts');
      return openS3(url, root);
    }),
    ...moneyOf(prices),
    fallbacksOf: fallbacksIn(stored),
    ...(webhookUrl !== null && events !== undefined && { webhooks: { url: webhookUrl, events } }),
  };
}

function moneyOf({ all, byModel }: StoredSettings['prices']) {
  return { pricesMicroUsd: byModel, ...(all !== null && { priceMicroUsd: all }) };
}

function fallbacksIn({ fallbacks, prices }: StoredSettings): NonNullable<RunSettings['fallbacksOf']> {
  const { models, schemas } = fallbacks;
  const money = moneyOf(prices);
  const priceOf = (model: string, input: ModelInput) =>
    estimateMicroUsd(model, input, priceFor(model, money));
  const requestsOf = new Map(
    Object.entries(schemas).map(([model, schema]) => {
      return [model, fallbackRequests({ fallbacks: models, schema, priceOf })] as const;
    }),
  );
  return (plan) => requestsOf.get(plan.model)?.(plan) ?? [];
}
