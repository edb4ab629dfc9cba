import type { ModelInput, RenditionSpec, Tags } from '../types.ts';

/** One choice along an axis: what it makes of a job. */
export interface GridValue {
  /** What it is called in folders and gallery. */
  readonly tags: Tags;
  /** Its words in the prompt, by placeholder. */
  readonly words: Readonly<Record<string, string>>;
  /** Its model inputs. Lists that several axes give to the same input are joined. */
  readonly input: ModelInput;
  /** `owner/name`, perhaps with `:version`, where the axis is one of models. */
  readonly model?: string | undefined;
}

/** A thing that varies, and the values it takes. */
export interface GridAxis {
  readonly name: string;
  /** Where it stands in the spec, for messages: `axes.guidance`. */
  readonly place: string;
  readonly values: readonly GridValue[];
}

/** What is varied, and what stays: each combination of values, one of each axis, is a cell, and each cell a job or more. */
export interface Grid {
  /** Template of the prompts: each `{placeholder}` is a word of some axis. */
  readonly prompt: string;
  /** The same for every cell. */
  readonly input: ModelInput;
  /** Where inputs stand in the spec that are not under `input`, by their names, for messages. Default: all are. */
  readonly inputPlaces?: Readonly<Record<string, string>>;
  /** The first one changes most slowly. */
  readonly axes: readonly GridAxis[];
  readonly renditions: readonly RenditionSpec[];
  /** Pictures at most; null: 10,000. A limit of the run lifts it too. */
  readonly max: number | null;
}

/** The numbers of values along each axis, and last the images of each cell. */
export type GridBox = readonly number[];

/** A grid with its past: axes and values in the order of their arrival, and what the grid measured each time it grew. */
export interface GrownGrid extends Grid {
  /** Each is nowhere smaller than the one before. */
  readonly boxes: readonly GridBox[];
}
