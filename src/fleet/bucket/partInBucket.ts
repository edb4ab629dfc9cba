import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { catchError, concatMap, defer, EMPTY, ignoreElements, type Observable, of, throwError } from 'rxjs';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { contentTypeOf } from '../../base/pictures.ts';
import { insideFolder, pathBelow } from '../../disk/insideFolder.ts';
import { prettyJson } from '../../disk/writeFiles.ts';
import { DeliveryError, StorageError } from '../../errors.ts';
import { type Gate, gate } from '../../operators/gate.ts';
import type { Destination, Journal } from '../../ports.ts';
import type { Bucket } from '../../sinks/destinations/s3Bucket.ts';
import type { ObjectContent } from '../../sinks/destinations/s3Content.ts';
import type { Thumbnails } from '../../sinks/gallery/thumbnails.ts';
import { sidecarPath } from '../../sinks/manifest/sidecar.ts';
import type { ImageFile, JobRecord, JournalEntry, Outcome, OutcomeFile, Plan } from '../../types.ts';

export interface PartInBucketConfig {
  bucket: Bucket;
  /** Folder of this part on this worker, with the paths of the bucket; absolute. */
  folder: string;
  /** Those of that folder; null if there is no gallery. */
  thumbnails: Pick<Thumbnails, 'make' | 'pathOf'> | null;
  /** Requests to the bucket at a time, of the whole worker. */
  requests: Gate;
}

/** A part whose files go to a bucket. */
export interface PartInBucket {
  /**
   * Returns `record` of a journal, in an order that loses nothing: the originals are in the bucket
   * before `downloaded` is recorded. Outcomes are recorded as the bucket has their files.
   */
  over(record: Journal['record']): Journal['record'];
  /** Brings the originals that an earlier worker has stored, where there are any. */
  fetch(record: Pick<JobRecord, 'index' | 'prediction' | 'files'>): Observable<never>;
  /** Delivers the other files of a saved job: renditions, thumbnails and sidecar. */
  readonly destination: Destination;
  /** Returns why the bucket has refused a job, which then is left to others; null: it has not. */
  refusal(index: number): string | null;
}

/**
 * Creates the way of a part's files to its bucket. Another worker, which was thought dead, may have
 * stored a file of the same prediction with other bytes: that of the bucket counts, and outcomes
 * say so. A job that the bucket refuses does not fail: its outcome is not recorded.
 */
export function createPartInBucket(config: PartInBucketConfig): PartInBucket {
  const { bucket, folder, thumbnails, requests } = config;
  /** The stored objects, by path. */
  const stored = new Map<string, ObjectContent>();
  const refusals = new Map<number, string>();
  const pathOf = (file: string) => relative(folder, file).replaceAll(sep, '/');
  /** Sends a request about a job to the bucket; a refusal ends the work on that job alone. */
  const about = <T>(index: number, call: (signal: AbortSignal) => Promise<T>): Observable<T> =>
    fromAbortable(call).pipe(
      catchError((error: unknown) => {
        if (!(error instanceof StorageError && error.code === 'ERR_BUCKET')) throw error;
        refusals.set(index, `${error.message} ${error.suggestion}`);
        throw leftToOthers(bucket.name, error);
      }),
      gate(requests),
    );

  /** Stores an original; if another one lies there, it takes the place of the local file. */
  const storeOriginal = async (
    { path: source, bytes, sha256 }: Pick<ImageFile, 'path' | 'bytes' | 'sha256'>,
    { contentType, origin }: { readonly contentType: string; readonly origin: string },
    signal: AbortSignal,
  ): Promise<ObjectContent> => {
    const path = pathOf(source);
    const there = await bucket.store({ path, source, bytes, sha256, contentType, origin }, signal);
    if (there.sha256 !== sha256 && !(await bucket.fetch(path, source, there.sha256, signal))) {
      throw damaged(bucket.addressOf(path));
    }
    const content = { bytes: there.bytes, sha256: there.sha256 };
    stored.set(path, content);
    return content;
  };
  const storeOriginals = async (
    { prediction, files }: Extract<JournalEntry, { type: 'downloaded' }>,
    signal: AbortSignal,
  ): Promise<readonly ImageFile[]> => {
    const all: ImageFile[] = [];
    for (const file of files) {
      const own = { contentType: contentTypeOf(file.format), origin: prediction.id };
      const { untouched } = file;
      const content = await storeOriginal(file, own, signal);
      const before =
        untouched === undefined
          ? {}
          : { untouched: { ...untouched, ...(await storeOriginal(untouched, own, signal)) } };
      all.push({ ...file, ...content, ...before });
    }
    return all;
  };

  /** Returns an outcome as the bucket has it: files that did not get there are none. */
  const asStored = (outcome: Outcome): Outcome => ({
    ...outcome,
    files: outcome.files.flatMap((file) => {
      const content = stored.get(file.path);
      return content === undefined ? [] : [{ ...file, ...content }];
    }),
  });
  const storeFile = async (file: OutcomeFile, origin: string, signal: AbortSignal): Promise<void> => {
    const { path, format, bytes, sha256 } = file;
    if (stored.has(path)) return;
    const object = { path, source: insideFolder(folder, path), bytes, sha256, origin };
    const there = await bucket.store({ ...object, contentType: contentTypeOf(format) }, signal);
    stored.set(path, { bytes: there.bytes, sha256: there.sha256 });
  };
  const storeBytes = async (path: string, source: Uint8Array, origin: string, signal: AbortSignal) => {
    const sha256 = createHash('sha256').update(source).digest('hex');
    const contentType = contentTypeOf(path.slice(path.lastIndexOf('.') + 1));
    await bucket.store({ path, source, bytes: source.length, sha256, contentType, origin }, signal);
  };
  const storeThumbnails = async (outcome: Outcome, signal: AbortSignal): Promise<void> => {
    if (thumbnails === null) return;
    await thumbnails.make(outcome);
    for (const original of outcome.files.filter(({ role }) => role === 'original')) {
      const path = thumbnails.pathOf(original);
      if (path === null || path === original.path) continue;
      // Without one, the gallery has a tile without an image.
      const data = await readFile(insideFolder(folder, path)).catch(() => null);
      if (data !== null) await storeBytes(path, data, original.sha256, signal);
    }
  };
  const deliver = async (outcome: Outcome, signal: AbortSignal): Promise<readonly string[]> => {
    const origin = outcome.predictionId ?? outcome.key;
    for (const file of outcome.files) await storeFile(file, origin, signal);
    const known = asStored(outcome);
    await storeThumbnails(known, signal);
    const [first] = known.files;
    if (first !== undefined) {
      await storeBytes(sidecarPath(first.path), Buffer.from(prettyJson(known)), origin, signal);
    }
    return known.files.map(({ path }) => bucket.addressOf(path));
  };

  return {
    over: (record) => (plan: Plan, entry: JournalEntry) => {
      const { index } = plan;
      if (entry.type === 'outcome') {
        return defer(() =>
          refusals.has(index) ? of(undefined) : record(plan, { ...entry, outcome: asStored(entry.outcome) }),
        );
      }
      if (entry.type !== 'downloaded') return record(plan, entry);
      return about(index, (signal) => storeOriginals(entry, signal)).pipe(
        concatMap((files) => record(plan, { ...entry, files })),
      );
    },
    fetch: ({ index, prediction, files }) => {
      if (prediction === null) return EMPTY;
      const originals = files.flatMap((file) => [file, ...(file.untouched ? [file.untouched] : [])]);
      return about(index, async (signal) => {
        for (const { path, bytes, sha256 } of originals) {
          const name = pathOf(path);
          const isThere = await bucket.fetch(name, pathBelow(folder, name), sha256, signal);
          if (isThere) stored.set(name, { bytes, sha256 });
        }
      }).pipe(
        ignoreElements(),
        catchError((error: unknown) => (refusals.has(index) ? EMPTY : throwError(() => error))),
      );
    },
    destination: {
      name: bucket.name,
      concurrency: requests.concurrency,
      deliver: (outcome) => about(outcome.index, (signal) => deliver(outcome, signal)),
      close: async () => {},
    },
    refusal: (index) => refusals.get(index) ?? null,
  };
}

/** The end of a job on this worker alone: its outcome is not recorded. */
function leftToOthers(destination: string, cause: StorageError): DeliveryError {
  return new DeliveryError(cause.message, { destination, suggestion: cause.suggestion, cause });
}

function damaged(destination: string): DeliveryError {
  return new DeliveryError(`${destination} does not match the hash that it is stored with.`, {
    destination,
    suggestion: 'Look at the object: another program has written it.',
  });
}
