import { UsageError } from '../../../errors.ts';
import { distinctRenditions, renditionFrames } from '../../../renditions/lists.ts';
import { adaptInput } from '../../../sources/modelInputs/adaptInput.ts';
import { inputFile } from '../../../sources/modelInputs/inputFile.ts';
import { pictureInput, strengthInput } from '../../../sources/modelInputs/pictureInput.ts';
import { checkJobContext, filesOfJob, type JobContext } from '../../../sources/planning/jobContext.ts';
import { fingerprintOf } from '../../../sources/planning/requestKey.ts';
import { createSeeder, type Seeder } from '../../../sources/planning/seeds.ts';
import type { InputFiles, Job, ModelInput } from '../../../types.ts';
import { type RefinementSpec, refinementTotal } from './spec.ts';

/** Of the first candidates, and of the pictures made from others. */
export type RefinementContexts = readonly [candidates: JobContext, children: JobContext];

/** A picture that is refined. */
export interface RefinementParent {
  /** Of its job; null where it is not known yet, in a plan that is only shown. */
  readonly index: number | null;
  /** What stands for the picture in the children's input: its path below the run folder. */
  readonly picture: string;
  /** Absolute path of the picture; null where there is none yet. */
  readonly file: string | null;
}

/**
 * The jobs of a refinement: its candidates, then for each round whose parents are given, the best first, the children of each.
 * The same parents have the same jobs, so that a run can go on where another one was killed. A job's index tells its place:
 * the candidates, then `keep` x `children` places a round, of which some stay empty where fewer were kept.
 *
 * Throws `UsageError` at call time where the models do not take what the spec gives them, and later where a picture is not there.
 */
export function refinementJobs(
  spec: RefinementSpec,
  contexts: RefinementContexts,
  rounds: readonly (readonly RefinementParent[])[],
): AsyncIterable<Job> {
  const [first, refining] = contexts;
  const whole = { ...first, input: { ...spec.input, ...first.input } };
  const inherited = spec.refineInput ?? adaptInput(spec.input, refining.schema);
  const wholeRefining = { ...refining, input: { ...inherited, ...refining.input } };
  const picture = refiningInput(refining);
  const ofRound = (round: number): ModelInput => {
    const strength = spec.strengths[round - 1] ?? spec.strengths.at(-1);
    return strength === undefined ? {} : { [strengthInput(refining.schema)]: strength };
  };
  check(whole, {});
  check({ ...wholeRefining, input: { ...wholeRefining.input, ...ofRound(1) } }, { [picture.name]: '' });
  return {
    async *[Symbol.asyncIterator]() {
      yield* candidates(spec, whole);
      const seeded = createSeeder(wholeRefining);
      for (const [at, parents] of rounds.entries()) {
        const input = { ...wholeRefining.input, ...ofRound(at + 1) };
        const context = { ...wholeRefining, input };
        yield* childrenOf({ spec, context, picture, seeded, round: at + 1, parents });
      }
    },
  };
}

function refiningInput({ model, schema }: JobContext): ReturnType<typeof pictureInput> {
  try {
    return pictureInput(schema, 1);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`refineModel: ${error.message} (${model})`, {
      suggestion: 'Choose black-forest-labs/flux-dev, say, with refineModel: in the spec.',
      cause: error,
    });
  }
}

async function* candidates(spec: RefinementSpec, context: JobContext): AsyncGenerator<Job> {
  const seeded = createSeeder(context);
  const { prompt } = spec;
  const files = await filesOfJob(context.input, context);
  for (let index = 0; index < spec.candidates; index += 1) {
    const input = seeded({ ...context.input, prompt }, { index, copy: index }, files);
    yield { ...frameOf(spec, context, files), index, prompt, input, tags: { round: '0' } };
  }
}

interface Round {
  readonly spec: RefinementSpec;
  readonly context: JobContext;
  readonly picture: ReturnType<typeof pictureInput>;
  readonly seeded: Seeder;
  readonly round: number;
  readonly parents: readonly RefinementParent[];
}

async function* childrenOf({ spec, context, picture, seeded, round, parents }: Round): AsyncGenerator<Job> {
  const prompt = (spec.refinePrompt ?? '{prompt}').replaceAll('{prompt}', () => spec.prompt);
  const shared = await filesOfJob(context.input, context);
  let index = refinementTotal({ ...spec, rounds: round - 1 });
  for (const parent of parents) {
    const value = picture.valueOf(parent.picture);
    const place = Array.isArray(value) ? `${picture.name}[0]` : picture.name;
    const own: InputFiles = parent.file === null ? {} : { [place]: await inputFile(parent.file) };
    const files = { ...shared, ...own };
    const tags = { round: String(round), parent: parent.index === null ? '?' : String(parent.index + 1) };
    for (let child = 0; child < spec.children; child += 1) {
      // A parent that stays among the best has children in several rounds: no two get the same seed.
      const input = seeded(
        { ...context.input, [picture.name]: value, prompt },
        { index, copy: index },
        files,
      );
      yield { ...frameOf(spec, context, files), index, prompt, input, tags };
      index += 1;
    }
  }
}

function frameOf({ renditions }: RefinementSpec, context: JobContext, files: InputFiles) {
  const { model, version } = context;
  const ownFiles = Object.keys(files).length === 0 ? {} : { files };
  return {
    model,
    version,
    renditions: distinctRenditions([...renditions, ...context.renditions]),
    ...ownFiles,
  };
}

function check(context: JobContext, given: ModelInput): void {
  checkJobContext(context);
  const { model, schema, input } = context;
  const all = { prompt: '', ...input, ...given };
  const missing = schema?.required.find((name) => !Object.hasOwn(all, name));
  if (missing === undefined) return;
  throw new UsageError(`Expected a value for \`${missing}\`, which ${model} requires, got none`, {
    suggestion: `Give it under input: or refineInput: in the spec, or as --input ${missing}=VALUE.`,
  });
}

/** Stand-ins for the pictures that a refinement will refine, round by round, for a plan that goes through all its rounds. */
export function expectedParents({ rounds, keep }: RefinementSpec): RefinementParent[][] {
  return Array.from({ length: rounds }, (_, round) =>
    Array.from({ length: keep }, (__, place) => ({
      index: null,
      picture: `(the ${place === 0 ? 'best' : `number ${place + 1}`} after round ${round})`,
      file: null,
    })),
  );
}

/**
 * Tells a refinement from all others by what changes its pictures. More rounds, another score to stop at, another budget or price
 * leave those that are there as they are, so a folder may go on with them.
 */
export function refinementFingerprint(spec: RefinementSpec, contexts: RefinementContexts): string {
  const { rounds: _rounds, stopAtScore: _score, budgetUsd: _budget, priceUsd: _price, ...pictures } = spec;
  const score = 'model' in pictures.score ? { ...pictures.score, priceUsd: null } : pictures.score;
  const [first, { model, version, input }] = contexts;
  return fingerprintOf(
    {
      ...pictures,
      renditions: renditionFrames(spec.renditions),
      score,
      children: { count: spec.children, model, version, input },
    },
    first,
  );
}
