import { readFile } from 'node:fs/promises';
import { fileProblem } from '../../disk/storageError.ts';
import { UsageError } from '../../errors.ts';
import { type RunSettings, runDefaults } from '../../pipelines/run/settings.ts';
import { createPictureSigner, type PictureSigner } from '../../provenance/signPicture.ts';
import { openS3, parseS3Url } from '../../sinks/destinations/s3.ts';
import { openWebDataset } from '../../sinks/destinations/webDataset.ts';
import type { Flags, SettledFlags } from '../flags/flags.ts';

/** Returns the run settings of some flags. Throws `UsageError` if they contradict each other. */
export function runSettings(flags: SettledFlags): Omit<RunSettings, 'folder' | 'provider'> {
  if (flags.concurrency === 'auto' && flags.strategy !== 'stream') throw autoWithoutStream(flags.strategy);
  return {
    strategy: flags.strategy,
    concurrency: flags.concurrency,
    ...(flags.waveSize === null ? {} : { waveSize: flags.waveSize }),
    wavePauseMs: flags.wavePauseMs,
    continueOnError: !flags.failFast,
    ratePerMinute: flags.ratePerMinute,
    maxWaitMs: flags.maxWaitMs ?? runDefaults.maxWaitMs,
    maxOutageMs: flags.maxWaitMs ?? runDefaults.maxOutageMs,
    maxAttempts: flags.maxAttempts,
    breakerFailures: flags.breakerFailures,
    ...(flags.only === null ? {} : { only: flags.only.has }),
    ...(flags.allowFiles.length === 0 ? {} : { allowFiles: flags.allowFiles }),
    maxOutputBytes: flags.maxOutputBytes,
    ...(flags.modelInput.length === 0 ? {} : { secretInputs: Object.fromEntries(flags.modelInput) }),
    timeoutMs: flags.timeoutMs,
    timeoutAction: flags.onTimeout,
    gallery: flags.gallery,
    sidecars: flags.sidecars,
    provenance: flags.provenance,
    keepOriginals: flags.keepOriginals,
    lookForMs: flags.lookForMs,
    repay: flags.repay,
    recoveryRounds: flags.recoveryRounds,
    ...(flags.cache === null ? {} : { cacheFolder: flags.cache }),
    ...(flags.budgetMicroUsd === null ? {} : { budgetMicroUsd: flags.budgetMicroUsd }),
    ...(flags.priceMicroUsd === null ? {} : { priceMicroUsd: flags.priceMicroUsd }),
    ...(flags.follow === 'wait' ? {} : { waitMs: 0 }),
    detach: flags.detach,
    ...destinationsOf(flags),
    tables: flags.tables,
  };
}

function autoWithoutStream(strategy: string): UsageError {
  return new UsageError(
    `\`--concurrency auto\` works only with \`--strategy stream\`, not with ${strategy}.`,
    {
      suggestion: 'Give a number, or remove --strategy.',
    },
  );
}

/** Returns how to open each `--to`. Throws `UsageError` if one is invalid or contradicts a flag. */
function destinationsOf({
  destinations,
  shardSize,
  deleteLocal,
}: Pick<Flags, 'destinations' | 'shardSize' | 'deleteLocal'>): Pick<
  RunSettings,
  'destinations' | 'deleteLocal'
> {
  const names = [...new Set(destinations)];
  if (deleteLocal && !names.some((name) => name !== 'webdataset')) {
    throw new UsageError('`--delete-local` needs `--to s3://…`: the images would be nowhere else.', {
      suggestion: 'Name a bucket with --to s3://BUCKET/PREFIX.',
    });
  }
  if (shardSize !== null && !names.includes('webdataset')) {
    throw new UsageError('`--shard-size` works only with `--to webdataset`.', {
      suggestion: 'Add --to webdataset, or remove --shard-size.',
    });
  }
  for (const name of names) if (name !== 'webdataset') parseS3Url(name);
  return {
    destinations: names.map(
      (name) => (folder: string) =>
        name === 'webdataset'
          ? openWebDataset(folder, shardSize === null ? {} : { samplesPerShard: shardSize })
          : openS3(name, folder),
    ),
    deleteLocal,
  };
}

/**
 * Creates the image signer from the files that the flags name; null if they name none. Rejects with
 * `UsageError` if one of the files is missing or invalid.
 */
export async function pictureSigner({
  c2paCert,
  c2paKey,
}: Pick<Flags, 'c2paCert' | 'c2paKey'>): Promise<PictureSigner | null> {
  if (c2paCert === null && c2paKey === null) return null;
  if (c2paCert === null || c2paKey === null) {
    const message =
      c2paCert === null ? '`--c2pa-key` needs `--c2pa-cert`.' : '`--c2pa-cert` needs `--c2pa-key`.';
    throw new UsageError(message, {
      suggestion: 'Give both, or neither.',
    });
  }
  const [certificatesPem, privateKeyPem] = await Promise.all([textOf(c2paCert), textOf(c2paKey)]);
  return createPictureSigner({ certificatesPem, privateKeyPem });
}

async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new UsageError(`Expected a PEM file at ${path}, got ${fileProblem(cause)}`, {
      suggestion: 'Check the path.',
      cause,
    });
  });
}
