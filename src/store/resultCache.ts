import { createReadStream } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { extname, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { fromAbortable } from '../base/fromAbortable.ts';
import { copyFiles, type SourceFile } from '../disk/copyFiles.ts';
import { toStorageError } from '../disk/storageError.ts';
import { makeFolder } from '../disk/writeFiles.ts';
import { UsageError } from '../errors.ts';
import type { ResultCache } from '../ports.ts';
import type { FetchedOutput, ImageFile, Prediction } from '../types.ts';
import { imageFileSchema, predictionSchema } from './schemas.ts';

type Cacache = typeof import('cacache');

const keptSchema = z.object({
  prediction: predictionSchema,
  /** Their paths are not kept: content is found by its hash. */
  files: z.array(imageFileSchema.omit({ path: true }).extend({ extension: z.string() })),
});

/** A result as it is kept. */
interface Kept {
  readonly prediction: Prediction;
  readonly files: readonly (Omit<ImageFile, 'path'> & { readonly extension: string })[];
}

/** Behind the result's key, so that another way of keeping results can lie in the same folder. */
const FORMAT = 'rxposure/1';

/**
 * Opens a folder that keeps the results of requests for other runs, or makes it. Content-addressed: a file is kept once
 * under its sha256, however many results have it, and is checked against it whenever it is used; a damaged one counts as
 * not there. Several processes may use the folder at the same time.
 *
 * Rejects with `UsageError` where the folder cannot be used. `restore` and `keep` emit `StorageError` where the disk
 * refuses.
 */
export async function openResultCache(folder: string): Promise<ResultCache> {
  const root = resolve(folder);
  try {
    makeFolder(root);
    // By this name a file is refused.
    await access(root + sep, constants.R_OK | constants.W_OK);
  } catch (error) {
    const { message } = toStorageError(error, root);
    throw new UsageError(`Expected a cache folder that can be read and written, got: ${message}`, {
      suggestion: 'Choose another folder with --cache, or leave it out.',
      cause: error,
    });
  }
  const { default: cacache } = await import('cacache');
  return {
    restore: (key, { stem }) => fromAbortable(() => restore(cacache, root, key, stem)),
    keep: (key, output) => fromAbortable(() => keep(cacache, root, key, output)),
  };
}

async function restore(
  cacache: Cacache,
  root: string,
  key: string,
  stem: string,
): Promise<FetchedOutput | null> {
  const kept = await find(cacache, root, key).catch((error: unknown) => {
    throw toStorageError(error, root);
  });
  if (kept === null) return null;
  const sources: SourceFile[] = [];
  for (const file of kept.files) {
    const content = await cacache.get.info(root, fileKey(file.sha256));
    if (content === null) return null;
    sources.push({ ...file, path: content.path });
  }
  const files = await copyFiles(sources, stem);
  if (files !== null) return { prediction: kept.prediction, files };
  // Content that is not what it should be would stand in the way of the right one.
  for (const { sha256 } of kept.files) await cacache.rm.content(root, integrityOf(sha256));
  return null;
}

async function find(cacache: Cacache, root: string, key: string): Promise<Kept | null> {
  // The index never forgets an entry by itself, but its content may be gone or damaged.
  const found = await cacache.get(root, resultKey(key)).catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
  if (found === null) return null;
  const kept = keptSchema.safeParse(JSON.parse(found.data.toString()));
  return kept.success ? kept.data : null;
}

async function keep(
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
    const kept: Kept = {
      prediction: withoutData(prediction),
      files: files.map(({ path, ...file }) => ({ ...file, extension: extname(path).slice(1) })),
    };
    // Last, so that whoever finds it finds its files too.
    await cacache.put(root, resultKey(key), JSON.stringify(kept));
  } catch (error) {
    throw toStorageError(error, root);
  }
}

/** The request is the key already, and the output's addresses are dead after an hour. */
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
