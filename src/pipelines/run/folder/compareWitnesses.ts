import { statSync } from 'node:fs';
import { pathBelow } from '../../../disk/insideFolder.ts';
import { option, UsageError } from '../../../errors.ts';
import type { EmitEvent } from '../../../events/runEvent.ts';
import type { Manifest } from '../../../sinks/manifest/manifest.ts';
import type { FolderJournal, SavedJob } from '../../../store/journal/journal.ts';
import type { ImageFile, Outcome } from '../../../types.ts';

interface Witnesses {
  readonly folder: string;
  readonly journal: FolderJournal;
  readonly manifest: Manifest;
  readonly emit: EmitEvent;
}

/**
 * Compares the journal of a folder with its manifest, job by job, before anything is made. A result
 * that the manifest has as saved, with its files on disk, and the journal does not know, is entered
 * into the journal: it was paid. Warns about every repair.
 *
 * Rejects with `UsageError` if the journal is new beside outcomes of earlier runs: then
 * `run.sqlite` and its log were deleted, and all of them would be paid for again.
 */
export async function compareWitnesses(witnesses: Witnesses): Promise<void> {
  const { folder, journal, manifest, emit } = witnesses;
  for (const repair of journal.repairs) emit({ type: 'warning', message: `${repair}.` });
  const isNew = journal.isEmpty();
  const restoring = createRestoring(witnesses);
  for await (const outcome of suspects(manifest, journal)) {
    if (isNew && outcome.attempts > 0) throw journalGone(folder);
    if (outcome.status === 'saved') restoring.add(outcome);
  }
  const restored = restoring.end();
  if (restored === 0) return;
  const jobs = restored === 1 ? '1 saved job' : `${restored} saved jobs`;
  emit({
    type: 'warning',
    message: `run.sqlite did not know ${jobs} of manifest.jsonl, and has them again: they are not paid for a second time.`,
  });
}

/** Jobs that are given to the journal in one transaction. */
const BATCH = 1_000;

/**
 * Gives saved jobs of the manifest to the journal, or only their files if the journal has lost
 * those. Leaves out a line whose prediction is that of another job: it is from an earlier input.
 */
function createRestoring({ folder, journal }: Pick<Witnesses, 'folder' | 'journal'>) {
  let batch: SavedJob[] = [];
  const idsOfBatch = new Set<string | null>();
  let restored = 0;
  const flush = (): void => {
    if (batch.length > 0) journal.restore(batch);
    batch = [];
    idsOfBatch.clear();
  };
  const give = (job: SavedJob): void => {
    batch.push(job);
    idsOfBatch.add(job.outcome.predictionId);
    if (batch.length === BATCH) flush();
  };
  const isOfAnother = ({ index, predictionId, cached }: Outcome): boolean => {
    if (cached || predictionId === null || journal.find(index)?.predictionId === predictionId) return false;
    return idsOfBatch.has(predictionId) || journal.knowsPrediction(predictionId);
  };
  return {
    add(outcome: Outcome): void {
      const known = journal.find(outcome.index);
      const files = originalsOf(outcome, folder);
      if (known?.key === outcome.key && known.state === 'saved') {
        if (known.files.length === 0 && files.length > 0) give({ outcome, files });
        return;
      }
      if (!files.every(isOnDisk) || isOfAnother(outcome)) return;
      restored += 1;
      give({ outcome, files });
    },
    /** Returns the number of jobs that the journal did not have as saved. */
    end(): number {
      flush();
      return restored;
    },
  };
}

/** Yields the outcomes that the journal may not agree with; all of them after a repair. */
async function* suspects(manifest: Manifest, journal: FolderJournal): AsyncGenerator<Outcome> {
  if (journal.repairs.length > 0 || journal.isEmpty()) {
    yield* manifest.outcomes();
    return;
  }
  for (const index of manifest.saved.values()) {
    const outcome = journal.isSaved(index) ? null : await manifest.find(index);
    if (outcome !== null) yield outcome;
  }
}

function originalsOf({ files }: Outcome, folder: string): ImageFile[] {
  return files.flatMap(({ role, path, bytes, sha256, format, width, height }) =>
    role === 'original'
      ? [{ path: pathBelow(folder, path), bytes, sha256, format, widthPx: width, heightPx: height }]
      : [],
  );
}

function isOnDisk({ path, bytes }: ImageFile): boolean {
  return statSync(path, { throwIfNoEntry: false })?.size === bytes;
}

function journalGone(folder: string): UsageError {
  return new UsageError(
    `${folder} has manifest.jsonl but not its run.sqlite: there is no record of the payments.`,
    {
      suggestion:
        `Restore run.sqlite and journal.jsonl from a copy, or choose another folder with ${option('--out')}. ` +
        'Delete manifest.jsonl too only if you want to make, and pay for, all images of this run again.',
    },
  );
}
