import { concat, defer, EMPTY, from, ignoreElements } from 'rxjs';
import { encoderConcurrency } from '../../../base/pictures.ts';
import { pathBelow } from '../../../disk/insideFolder.ts';
import { createGate, gate } from '../../../operators/gate.ts';
import { storedPlans } from '../../../sinks/manifest/storedPlans.ts';
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
  let isMatched = false;
  // A power cut may take lines of the manifest that the journal, which is flushed, still knows.
  const wasSaved: OpenRun['wasSaved'] = (index) =>
    journal.isSaved(index) && manifest.has(index) && !reopened.has(index);
  const isSaved: OpenRun['isSaved'] = ({ index, key }) =>
    wasSaved(index) && (isMatched || journal.find(index)?.key === key);
  return {
    journal,
    spentMicroUsd: () => spentInFolder({ journal, ratings }),
    openMicroUsd: () => openInFolder({ journal, ratings }),
    keep: (outcome) =>
      concat(
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
    isPaidBefore: ({ index, predictionId }) => reopened.get(index) === predictionId,
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
