import { option, UsageError } from '../../../errors.ts';
import { distinctRenditions, renditionFrames } from '../../../renditions/lists.ts';
import { adaptInput } from '../../../sources/modelInputs/adaptInput.ts';
import { inputFile } from '../../../sources/modelInputs/inputFile.ts';
import { pictureInput, strengthInput } from '../../../sources/modelInputs/pictureInput.ts';
import { checkJobContext, filesOfJob, type JobContext } from '../../../sources/planning/jobContext.ts';
import { jobInput } from '../../../sources/planning/jobInput.ts';
import { fingerprintOf } from '../../../sources/planning/requestKey.ts';
import { createSeeder, type Seeder } from '../../../sources/planning/seeds.ts';
import type { InputFiles, Job, ModelInput } from '../../../types.ts';
import { type RefinementSpec, refinementTotal } from './spec.ts';

/** The contexts of the first candidates, and of the images made from others. */
export type RefinementContexts = readonly [candidates: JobContext, children: JobContext];

/** An image to refine. */
export interface RefinementParent {
  /** Index of its job; null if it is not known yet, in a dry run. */
  readonly index: number | null;
  /** The value for the image in the children's input: its path below the run folder. */
  readonly picture: string;
  /** Absolute path of the image; null if it does not exist yet. */
  readonly file: string | null;
}

/**
 * Makes the jobs of a refinement: its candidates, then for each round whose parents are given, the
 * children of each parent, the best first. The same parents always have the same jobs, so a killed
 * run can be resumed. Indexes are fixed: the candidates come first, then `keep` x `children`
 * indexes per round, some of which stay unused if fewer parents were kept.
 *
 * Throws `UsageError` at call time if the models cannot take the inputs of the spec, and later if
 * an image is missing.
 */
export function refinementJobs(
  spec: RefinementSpec,
  contexts: RefinementContexts,
  rounds: readonly (readonly RefinementParent[])[],
): AsyncIterable<Job> {
  const [first, refining] = contexts;
  const whole = { ...first, input: { ...spec.input, ...first.input }, own: spec.input, given: first.input };
  const inherited = spec.refineInput ?? adaptInput(spec.input, refining.schema);
  const wholeRefining = {
    ...refining,
    input: { ...inherited, ...refining.input },
    own: inherited,
    given: refining.input,
  };
  const picture = refiningInput(refining);
  const strengthAt = (round: number): ModelInput => {
    const strength = spec.strengths[round - 1] ?? spec.strengths.at(-1);
    return strength === undefined ? {} : { [strengthInput(refining.schema)]: strength };
  };
  check(whole, {});
  check({ ...wholeRefining, input: { ...wholeRefining.input, ...strengthAt(1) } }, { [picture.name]: '' });
  return {
    async *[Symbol.asyncIterator]() {
      yield* candidates(spec, whole);
      const seeded = createSeeder(wholeRefining);
      for (const [index, parents] of rounds.entries()) {
        const input = { ...wholeRefining.input, ...strengthAt(index + 1) };
        const context = { ...wholeRefining, input };
        yield* childrenOf({ spec, context, picture, seeded, round: index + 1, parents });
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
      suggestion: 'Choose another model with refineModel: in the spec, such as black-forest-labs/flux-dev.',
      cause: error,
    });
  }
}

/** The context of a round, with the inputs that the spec gives and those of the command line. */
interface RoundContext extends JobContext {
  readonly own: ModelInput;
  readonly given: ModelInput;
}

/** Finds the files of the spec's inputs, and of those of the command line, which win. */
function filesOfRound({ own, given, ...context }: RoundContext): Promise<InputFiles> {
  const left = Object.entries(own).filter(([name]) => !Object.hasOwn(given, name));
  return filesOfJob(Object.fromEntries(left), context);
}

async function* candidates(spec: RefinementSpec, context: RoundContext): AsyncGenerator<Job> {
  const seeded = createSeeder(context);
  const { prompt } = spec;
  const files = await filesOfRound(context);
  for (let index = 0; index < spec.candidates; index += 1) {
    const { input: hidden, ...secrets } = jobInput({ ...context.input, prompt }, context.schema);
    const input = seeded(hidden, { index, copy: index }, files);
    yield { ...frameOf(spec, context, files), index, prompt, input, tags: { round: '0' }, ...secrets };
  }
}

interface Round {
  readonly spec: RefinementSpec;
  readonly context: RoundContext;
  readonly picture: ReturnType<typeof pictureInput>;
  readonly seeded: Seeder;
  readonly round: number;
  readonly parents: readonly RefinementParent[];
}

async function* childrenOf({ spec, context, picture, seeded, round, parents }: Round): AsyncGenerator<Job> {
  const prompt = (spec.refinePrompt ?? '{prompt}').replaceAll('{prompt}', () => spec.prompt);
  const shared = await filesOfRound(context);
  let index = refinementTotal({ ...spec, rounds: round - 1 });
  for (const parent of parents) {
    const value = picture.valueOf(parent.picture);
    const path = Array.isArray(value) ? `${picture.name}[0]` : picture.name;
    const own: InputFiles = parent.file === null ? {} : { [path]: await inputFile(parent.file) };
    const files = { ...shared, ...own };
    const tags = { round: String(round), parent: parent.index === null ? '?' : String(parent.index + 1) };
    for (let child = 0; child < spec.children; child += 1) {
      // A parent that stays among the best has children in several rounds; all get different seeds.
      const whole = { ...context.input, [picture.name]: value, prompt };
      const { input: hidden, ...secrets } = jobInput(whole, context.schema);
      const input = seeded(hidden, { index, copy: index }, files);
      yield { ...frameOf(spec, context, files), index, prompt, input, tags, ...secrets };
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
  throw new UsageError(`${model} requires a value for \`${missing}\``, {
    suggestion: `Give it under input: or refineInput: in the spec, or as ${option('--input', `${missing}=VALUE`)}.`,
  });
}

/** Returns placeholders for the images to refine in each round, for a dry run of all rounds. */
export function expectedParents({ rounds, keep }: RefinementSpec): RefinementParent[][] {
  return Array.from({ length: rounds }, (_, round) =>
    Array.from({ length: keep }, (__, index) => ({
      index: null,
      picture: `(the ${index === 0 ? 'best' : `number ${index + 1}`} after round ${round})`,
      file: null,
    })),
  );
}

/**
 * Returns a fingerprint of everything that changes the images of a refinement. More rounds, another
 * score to stop at, other copies, another budget or price leave existing images as they are, so a
 * folder can continue with them.
 */
export function refinementFingerprint(spec: RefinementSpec, contexts: RefinementContexts): string {
  const { rounds: _rounds, stopAtScore: _score, best: _best, ...others } = spec;
  const { budgetUsd: _budget, priceUsd: _price, ...request } = others;
  const isModel = request.score !== null && 'model' in request.score;
  const score = isModel ? { ...request.score, priceUsd: null } : request.score;
  const [first, { model, version, input }] = contexts;
  return fingerprintOf(
    {
      ...request,
      renditions: renditionFrames(spec.renditions),
      score,
      children: { count: spec.children, model, version, input },
    },
    first,
  );
}
