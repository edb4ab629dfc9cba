import type { PredictionStatus } from '../types.ts';
import type { SimulatedModel } from './models/SimulatedModel.ts';

/** What a webhook may tell of: the run has begun, has an output, has written something, is final. */
export type WebhookEvent = 'start' | 'output' | 'logs' | 'completed';

/** What a create asks to be told of, and where. */
export interface WebhookOrder {
  readonly url: string;
  /** Null: none were named. */
  readonly events: readonly WebhookEvent[] | null;
}

/** A prediction as the simulator keeps it. */
export interface SimulatedPrediction {
  readonly id: string;
  /** Counts up from 0; tells predictions of the same millisecond apart. */
  readonly serial: number;
  readonly model: SimulatedModel;
  /** 64 hex digits. */
  readonly version: string;
  /** As it was sent; emptied when the data is removed. */
  input: Readonly<Record<string, unknown>>;
  readonly createdAtMs: number;
  /** When it is ended by itself, in real ms; null: never. */
  readonly deadlineMs: number | null;
  /** Whom to tell of it; null: nobody. */
  readonly webhook: WebhookOrder | null;
  /** How long it will run, in whole ms of the model's own time. */
  readonly runMs: number;
  status: PredictionStatus;
  startedAtMs: number | null;
  completedAtMs: number | null;
  /** `http:` or `data:` URLs. */
  outputs: readonly string[];
  error: string | null;
  /** Billed, in millionths of a US dollar. */
  costMicroUsd: number;
}
