import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureDir } from 'fs-extra/esm';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { toStorageError } from '../../disk/storageError.ts';
import { writeFully } from '../../disk/writeFiles.ts';
import type { Destination } from '../../ports.ts';
import type { Outcome } from '../../types.ts';
import { packSample, type ScannedShard, scanShard } from './shards.ts';

export interface WebDatasetConfig {
  /** Samples a shard. Default 1,000. */
  samplesPerShard?: number;
}

const shardPattern = /^\d{5}\.tar$/;
/** What ends a tar archive: two empty blocks. */
const endOfArchive = Buffer.alloc(1024);

/**
 * Tar shards of pictures as WebDataset readers take them, in `webdataset/` of the run folder: `00000.tar`, `00001.tar`, …; for
 * each job the originals, their renditions (`000000012.thumb.webp`), the prompt as `.txt` and all that is known as `.json`.
 * A sample is appended in one piece and flushed before its delivery counts; what a crash cut off at a shard's end is
 * dropped when it is opened again, and what is in a shard is not written again. Layout:
 * https://github.com/webdataset/webdataset#the-webdataset-format
 *
 * Rejects with `StorageError` where the folder cannot be used. Give each folder to one process at a time.
 */
export async function openWebDataset(folder: string, config: WebDatasetConfig = {}): Promise<Destination> {
  const { samplesPerShard = 1_000 } = config;
  const shards = join(folder, 'webdataset');
  const { last, places } = await scanFolder(shards).catch((error: unknown) => {
    throw toStorageError(error, shards);
  });
  let shard = last;
  let queue: Promise<unknown> = Promise.resolve();

  const append = async (outcome: Outcome): Promise<string> => {
    const key = sampleKey(outcome.index);
    const place = placeOf(outcome);
    const known = places.get(place);
    if (known !== undefined) return shardPath(known);
    if (shard.samples >= samplesPerShard) {
      await end(shards, shard);
      shard = { number: shard.number + 1, samples: 0, endBytes: 0 };
    }
    const bytes = await packSample(key, outcome, folder);
    const path = join(shards, shardName(shard.number));
    try {
      await writeAt(path, bytes, shard.endBytes);
    } catch (error) {
      throw toStorageError(error, path);
    }
    shard = { ...shard, samples: shard.samples + 1, endBytes: shard.endBytes + bytes.length };
    places.set(place, shard.number);
    return shardPath(shard.number);
  };
  /** One at a time: a shard has one end. */
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
  /** Where the next sample begins. */
  readonly endBytes: number;
}

/** What is where: samples that are whole, by job and content. */
async function scanFolder(shards: string): Promise<{ last: Shard; places: Map<string, number> }> {
  await ensureDir(shards);
  const numbers = (await readdir(shards))
    .filter((name) => shardPattern.test(name))
    .map((name) => Number.parseInt(name, 10))
    .sort((a, b) => a - b);
  const places = new Map<string, number>();
  let last: Shard = { number: 0, samples: 0, endBytes: 0 };
  for (const number of numbers) {
    const { samples, endBytes }: ScannedShard = await scanShard(join(shards, shardName(number)));
    for (const place of samples) places.set(place, number);
    last = { number, samples: samples.length, endBytes };
  }
  return { last, places };
}

async function end(shards: string, shard: Shard): Promise<void> {
  const path = join(shards, shardName(shard.number));
  try {
    await writeAt(path, endOfArchive, shard.endBytes);
  } catch (error) {
    throw toStorageError(error, path);
  }
}

/** Cuts off what was behind that place, writes, and flushes. */
async function writeAt(path: string, bytes: Uint8Array, offsetBytes: number): Promise<void> {
  const handle = await open(path, offsetBytes === 0 ? 'w' : 'r+');
  try {
    await handle.truncate(offsetBytes);
    await writeFully(handle, bytes, offsetBytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A picture made anew for the same job is another sample. */
function placeOf({ index, files }: Outcome): string {
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
