import type { PredictionStatus } from '../types.ts';
import type { SimulatedModel } from './SimulatedModel.ts';

/** A prediction as the simulator keeps it. */
export interface SimulatedPrediction {
  readonly id: string;
  /** Counts up; tells predictions of the same millisecond apart. */
  readonly serial: number;
  readonly model: SimulatedModel;
  readonly version: string;
  /** As it was sent. */
  readonly input: Readonly<Record<string, unknown>>;
  /** What the model works with: the input over the model's defaults. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly createdAtMs: number;
  /** When it is ended by itself; null: never. */
  readonly deadlineMs: number | null;
  /** How long it will run, in the model's own time. */
  readonly runMs: number;
  status: PredictionStatus;
  startedAtMs: number | null;
  completedAtMs: number | null;
  outputs: readonly string[];
  error: string | null;
  /** Billed, in millionths of a US dollar. */
  costMicroUsd: number;
}
