import type { ModelScoreSpec, ScoreSpec } from '../scoreSpec.ts';
import type { ModelInput } from '../types.ts';
import type { BatchSpec, ModelWish } from './BatchSpec.ts';

/** Candidates for one picture, of which the best are refined round by round. */
export interface RefinementSpec extends BatchSpec {
  readonly prompt: string;
  /** Pictures of the first round, made from the prompt alone. */
  readonly candidates: number;
  /** How many of the best so far are refined in each round. */
  readonly keep: number;
  /** Pictures made from each of these. */
  readonly children: number;
  /** Rounds of refining, the first candidates not counted. */
  readonly rounds: number;
  /** How far children may go from their parent, by round; the last holds for further ones. Empty: as far as the model likes. */
  readonly strengths: readonly number[];
  /** What pictures are rated by. */
  readonly score: ScoreSpec | ModelScoreSpec;
  /** The refinement ends when a picture has it. Null: it goes through all rounds. */
  readonly stopAtScore: number | null;
  /** Makes the children; null for the model of the candidates where it takes pictures, else the caller's choice. */
  readonly refineModel: string | ModelWish | null;
  /** Prompt of the children, with `{prompt}`; null for that of the candidates. */
  readonly refinePrompt: string | null;
  /** Inputs of the children; null for those of the candidates, as far as the other model takes them. */
  readonly refineInput: ModelInput | null;
  readonly organize: string;
}
