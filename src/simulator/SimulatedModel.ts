import type { Json } from '../types.ts';

/** One input as a model's author writes it. */
export interface InputDefinition {
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'files';
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: Json;
  /** `uri` marks a file. */
  readonly format?: 'uri';
  readonly description: string;
  readonly isRequired?: boolean;
}

/** A model that the simulator has. */
export interface SimulatedModel {
  /** `owner/name`. */
  readonly name: string;
  readonly description: string;
  /** Official models are run by name, others by version. */
  readonly isOfficial: boolean;
  readonly medianMs: number;
  /** Part of the runs that begin on a cold machine. */
  readonly coldStartRate: number;
  /** Whether the output is a list of files or a single one. */
  readonly output: 'list' | 'single';
  /** In millionths of a US dollar; by the second where a model is priced so. */
  readonly price: { readonly perImageMicroUsd: number } | { readonly perSecondMicroUsd: number };
  readonly inputs: Readonly<Record<string, InputDefinition>>;
}
