import type { InputFiles, ModelInput, ModelSchema, RenditionSpec } from '../types.ts';

/** What the jobs of a run have in common. */
export interface JobContext {
  /** `owner/name`. */
  readonly model: string;
  /** The pinned version (64 hex digits), or null for the model's newest. */
  readonly version: string | null;
  /** Null where the model publishes none: then all columns of a prompt file are tags. */
  readonly schema: ModelSchema | null;
  /** Extra inputs for every job, already of the right types; a row's own values win. */
  readonly input: ModelInput;
  /** The files that texts of `input` stand for; `inputFiles` finds them. Default: none. */
  readonly files?: InputFiles;
  /** Where the paths of a row's files begin. Default: the working directory. */
  readonly folder?: string;
  /** Images of each prompt, 1 or more. */
  readonly count: number;
  /**
   * `auto`: a repeatable seed for each job where the model has that input and neither row nor `input` gives one.
   * A number N: N, N+1, … by job index, likewise. `none`: no seed is added.
   */
  readonly seed: 'auto' | 'none' | number;
  readonly renditions: readonly RenditionSpec[];
  /** Only the first so many jobs. */
  readonly limit?: number;
}
