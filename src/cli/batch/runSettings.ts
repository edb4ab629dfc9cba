import { readFile } from 'node:fs/promises';
import { fileProblem } from '../../disk/storageError.ts';
import { UsageError } from '../../errors.ts';
import type { RunSettings } from '../../pipelines/run/settings.ts';
import { createPictureSigner, type PictureSigner } from '../../provenance/signPicture.ts';
import { openS3, parseS3Url } from '../../sinks/destinations/s3.ts';
import { openWebDataset } from '../../sinks/destinations/webDataset.ts';
import type { Flags, SettledFlags } from '../flags/flags.ts';

/** What the flags say of how a run goes. Throws `UsageError` where they contradict each other. */
export function runSettings(flags: SettledFlags): Omit<RunSettings, 'folder' | 'provider'> {
  if (flags.concurrency === 'auto' && flags.strategy !== 'stream') throw autoElsewhere(flags.strategy);
  return {
    strategy: flags.strategy,
    concurrency: flags.concurrency,
    ...(flags.waveSize === null ? {} : { waveSize: flags.waveSize }),
    wavePauseMs: flags.wavePauseMs,
    continueOnError: !flags.failFast,
    ratePerMinute: flags.ratePerMinute,
    maxAttempts: flags.maxAttempts,
    breakerFailures: flags.breakerFailures,
    ...(flags.only === null ? {} : { only: flags.only }),
    timeoutMs: flags.timeoutMs,
    timeoutAction: flags.onTimeout,
    resumeAnyway: flags.resumeAnyway,
    gallery: flags.gallery,
    sidecars: flags.sidecars,
    provenance: flags.provenance,
    keepOriginals: flags.keepOriginals,
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

function autoElsewhere(strategy: string): UsageError {
  return new UsageError(`Expected \`--concurrency auto\` with \`--strategy stream\`, got ${strategy}`, {
    suggestion: 'Give a number, or leave --strategy out.',
  });
}

/** How to open the places that `--to` names. Throws `UsageError` where one is none, or where they do not go with the other flags. */
function destinationsOf({
  destinations,
  shardSize,
  deleteLocal,
}: Pick<Flags, 'destinations' | 'shardSize' | 'deleteLocal'>): Pick<
  RunSettings,
  'destinations' | 'deleteLocal'
> {
  const places = [...new Set(destinations)];
  if (deleteLocal && !places.some((place) => place !== 'webdataset')) {
    throw new UsageError('Expected `--delete-local` with `--to s3://…`, got nowhere else to keep pictures', {
      suggestion: 'Name a bucket with --to s3://BUCKET/PREFIX.',
    });
  }
  if (shardSize !== null && !places.includes('webdataset')) {
    throw new UsageError('Expected `--shard-size` with `--to webdataset`, got it alone', {
      suggestion: 'Add --to webdataset or leave it out.',
    });
  }
  for (const place of places) if (place !== 'webdataset') parseS3Url(place);
  return {
    destinations: places.map(
      (place) => (folder: string) =>
        place === 'webdataset'
          ? openWebDataset(folder, shardSize === null ? {} : { samplesPerShard: shardSize })
          : openS3(place, folder),
    ),
    deleteLocal,
  };
}

/**
 * Who signs pictures, by the files that the flags name; null where nobody does. Rejects with `UsageError` where one of them is missing
 * or of no use.
 */
export async function pictureSigner({
  c2paCert,
  c2paKey,
}: Pick<Flags, 'c2paCert' | 'c2paKey'>): Promise<PictureSigner | null> {
  if (c2paCert === null && c2paKey === null) return null;
  if (c2paCert === null || c2paKey === null) {
    const got = c2paCert === null ? '`--c2pa-key`' : '`--c2pa-cert`';
    throw new UsageError(`Expected both \`--c2pa-cert\` and \`--c2pa-key\`, got ${got} alone`, {
      suggestion: 'Give both, or leave both out.',
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
