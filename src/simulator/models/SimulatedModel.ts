import type { Json } from '../../types.ts';

/** One input as a model's author writes it. */
export interface InputDefinition {
  /** `files` is a list of file URLs. */
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'files';
  readonly description: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: Json;
  /** `uri` marks a file. */
  readonly format?: 'uri';
  readonly isRequired?: boolean;
}

/** A model that the simulator has. */
export interface SimulatedModel {
  /** `owner/name`. */
  readonly name: string;
  readonly description: string;
  /** Official models are run by name, others by version. */
  readonly isOfficial: boolean;
  /** Of run times. */
  readonly medianMs: number;
  /** Part of the runs that begin on a cold machine, 0…1. */
  readonly coldStartRate: number;
  /** Whether the output is a list of files, a single one, or a text in pieces. */
  readonly output: 'list' | 'single' | 'text';
  /** File format of the outputs where no input chooses one; of a text: none. */
  readonly outputFormat: 'png' | 'jpg' | 'webp';
  /** In millionths of a US dollar; by the second where a model is priced so. */
  readonly price: { readonly perImageMicroUsd: number } | { readonly perSecondMicroUsd: number };
  /** In the order in which a form shows them. */
  readonly inputs: Readonly<Record<string, InputDefinition>>;
}
