import { concatMap, defer, EMPTY, type Observable } from 'rxjs';
import type { IndexSet } from '../../base/indexSet.ts';
import { option, UsageError } from '../../errors.ts';
import type { Outcome, Plan, RenditionSpec } from '../../types.ts';
import { checkSettings } from '../run/checkSettings.ts';
import { keepLook } from '../run/closing/closingLook.ts';
import { endOrFault, endUnclosed } from '../run/closing/faults.ts';
import { type FinishedRun, writeResults } from '../run/closing/results.ts';
import { createAdditions } from '../run/earlier/additions.ts';
import { renderEarlier } from '../run/earlier/renderEarlier.ts';
import { createFilesCheck, expectOthersInside } from '../run/folder/expectInside.ts';
import { inOpenRun } from '../run/openRun.ts';
import type { OpenRun, RunSettings } from '../run/settings.ts';
import { paidBefore, runToEnd } from '../runToEnd.ts';

/** The settings of a run that makes renditions of saved images alone. */
export interface RenderSavedSettings extends Omit<RunSettings, 'detach' | 'fingerprint' | 'cacheFolder'> {
  /** The renditions to make, besides those that the images have. */
  readonly renditions: readonly RenditionSpec[];
}

/**
 * Makes renditions of the saved images of a run folder, from their originals on disk: no request,
 * no payment. Needs only the folder. Renditions that an image has already, with the same settings,
 * are not made again; one with other settings takes the place of its namesake. Manifest, report
 * and gallery are brought up to date. Emits the finished run, whose jobs are the saved ones.
 *
 *     renderSaved({ folder, provider, renditions })   -----(end|)   each of 100 saved jobs has it
 *
 * Errors with `UsageError` if the folder has no saved image, and as `runToFolder` does.
 */
export function renderSaved(settings: RenderSavedSettings): Observable<FinishedRun> {
  checkSettings(settings, 'folder');
  const { renditions, ...rest } = settings;
  return inOpenRun(
    { ...rest, isPartial: true },
    (run) => {
      const plans = () => plansOfSaved(run, renditions);
      return defer(() => review(run, { plans, settings: rest })).pipe(
        concatMap(({ total, toRender }) => {
          if (total === 0) throw nothingSaved(rest.folder);
          const added = renderEarlier(toRender, plans, run);
          const work = { added, toAdd: toRender, outcomes: EMPTY, plans };
          const counts = { total, alreadySaved: total - toRender.size };
          return runToEnd({ ...work, ...counts }, paidBefore(toRender, run));
        }),
        concatMap((end) => keepLook(end, run)),
        concatMap((end) => writeResults(end, run)),
      );
    },
    endUnclosed,
  ).pipe(endOrFault());
}

interface Reviewed {
  /** The saved jobs that are chosen. */
  readonly total: number;
  /** Those that lack a rendition; they fail if their originals are not on disk. */
  readonly toRender: IndexSet;
}

/** Compares the saved jobs with the wanted renditions. */
async function review(
  run: OpenRun,
  { plans, settings }: { plans: () => AsyncIterable<Plan>; settings: RunSettings },
): Promise<Reviewed> {
  await expectOthersInside(run);
  const expectInside = createFilesCheck(run.config.folder);
  const additions = createAdditions(run, settings);
  let total = 0;
  for await (const plan of plans()) {
    const outcome = await run.manifest.find(plan.index);
    if (outcome === null) continue;
    expectInside(outcome);
    total += 1;
    await additions.see(outcome, plan);
  }
  const { toRender, away } = additions;
  for (const index of [...away.values()]) {
    away.delete(index);
    toRender.add(index);
  }
  additions.report();
  return { total, toRender };
}

async function* plansOfSaved(
  { manifest, isChosen }: OpenRun,
  renditions: readonly RenditionSpec[],
): AsyncGenerator<Plan> {
  for await (const outcome of manifest.outcomes()) {
    if (outcome.status === 'saved' && isChosen(outcome.index)) yield planOf(outcome, renditions);
  }
}

/** Returns the fields of an outcome's plan that rendering reads. */
function planOf(
  { index, key, prompt, model, version, input, tags, files }: Outcome,
  renditions: readonly RenditionSpec[],
): Plan {
  const path = files.find(({ role }) => role === 'original')?.path ?? `${index + 1}`;
  const stem = path.replace(/\.[^./]+$/, '');
  return { index, key, prompt, model, version, input, tags, renditions, path: stem, priceMicroUsd: null };
}

function nothingSaved(folder: string): UsageError {
  return new UsageError(`${folder} has no saved image to make renditions of.`, {
    suggestion: `Run the command that the folder belongs to first, or choose other jobs with ${option('--only')}.`,
  });
}
