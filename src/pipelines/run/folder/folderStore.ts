import { concat, defer, EMPTY, from, ignoreElements } from 'rxjs';
import { createIndexSet } from '../../../base/indexSet.ts';
import { encoderConcurrency } from '../../../base/pictures.ts';
import { pathBelow } from '../../../disk/insideFolder.ts';
import { createGate, gate } from '../../../operators/gate.ts';
import { storedPlans } from '../../../sinks/manifest/storedPlans.ts';
import type { Outcome } from '../../../types.ts';
import { openInFolder, spentInFolder } from '../closing/budgetUse.ts';
import type { OpenRun, RunSettings, RunStore } from '../settings.ts';
import type { FolderFiles } from './openFolder.ts';

/** A run folder as the store of a run, with the state of its jobs. */
export type FolderStore = RunStore & Pick<OpenRun, 'isSaved' | 'wasSaved' | 'reopen' | 'trustIndexes'>;

/** Creates the store of a run from the open files of its folder. */
export function createFolderStore(
  settings: Pick<RunSettings, 'folder' | 'only'>,
  { journal, ratings, manifest, thumbnails }: Omit<FolderFiles, 'service'>,
): FolderStore {
  const { folder, only = () => true } = settings;
  const encoders = createGate(encoderConcurrency());
  const putAside = {
    failed: storedPlans(folder, 'failed').store,
    detached: storedPlans(folder, 'detached').store,
  } as const;
  let reopened: ReadonlyMap<number, string | null> = new Map();
  const keptNow = createIndexSet();
  // Cost that earlier runs have counted for jobs that end again in this one: few.
  const countedUsd = new Map<number, number>();
  const noteCounted = async ({ index, key }: Outcome): Promise<void> => {
    if (keptNow.has(index)) return;
    keptNow.add(index);
    if (!manifest.has(index)) return;
    const before = await manifest.find(index);
    if (before?.key === key && before.costUsd) countedUsd.set(index, before.costUsd);
  };
  let isMatched = false;
  // A power cut may take lines of the manifest that the journal, which is flushed, still knows: an
  // earlier outcome of the job is the newest again.
  const wasSaved: OpenRun['wasSaved'] = (index) =>
    journal.isSaved(index) && manifest.saved.has(index) && !reopened.has(index);
  const isSaved: OpenRun['isSaved'] = ({ index, key }) =>
    wasSaved(index) && (isMatched || journal.find(index)?.key === key);
  return {
    journal,
    spentMicroUsd: () => spentInFolder({ journal, ratings }),
    openMicroUsd: () => openInFolder({ journal, ratings }),
    keep: (outcome) =>
      concat(
        defer(() => noteCounted(outcome)).pipe(ignoreElements()),
        manifest.append(outcome),
        // Made while other predictions run, so that the end of the run does not wait for them.
        thumbnails === null ? EMPTY : defer(() => thumbnails.make(outcome)).pipe(gate(encoders)),
      ),
    putAside: (plan, reason) => putAside[reason](plan),
    // The decoding that shows that an original is complete serves its thumbnail too.
    ...(thumbnails && {
      check: (original) => from(thumbnails.check(original)).pipe(ignoreElements()),
      preview: thumbnails.preview,
    }),
    isDone: (plan) => !only(plan.index) || isSaved(plan),
    paidBeforeUsd: ({ index, predictionId, status }) =>
      status === 'saved' && reopened.get(index) === predictionId
        ? Number.POSITIVE_INFINITY
        : (countedUsd.get(index) ?? 0),
    filesOf: async ({ index, key }) => {
      const outcome = await manifest.find(index);
      return outcome?.key === key ? outcome.files.map(({ path }) => pathBelow(folder, path)) : [];
    },
    isSaved,
    wasSaved,
    reopen: (jobs) => {
      reopened = jobs;
    },
    trustIndexes: () => {
      isMatched = true;
    },
  };
}
