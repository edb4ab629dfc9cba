import { prefixSpecName, specFolder } from '../../sources/specs/readSpec.ts';
import type { RefinementContexts } from '../workflows/refinement/jobs.ts';
import { type RefinementFields, readRefinementSpec } from '../workflows/refinement/spec.ts';
import type { PlannedRun } from './imagesRun.ts';
import type { BatchOptions, WorkflowOptions } from './options.ts';
import { chooseModel, chooseRefiner } from './planning/chooseModel.ts';
import { expectRunOptions } from './planning/frontErrors.ts';
import { contextsFor } from './planning/jobContexts.ts';
import { refinementBatch } from './planning/refinementBatch.ts';
import { specInput } from './planning/specInput.ts';
import { openScore, openScoreSpec } from './score.ts';
import { moneySettings, unpricedError } from './settings.ts';
import { choicesOf, givenModel, startFront, withSpec } from './startFront.ts';

/** Options that mean nothing where later images follow from earlier ones. */
const unfit = [
  'count',
  'limit',
  'only',
  'fallback',
  'detach',
  'destinations',
  'shardSize',
  'deleteLocal',
] as const satisfies readonly (keyof BatchOptions)[];

/** The options of `refineImages`. */
export interface RefineImagesOptions extends Omit<WorkflowOptions, (typeof unfit)[number]> {
  /** Continue a folder that was begun with another spec. Default false. */
  resumeAnyway?: boolean;
}

const defaultModel = 'black-forest-labs/flux-schnell';

/**
 * Makes candidates from a prompt, rates them, and refines the best, round by round. Writes
 * `refinement.json`, ranks and the lineage of the images before the run ends.
 *
 *     const run = refineImages({ prompt: 'a harbour at night', candidates: 8, keep: 2, children: 2,
 *       rounds: 2 }, { to: 'out/harbour', score: 'sharpness', budgetUsd: 1 });
 *     const { totals } = await run;                       // at most 16 images
 *
 * `score` in the options rates them, else that of the spec; if the folder is continued, rate as
 * before. `spec` and the run are as those of `campaign`. For a pipe of your own there is the
 * operator `refine`.
 */
export function refineImages(spec: string | RefinementFields, options: RefineImagesOptions): PlannedRun {
  expectRunOptions(options);
  const { score, resumeAnyway = false, allowFiles = [] } = options;
  const names = { adds: ['model', 'resumeAnyway'], without: unfit };
  return startFront(options, names, async ({ provider }) => {
    const read = await readRefinementSpec(spec, { allowFiles, needsScore: score === undefined });
    const settled = withSpec<WorkflowOptions>(options, { ...read, count: null });
    const folder = specFolder(spec);
    const own = chooseModel(read, givenModel(options), defaultModel);
    const refining = await chooseRefiner(read, own, { provider });
    const found = await contextsFor(choicesOf(settled), [own, refining], provider);
    const [first, second] = found.map((context) => ({ ...context, folder }));
    if (first === undefined || second === undefined) throw new Error('Expected a context for each model');
    const contexts: RefinementContexts = [first, second];
    const money = moneySettings(settled);
    const rating = { provider, allowFiles, money, unpriced: unpricedError(settled) };
    const scorer =
      score === undefined
        ? await openScoreSpec(read.score ?? {}, { ...rating, folder })
        : await openScore(score, rating);
    const batch = await prefixSpecName(spec, () => refinementBatch(read, contexts, { scorer, resumeAnyway }));
    const { score: _score, ...others } = settled;
    return { ...batch, input: await specInput(spec), options: others, scorer };
  });
}
