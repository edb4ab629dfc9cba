import { readFile } from 'node:fs/promises';
import { fileProblem } from '../../disk/storageError.ts';
import { UsageError } from '../../errors.ts';
import { destinationSettings } from '../../pipelines/front/destinations.ts';
import { type RunSettings, runDefaults } from '../../pipelines/run/settings.ts';
import { createPictureSigner, type PictureSigner } from '../../provenance/signPicture.ts';
import type { Flags, SettledFlags } from '../flags/flags.ts';
import { runPrices } from '../flags/prices.ts';

/** Destinations on the command line, for messages. */
const destinationFlags = {
  shardSize: '`--shard-size`',
  deleteLocal: '`--delete-local`',
  bucket: '--to s3://BUCKET/PREFIX',
  anyBucket: '`--to s3://…`',
  webDataset: '--to webdataset',
};

/** Returns the run settings of some flags. Throws `UsageError` if they contradict each other. */
export function runSettings(flags: SettledFlags): Omit<RunSettings, 'folder' | 'provider'> {
  if (flags.concurrency === 'auto' && flags.strategy !== 'stream') throw autoWithoutStream(flags.strategy);
  expectCompanions(flags);
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
    ...runPrices(flags.prices),
    ...(flags.follow === 'wait' ? {} : { waitMs: 0 }),
    detach: flags.detach,
    ...destinationSettings(
      {
        destinations: flags.destinations,
        ...(flags.shardSize === null ? {} : { shardSize: flags.shardSize }),
        deleteLocal: flags.deleteLocal,
      },
      destinationFlags,
    ),
    tables: flags.tables,
  };
}

/** Throws `UsageError` for a flag that does nothing without another one. */
function expectCompanions({ strategy, waveSize, wavePauseMs, cache, cacheUnseeded }: SettledFlags): void {
  const isInWaves = strategy === 'waves';
  const alone = [
    { flag: '--wave-size', companion: '--strategy waves', isAlone: waveSize !== null && !isInWaves },
    {
      ...{ flag: '--wave-pause', companion: '--strategy waves' },
      isAlone: wavePauseMs !== runDefaults.wavePauseMs && !isInWaves,
    },
    { flag: '--cache-unseeded', companion: '--cache', isAlone: cacheUnseeded && cache === null },
  ].find(({ isAlone }) => isAlone);
  if (alone === undefined) return;
  const { flag, companion } = alone;
  throw new UsageError(`\`${flag}\` works only with \`${companion}\`.`, {
    suggestion: `Add ${companion}, or remove ${flag}.`,
  });
}

function autoWithoutStream(strategy: string): UsageError {
  return new UsageError(
    `\`--concurrency auto\` works only with \`--strategy stream\`, not with ${strategy}.`,
    {
      suggestion: 'Give a number, or remove --strategy.',
    },
  );
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
