import { UsageError } from '../errors.ts';
import type { Manifest } from '../sinks/openManifest.ts';
import type { RunJournal } from '../store/RunJournal.ts';

/**
 * Makes sure that the journal is the one that the manifest was written with: a new one beside outcomes of earlier runs means
 * that `run.sqlite` was deleted, and all of them would be paid again. Rejects with `UsageError`.
 */
export async function expectJournalOf(
  manifest: Manifest,
  journal: RunJournal,
  folder: string,
): Promise<void> {
  const isNew = Object.values(journal.counts()).every((jobs) => jobs === 0);
  if (!isNew) return;
  for await (const { attempts } of manifest.outcomes()) {
    if (attempts > 0) throw journalGone(folder);
  }
}

function journalGone(folder: string): UsageError {
  return new UsageError(
    `Expected the journal run.sqlite beside manifest.jsonl in ${folder}, got a new one.`,
    {
      suggestion:
        'Restore it from a copy, or choose another folder with --out. Without it nobody knows what has been paid: ' +
        'delete manifest.jsonl too only if making all images of this run again is fine.',
    },
  );
}
