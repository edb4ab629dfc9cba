import { hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { extname, join, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Observable, SchedulerLike } from 'rxjs';
import { z } from 'zod';
import { fromAbortable } from '../base/fromAbortable.ts';
import { monotonicScheduler } from '../base/monotonicScheduler.ts';
import {
  expectOption,
  expectOptions,
  isText,
  type OptionRules,
  optionRules,
  orNull,
} from '../base/options.ts';
import { copyFiles, type SourceFile } from '../disk/copyFiles.ts';
import { makeFolder } from '../disk/folders.ts';
import { describeHolder, type LeaseHolder } from '../disk/lease/leaseHolder.ts';
import { takeLease, tryLease } from '../disk/lease/takeLease.ts';
import { toStorageError } from '../disk/storageError.ts';
import { removeTemporaries } from '../disk/writeFiles.ts';
import { option, UsageError } from '../errors.ts';
import type { DownloadTarget, ResultCache } from '../ports.ts';
import type { FetchedOutput, ImageFile, LeaseRequest, Prediction, ResultLease } from '../types.ts';
import { imageFileSchema, predictionSchema } from './schemas.ts';

type Cacache = typeof import('cacache');

const storedSchema = z.object({
  prediction: predictionSchema,
  /** Without their paths: content is found by its hash. */
  files: z.array(
    imageFileSchema
      .omit({ path: true })
      .extend({ sha256: z.string().regex(/^[0-9a-f]+$/), extension: z.string().regex(/^\w*$/) }),
  ),
});

/** A result as the cache stores it. */
interface StoredResult {
  readonly prediction: Prediction;
  readonly files: readonly (Omit<ImageFile, 'path'> & { readonly extension: string })[];
}

/**
 * Prefix of the keys, so that another format of results can share the folder. Results of format 1
 * do not name their service, and may be simulated: they are never used.
 */
const FORMAT = 'rxposure/2';

export interface ResultCacheConfig {
  /** The service of the run; null or absent if it has no name. */
  service?: string | null | undefined;
  /**
   * Time for one prediction: a process that is suspended for longer counts as dead. Default
   * 600,000.
   */
  timeoutMs?: number | undefined;
  /** Clock of the waits for other processes. Default monotonicScheduler. */
  scheduler?: SchedulerLike | undefined;
}

const rules: OptionRules<ResultCacheConfig> = {
  service: orNull(optionRules.text),
  timeoutMs: optionRules.above0,
  scheduler: optionRules.scheduler,
};

/**
 * Opens a folder that stores the results of requests for other runs; creates it if it does not
 * exist. It is content-addressed: each file is stored once under its sha256, however many results
 * have it, and checked against it at each use; a damaged one counts as missing. Several processes
 * may use the folder at the same time: each result is made by the one that has its lease. A run
 * gets only results of its own service, so that a simulation never serves a real run.
 *
 * Rejects with `UsageError` if the folder cannot be used, and for a name that no option has; with a
 * RangeError if an option is invalid. `restore` and `keep` emit `StorageError`
 * if the disk refuses.
 */
export async function openResultCache(folder: string, config: ResultCacheConfig = {}): Promise<ResultCache> {
  expectOption(isText(folder), 'folder', 'a path', folder);
  expectOptions(config, rules);
  const root = resolve(folder);
  try {
    makeFolder(join(root, LEASES));
    // With the separator, a file of this name is refused.
    await access(root + sep, constants.R_OK | constants.W_OK);
    await removeTemporaries(join(root, LEASES));
  } catch (error) {
    const { message } = toStorageError(error, root);
    throw new UsageError(`Expected a cache folder that can be read and written, got: ${message}`, {
      suggestion: `Choose another folder with ${option('--cache')}, or remove the flag.`,
      cause: error,
    });
  }
  const { default: cacache } = await import('cacache');
  const { service } = config;
  const ownKey = (key: string) => `${service ?? ''}/${key}`;
  return {
    restore: (key, target) => fromAbortable(() => restore(cacache, root, ownKey(key), target)),
    keep: (key, output) => fromAbortable(() => store(cacache, root, ownKey(key), output)),
    lease: (key, request) =>
      lease(join(root, LEASES, `${hash('sha256', resultKey(ownKey(key)), 'hex')}.lock`), request, config),
  };
}

/** Folder of the leases of results that a process makes. */
const LEASES = 'leases';

function lease(
  path: string,
  { isUrgent = false, onWait = () => {} }: LeaseRequest,
  { timeoutMs = 600_000, scheduler = monotonicScheduler }: ResultCacheConfig,
): Observable<ResultLease | null> {
  const config = {
    renewEveryMs: 15_000,
    lookEveryMs: 250,
    suspendedAfterMs: timeoutMs,
    onWait: (holder: LeaseHolder) => onWait(describeHolder(holder)),
    scheduler,
  };
  return isUrgent ? tryLease(path, config) : takeLease(path, config);
}

async function restore(
  cacache: Cacache,
  root: string,
  key: string,
  { stem, mayReplace }: DownloadTarget,
): Promise<FetchedOutput | null> {
  const stored = await find(cacache, root, key).catch((error: unknown) => {
    throw toStorageError(error, root);
  });
  if (stored === null) return null;
  const sources: SourceFile[] = [];
  for (const file of stored.files) {
    const content = await cacache.get.info(root, fileKey(file.sha256));
    if (content === null) return null;
    sources.push({ ...file, path: content.path });
  }
  const files = await copyFiles(sources, stem, mayReplace);
  if (files !== null) return { prediction: stored.prediction, files, cachedAt: stored.cachedAt };
  // Damaged content would block the correct one.
  for (const { sha256 } of stored.files) await cacache.rm.content(root, integrityOf(sha256));
  return null;
}

interface FoundResult extends StoredResult {
  /** ISO 8601. */
  readonly cachedAt: string;
}

async function find(cacache: Cacache, root: string, key: string): Promise<FoundResult | null> {
  // The index never drops an entry by itself, but its content may be missing or damaged.
  const found = await cacache.get(root, resultKey(key)).catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
  if (found === null) return null;
  const stored = storedSchema.safeParse(JSON.parse(found.data.toString()));
  const entry = await cacache.get.info(root, resultKey(key));
  if (!stored.success || entry === null) return null;
  return { ...stored.data, cachedAt: new Date(entry.time).toISOString() };
}

async function store(
  cacache: Cacache,
  root: string,
  key: string,
  { prediction, files }: FetchedOutput,
): Promise<void> {
  try {
    for (const { path, sha256 } of files) {
      const content = cacache.put.stream(root, fileKey(sha256), {
        algorithms: ['sha256'],
        integrity: integrityOf(sha256),
      });
      await pipeline(createReadStream(path), content);
    }
    const stored: StoredResult = {
      prediction: withoutData(prediction),
      files: files.map(({ path, ...file }) => ({ ...file, extension: extname(path).slice(1) })),
    };
    // Last, so that a result that is found has all its files.
    await cacache.put(root, resultKey(key), JSON.stringify(stored));
  } catch (error) {
    throw toStorageError(error, root);
  }
}

/** Drops the input, which the key covers, and the output's URLs, which expire after an hour. */
function withoutData(prediction: Prediction): Prediction {
  return { ...prediction, input: null, output: null };
}

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return code === 'ENOENT' || code === 'EINTEGRITY' || code === 'EBADSIZE';
}

function resultKey(key: string): string {
  return `${FORMAT}/result/${key}`;
}

function fileKey(sha256: string): string {
  return `${FORMAT}/file/${sha256}`;
}

function integrityOf(sha256: string): string {
  return `sha256-${Buffer.from(sha256, 'hex').toString('base64')}`;
}
