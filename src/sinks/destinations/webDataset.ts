import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { expectOption, expectOptions, isText, type OptionRules, optionRules } from '../../base/options.ts';
import { ensureDir } from '../../disk/folders.ts';
import { statsOf } from '../../disk/giveName.ts';
import { insideFolder } from '../../disk/insideFolder.ts';
import { openOwn, ownFlags } from '../../disk/ownFiles.ts';
import { toStorageError } from '../../disk/storageError.ts';
import { writeFully } from '../../disk/writeFiles.ts';
import type { Destination } from '../../ports.ts';
import type { Outcome } from '../../types.ts';
import { packSample, type ScannedShard, scanShard } from './shards.ts';

export interface WebDatasetConfig {
  /** Samples per shard. Default 1,000. */
  samplesPerShard?: number;
}

const rules: OptionRules<WebDatasetConfig> = { samplesPerShard: optionRules.count };

const shardPattern = /^\d{5}\.tar$/;
/** The end of a tar archive: two empty blocks. */
const endOfArchive = Buffer.alloc(1024);

/**
 * Opens a destination that writes WebDataset shards into `webdataset/` of the run folder:
 * `00000.tar`, `00001.tar`, … A sample has a job's originals, their renditions
 * (`000000012.thumb.webp`), the prompt as `.txt` and the whole outcome as `.json`. It is appended,
 * its `.json` once the rest is flushed, and flushed before its delivery counts. Opening drops a
 * sample that a crash cut off; samples that are in a shard are not written again, and archives that
 * are no shards stay as they are. Layout:
 * https://github.com/webdataset/webdataset#the-webdataset-format
 *
 * Rejects with `StorageError` if the folder cannot be used, and with `UsageError` if a link leads
 * out of it, and for a name that no option has; with a RangeError if an option is invalid. Only one
 * process may use a folder at a time.
 */
export async function openWebDataset(folder: string, config: WebDatasetConfig = {}): Promise<Destination> {
  expectOption(isText(folder), 'folder', 'a path', folder);
  expectOptions(config, rules);
  const { samplesPerShard = 1_000 } = config;
  const shards = insideFolder(folder, 'webdataset');
  const { last, shardOfSample } = await scanFolder(shards).catch((error: unknown) => {
    throw toStorageError(error, shards);
  });
  let shard = last;
  let queue: Promise<unknown> = Promise.resolve();

  const append = async (outcome: Outcome): Promise<string> => {
    const key = sampleKey(outcome.index);
    const sample = sampleId(outcome);
    const known = shardOfSample.get(sample);
    if (known !== undefined) return shardPath(known);
    if (shard.samples >= samplesPerShard) {
      await end(shards, shard);
      shard = { number: shard.number + 1, samples: 0, endBytes: 0 };
    }
    const { content, ending } = await packSample(key, outcome, folder);
    const path = join(shards, shardName(shard.number));
    try {
      await writeAt(path, [content, ending], shard.endBytes);
    } catch (error) {
      throw toStorageError(error, path);
    }
    const endBytes = shard.endBytes + content.length + ending.length;
    shard = { ...shard, samples: shard.samples + 1, endBytes };
    shardOfSample.set(sample, shard.number);
    return shardPath(shard.number);
  };
  /** Runs tasks one at a time: a shard has only one end to append to. */
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const result = queue.then(task);
    queue = result.catch(() => {});
    return result;
  };
  return {
    name: 'webdataset',
    concurrency: 4,
    deliver: (outcome) =>
      fromAbortable(async () => {
        const path = await inTurn(() => append(outcome));
        return outcome.files.map(() => path);
      }),
    close: () =>
      inTurn(async () => {
        if (shard.endBytes > 0) await end(shards, shard);
      }),
  };
}

interface Shard {
  readonly number: number;
  readonly samples: number;
  /** Offset of the next sample. */
  readonly endBytes: number;
}

/** A link or a folder with the name of a shard. */
const noShard: ScannedShard = { isOurs: false, samples: [], endBytes: 0 };

/** Finds the last shard, and the shard number of each whole sample. */
async function scanFolder(shards: string): Promise<{ last: Shard; shardOfSample: Map<string, number> }> {
  await ensureDir(shards);
  const numbers = (await readdir(shards))
    .filter((name) => shardPattern.test(name))
    .map((name) => Number.parseInt(name, 10))
    .sort((a, b) => a - b);
  const shardOfSample = new Map<string, number>();
  let last: Shard = { number: 0, samples: 0, endBytes: 0 };
  for (const number of numbers) {
    const path = join(shards, shardName(number));
    const isFile = (await statsOf(path))?.isFile() ?? false;
    const { isOurs, samples, endBytes }: ScannedShard = isFile ? await scanShard(path) : noShard;
    for (const sample of samples) shardOfSample.set(sample, number);
    // An archive of the user's stays: the next shard comes behind it.
    last = isOurs
      ? { number, samples: samples.length, endBytes }
      : { number: number + 1, samples: 0, endBytes: 0 };
  }
  return { last, shardOfSample };
}

async function end(shards: string, shard: Shard): Promise<void> {
  const path = join(shards, shardName(shard.number));
  try {
    await writeAt(path, [endOfArchive], shard.endBytes);
  } catch (error) {
    throw toStorageError(error, path);
  }
}

/** Truncates the file at an offset, and writes and flushes one part after the other. */
async function writeAt(path: string, parts: readonly Uint8Array[], offsetBytes: number): Promise<void> {
  const handle = await openOwn(path, offsetBytes === 0 ? ownFlags.readWriteOrCreate : ownFlags.readWrite);
  try {
    await handle.truncate(offsetBytes);
    let endBytes = offsetBytes;
    for (const part of parts) {
      await writeFully(handle, part, endBytes);
      await handle.sync();
      endBytes += part.length;
    }
  } finally {
    await handle.close();
  }
}

/**
 * Identifies a sample by job and content: an image made again for the same job is another sample.
 */
function sampleId({ index, files }: Outcome): string {
  return `${sampleKey(index)} ${files[0]?.sha256.slice(0, 12) ?? ''}`;
}

function shardName(number: number): string {
  return `${String(number).padStart(5, '0')}.tar`;
}

function shardPath(number: number): string {
  return `webdataset/${shardName(number)}`;
}

/** The name of a job's sample: nine digits, so that names sort as numbers do. */
function sampleKey(index: number): string {
  return String(index).padStart(9, '0');
}
