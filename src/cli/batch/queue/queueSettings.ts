import { isAbsolute, posix, relative, resolve, sep } from 'node:path';
import { UsageError } from '../../../errors.ts';
import type { StoredSettings } from '../../../fleet/storedSettings.ts';
import {
  contextsOf,
  type JobsToPlan,
  type PlannedBatch,
} from '../../../pipelines/front/planning/planBatch.ts';
import { runDefaults } from '../../../pipelines/run/settings.ts';
import { parseS3Url } from '../../../sinks/destinations/s3Address.ts';
import type { SettledFlags } from '../../flags/flags.ts';
import { runSettings } from '../runSettings.ts';

/** Where the files of a queued run go: one of the two is null. */
export interface QueuePlace {
  /** Name of the run. */
  readonly name: string;
  /** Path of the run folder below the shared one, with slashes. */
  readonly folder: string | null;
  /** `s3://bucket/prefix`. */
  readonly bucketUrl: string | null;
}

/** Returns the place of a run: its folder in the shared one, or else the bucket of `--to`. */
export function queuePlace(
  { shared, destinations }: Pick<SettledFlags, 'shared' | 'destinations'>,
  folder: string,
): QueuePlace {
  if (shared !== null) {
    const path = sharedFolder(shared, folder);
    return { name: path, folder: path, bucketUrl: null };
  }
  const [url, ...others] = destinations;
  if (url === undefined) {
    throw new UsageError('`--queue` needs a place that all machines reach: a folder or a bucket.', {
      suggestion: 'Give `--shared DIR`, the folder that all have mounted, or `--to s3://BUCKET/PREFIX`.',
    });
  }
  if (others.length > 0) {
    throw new UsageError(`Expected one \`--to\` without \`--shared\`, got ${destinations.length}`, {
      suggestion: 'The originals have one place: copy the bucket afterwards.',
    });
  }
  const { bucket, prefix } = parseS3Url(url);
  return { name: `s3://${posix.join(bucket, prefix)}`, folder: null, bucketUrl: url };
}

/** Returns the path of the run folder below the shared one, with slashes. */
function sharedFolder(shared: string, folder: string): string {
  const path = relative(resolve(shared), folder);
  if (path !== '' && !path.startsWith('..') && !isAbsolute(path)) return path.split(sep).join('/');
  throw new UsageError(`Expected \`--out\` to be a folder below ${resolve(shared)}, got ${folder}`, {
    suggestion: 'Choose one with --out.',
  });
}

/** Returns the settings of a run as its workers need them, from the flags. */
export function storedSettings(
  batch: Pick<JobsToPlan, 'context'> & { readonly flags: SettledFlags },
  { fallbacks }: PlannedBatch,
  own: Pick<StoredSettings, 'service' | 'folder' | 'bucket'>,
): StoredSettings {
  const { flags } = batch;
  const settings = runSettings(flags);
  const { maxOutputBytes = runDefaults.maxOutputBytes, provenance = runDefaults.provenance } = settings;
  return {
    format: 1,
    ...own,
    gallery: flags.gallery,
    limits: {
      maxAttempts: flags.maxAttempts,
      timeoutMs: flags.timeoutMs,
      waitMs: settings.waitMs ?? 60_000,
      maxOutageMs: settings.maxOutageMs ?? runDefaults.maxOutageMs,
      maxOutputBytes,
    },
    recovery: {
      timeoutAction: flags.onTimeout,
      breakerFailures: flags.breakerFailures,
      lookForMs: flags.lookForMs,
      repay: flags.repay,
    },
    outputs: {
      provenance,
      keepOriginals: flags.keepOriginals,
      sidecars: flags.sidecars,
      destinations: own.bucket === null ? [...flags.destinations] : [],
    },
    prices: { all: settings.priceMicroUsd ?? null, byModel: { ...settings.pricesMicroUsd } },
    fallbacks: {
      models: fallbacks.map((fallback) =>
        fallback === 'new-seed'
          ? fallback
          : { model: { ...fallback.model }, version: fallback.version ?? null },
      ),
      schemas: Object.fromEntries(contextsOf(batch).map(({ model, schema }) => [model, schema])),
    },
    webhookUrl: flags.follow === 'webhook' ? flags.webhookUrl : null,
  };
}
