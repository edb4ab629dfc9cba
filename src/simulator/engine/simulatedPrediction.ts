import type { PredictionStatus } from '../../types.ts';
import type { SimulatedModel } from '../models/simulatedModel.ts';

/**
 * An event that a webhook reports: the run has begun, has an output, has written logs, or is final.
 */
export type WebhookEvent = 'start' | 'output' | 'logs' | 'completed';

/** The webhooks that a create request orders. */
export interface WebhookOrder {
  readonly url: string;
  /** Null: the request named none. */
  readonly events: readonly WebhookEvent[] | null;
}

/** The request that a prediction was created from. */
export interface PredictionOrder {
  readonly model: SimulatedModel;
  /** `owner/name` of the deployment that runs it; null: none. */
  readonly deployment: string | null;
  /** 64 hex digits. */
  readonly version: string;
  /** As it was sent; emptied when the data is removed. */
  input: Readonly<Record<string, unknown>>;
  /** Time at which the service ends the prediction, in real ms; null: never. */
  readonly deadlineMs: number | null;
  /** Destination of its webhooks; null: none. */
  readonly webhook: WebhookOrder | null;
}

/** The state of a prediction, which changes as it runs. */
export interface PredictionState {
  status: PredictionStatus;
  startedAtMs: number | null;
  completedAtMs: number | null;
  /** `http:` or `data:` URLs. */
  outputs: readonly string[];
  error: string | null;
  /** Billed, in millionths of a US dollar. */
  costMicroUsd: number;
}

/** A prediction as the simulator stores it. */
export interface SimulatedPrediction extends PredictionOrder, PredictionState {
  readonly id: string;
  /** Counts up from 0; distinguishes predictions of the same millisecond. */
  readonly serial: number;
  readonly createdAtMs: number;
  /** Run time, in whole ms of the model's own time. */
  readonly runMs: number;
}

/** Errors of the platform: another run of the same request may succeed. */
export const platformErrors = [
  'Prediction interrupted; please retry (code: PA)',
  'Service is currently unavailable due to high demand. Please try again later. (E003)',
  'Prediction failed for an unknown reason. (E1000)',
] as const;

/** Time that the service adds to each run, in seconds. */
const OVERHEAD_S = 0.01;

/** Returns the times of an ended prediction, in seconds of the model's own time at any `speed`. */
export function timesOf(
  { status, createdAtMs, startedAtMs, completedAtMs, runMs }: SimulatedPrediction,
  speed: number,
): { readonly predictS: number; readonly totalS: number } {
  const seconds = (fromMs: number, toMs: number) => Math.round((toMs - fromMs) * speed) / 1_000;
  const endMs = completedAtMs ?? createdAtMs;
  const waitedS = seconds(createdAtMs, startedAtMs ?? endMs);
  const ranToEnd = status === 'succeeded' || status === 'failed';
  const ranS = startedAtMs === null ? 0 : seconds(startedAtMs, endMs);
  const predictS = ranToEnd ? runMs / 1_000 : Math.min(runMs / 1_000, ranS);
  return { predictS, totalS: Math.round((waitedS + predictS + OVERHEAD_S) * 1_000) / 1_000 };
}

/**
 * Returns the cost of an ended prediction, in millionths of a US dollar. Failed and aborted runs
 * are free. Succeeded ones are billed by image or by second, depending on the model. Canceled ones
 * are billed for their seconds, and are free if the model is priced by image.
 */
export function costOf(prediction: SimulatedPrediction, speed: number): number {
  const { status, model, outputs } = prediction;
  if (status === 'failed' || status === 'aborted') return 0;
  if ('perSecondMicroUsd' in model.price) {
    return Math.ceil(model.price.perSecondMicroUsd * timesOf(prediction, speed).predictS);
  }
  return status === 'succeeded' ? model.price.perImageMicroUsd * outputs.length : 0;
}
