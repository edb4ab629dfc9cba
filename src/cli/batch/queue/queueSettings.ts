import { isAbsolute, relative, resolve, sep } from 'node:path';
import { UsageError } from '../../../errors.ts';
import type { StoredSettings } from '../../../fleet/storedSettings.ts';
import {
  contextsOf,
  type JobsToPlan,
  type PlannedBatch,
} from '../../../pipelines/front/planning/planBatch.ts';
import { runDefaults } from '../../../pipelines/run/settings.ts';
import type { SettledFlags } from '../../flags/flags.ts';
import { runSettings } from '../runSettings.ts';

/** Returns the path of the run folder below the shared one, with slashes. */
export function sharedFolder(shared: string | null, folder: string): string {
  if (shared === null) {
    throw new UsageError('`--queue` needs `--shared DIR`, the folder that all machines have mounted.', {
      suggestion: 'Give it to each worker, too.',
    });
  }
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
  own: Pick<StoredSettings, 'service' | 'folder'>,
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
      destinations: [...flags.destinations],
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
    only: null,
    webhookUrl: flags.follow === 'webhook' ? flags.webhookUrl : null,
    signerSha256: null,
  };
}
