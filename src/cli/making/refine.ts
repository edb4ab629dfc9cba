import { dirname } from 'node:path';
import { refinementBatch } from '../../pipelines/front/planning/refinementBatch.ts';
import type { RefinementContexts } from '../../pipelines/workflows/refinement/jobs.ts';
import { readRefinementSpec } from '../../pipelines/workflows/refinement/spec.ts';
import { createScorer } from '../../scoring/scorer.ts';
import { readPicks } from '../../sinks/picks/readPicks.ts';
import { prefixSpecName } from '../../sources/specs/readSpec.ts';
import { type BatchScriptContext, withSpec } from '../batch/batchScript.ts';
import { chooseFolder } from '../batch/chooseFolder.ts';
import { jobContexts, ratedBy, refiningModel, scoringModel, specModel } from '../batch/models.ts';
import { startBatch } from '../batch/startBatch.ts';
import type { Flags } from '../flags/flags.ts';

const defaultModel = 'black-forest-labs/flux-schnell';

/**
 * Makes candidates from a prompt and refines the best, round by round. Resolves with the exit
 * code.
 */
export async function refine(script: BatchScriptContext): Promise<number> {
  const [input = ''] = script.inputs;
  const { flags: given, service, io } = script;
  const spec = await readRefinementSpec(input, given);
  const flags = withSpec(given, spec, service);
  const own = specModel(spec, given, service, defaultModel);
  const refining = await refiningModel(spec, own, service);
  const found = await jobContexts(flags, [own, refining], service.provider);
  const [first, second] = found.map((context) => ({ ...context, folder: dirname(input) }));
  if (first === undefined || second === undefined) throw new Error('Expected a context for each model');
  const contexts: RefinementContexts = [first, second];
  const { score } = spec;
  // Without one, the spec is refused.
  if (score === null) throw new Error('Expected a score');
  const scorer =
    'model' in score ? await scoringModel(score, flags, service, dirname(input)) : createScorer(score);
  const { resumeAnyway } = flags;
  const place = await chooseFolder(script, input, { name: spec.name });
  const choices = { scorer, resumeAnyway, ...(await pickedIn(place.folder, given)) };
  const batch = await prefixSpecName(input, () => refinementBatch(spec, contexts, choices));
  return startBatch({
    ...place,
    ...batch,
    followsResults: true,
    axes: `at most ${spec.candidates} candidates, then ${spec.rounds} rounds of ${spec.keep} x ${spec.children}`,
    ...(typeof scorer === 'function' ? {} : { ratedBy: ratedBy(scorer) }),
    flags,
    service,
    io,
    around: script.around,
  });
}

/** Reads the images that the next round is to refine, from the run's own gallery. */
async function pickedIn(folder: string, { picks }: Pick<Flags, 'picks'>) {
  if (picks === null) return {};
  const images = await readPicks(picks, folder);
  return { picks: images.map(({ index }) => index) };
}
