import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { defer, EMPTY, from, ignoreElements, type Observable } from 'rxjs';
import { pathBelow } from '../../disk/insideFolder.ts';
import { UsageError } from '../../errors.ts';
import type { EmitEvent } from '../../events/runEvent.ts';
import { createGate, type Gate, gate } from '../../operators/gate.ts';
import type { GenerateConfig } from '../../pipelines/journey/config.ts';
import { rendererFor } from '../../pipelines/run/runConfig.ts';
import type { RunStore } from '../../pipelines/run/settings.ts';
import type { Journal } from '../../ports.ts';
import { openThumbnails, type Thumbnails } from '../../sinks/gallery/thumbnails.ts';
import { deleteImages } from '../../sinks/manifest/sidecar.ts';
import type { JobRecord } from '../../types.ts';
import { enterBucket } from '../bucket/enterBucket.ts';
import { createPartInBucket } from '../bucket/partInBucket.ts';
import type { StoredSettings } from '../storedSettings.ts';

/** The folder of a part's files on this worker, and the functions that go with it. */
export interface PartFolder {
  /** Absolute. */
  readonly path: string;
  /** The configuration of `generate`, except for the settings of a single part. */
  readonly config: GenerateConfig;
  /** Returns `record` of the part's journal, which may have to bring files somewhere first. */
  over(record: Journal['record']): Journal['record'];
  /** Brings the originals of a job that an earlier worker has made, if they are elsewhere. */
  fetch(record: JobRecord): Observable<never>;
  /** Returns why a job is left to others, its outcome not being recorded; null: it is not. */
  refusal(index: number): string | null;
  /** Called when the part is over, however it ended. */
  clear(): Promise<void>;
}

/** The folders of a run on a worker. */
export interface RunFolders {
  /** A folder that all of them lie in; absolute. */
  readonly root: string;
  /** The functions of the run's store that depend on them. */
  readonly store: Partial<Pick<RunStore, 'keep' | 'check'>>;
  /** Opens the folder of a part, for the configuration of its run. */
  open(config: GenerateConfig): Promise<PartFolder>;
  close(): void;
}

/** The folders and gates that a worker has for the files of runs. */
interface Places {
  readonly shared?: string;
  readonly scratch?: string;
  readonly gates: { readonly encoders: Gate; readonly requests: Gate };
}

/**
 * Opens the folders of a run: the one that all machines share, or a bucket and a folder of its own
 * for each part. Rejects with `UsageError` if this worker cannot have them.
 */
export async function openFolders(
  run: number,
  { folder, bucket, gallery }: Pick<StoredSettings, 'folder' | 'bucket' | 'gallery'>,
  places: Places,
): Promise<RunFolders> {
  if (bucket !== null) return foldersOverBucket(run, { bucket, gallery }, places);
  const { shared, gates } = places;
  if (folder === null || shared === undefined) throw noSharedFolder(folder);
  return sharedFolder(pathBelow(shared, folder), gallery, gates.encoders);
}

async function sharedFolder(root: string, gallery: boolean, encoders: Gate): Promise<RunFolders> {
  const thumbnails = gallery ? await openThumbnails(root) : null;
  const slots = createGate(encoders.concurrency);
  const over: PartFolder['over'] = (record) => record;
  const none = { fetch: () => EMPTY, refusal: () => null, clear: async () => {} };
  const part = { path: root, over, ...none };
  return {
    root,
    store: {
      keep: (outcome) =>
        thumbnails === null ? EMPTY : defer(() => thumbnails.make(outcome)).pipe(gate(slots)),
      ...(thumbnails && { check: checkOf(thumbnails) }),
    },
    open: async (config) => ({ ...part, config }),
    close: () => {},
  };
}

async function foldersOverBucket(
  run: number,
  { bucket: place, gallery }: { bucket: NonNullable<StoredSettings['bucket']>; gallery: boolean },
  { scratch, gates: { requests } }: Places,
): Promise<RunFolders> {
  if (scratch === undefined) throw noScratch(place.url);
  const bucket = await enterBucket(place);
  const root = join(scratch, String(run));
  let opened = 0;
  return {
    root,
    store: {},
    open: async (config) => {
      // Files that an earlier turn of the same part has left, or still writes, must not be met.
      opened += 1;
      const path = pathBelow(root, String(opened));
      const thumbnails = gallery ? await openThumbnails(path, { coversAll: true }) : null;
      const part = createPartInBucket({ bucket, folder: path, thumbnails, requests });
      const { over, fetch, refusal, destination } = part;
      const made = thumbnails === null ? {} : { check: checkOf(thumbnails), preview: thumbnails.preview };
      return {
        path,
        over,
        fetch,
        refusal,
        config: {
          ...config,
          emit: withoutLeft(config.emit, refusal),
          folder: path,
          renderer: rendererFor(path, made),
          destinations: [destination],
          // The sidecar goes to the bucket with the images.
          persist: () => EMPTY,
          afterSaved: (outcome) => defer(() => deleteImages(path, outcome)),
        },
        clear: () => rm(path, { recursive: true, force: true, maxRetries: 3 }),
      };
    },
    close: () => bucket.close(),
  };
}

/** Keeps the ends of jobs back that are left to others. */
function withoutLeft(emit: EmitEvent = () => {}, refusal: PartFolder['refusal']): EmitEvent {
  return (event) => {
    const isLeft = 'outcome' in event && refusal(event.outcome.index) !== null;
    if (!isLeft) emit(event);
  };
}

function checkOf(thumbnails: Thumbnails): NonNullable<RunStore['check']> {
  return (original) => from(thumbnails.check(original)).pipe(ignoreElements());
}

function noSharedFolder(folder: string | null): UsageError {
  return new UsageError(`The run works in a shared folder (${folder}), and this worker has none.`, {
    suggestion: 'Start it with --shared DIR.',
  });
}

function noScratch(url: string): UsageError {
  return new UsageError(`The run works over ${url}, and this worker has no scratch folder.`, {
    suggestion: 'Start it with --scratch DIR.',
  });
}
