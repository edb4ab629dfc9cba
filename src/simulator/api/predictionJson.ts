import { isRemoved } from '../isRemoved.ts';
import type { SimulatorSettings } from '../readSettings.ts';
import type { SimulatedPrediction } from '../SimulatedPrediction.ts';
import { timesOf } from '../timesOf.ts';
import { timestamp } from './timestamp.ts';

export interface PredictionJsonConfig {
  settings: SimulatorSettings;
  /** Of the API as the client knows it, up to and with `/v1`. */
  apiUrl: string;
  /** Says `processing` although all is done, as waited answers often do. Default false. */
  isAheadOfStatus?: boolean;
}

/** A prediction as `create` and `get` answer it, fields in the recorded order. */
export function predictionJson(
  prediction: SimulatedPrediction,
  { settings, apiUrl, isAheadOfStatus = false }: PredictionJsonConfig,
) {
  const { id, model, version, startedAtMs, completedAtMs, deadlineMs, createdAtMs, serial } = prediction;
  const isGone = isRemoved(prediction, settings);
  // Nobody can see it any more, so it need not be kept either.
  if (isGone) prediction.input = {};
  const shownEndMs = isAheadOfStatus ? null : completedAtMs;
  return {
    id,
    model: model.name,
    version: model.isOfficial ? 'hidden' : version,
    input: prediction.input,
    logs: isGone ? '' : logsOf(prediction),
    output: isGone ? null : outputOf(prediction),
    data_removed: isGone,
    error: prediction.error,
    status: isAheadOfStatus ? ('processing' as const) : prediction.status,
    source: 'api',
    ...webhookOf(prediction),
    created_at: timestamp(createdAtMs, serial),
    ...(startedAtMs === null ? {} : { started_at: timestamp(startedAtMs, serial + 1) }),
    ...(shownEndMs === null ? {} : { completed_at: timestamp(shownEndMs, serial + 2) }),
    ...(deadlineMs === null ? {} : { deadline: timestamp(deadlineMs, 0) }),
    urls: {
      cancel: `${apiUrl}/predictions/${id}/cancel`,
      get: `${apiUrl}/predictions/${id}`,
      stream: `https://stream.replicate.com/v1/files/${id}`,
      web: `https://replicate.com/p/${id}`,
    },
    ...(shownEndMs === null ? {} : { metrics: metricsOf(prediction, settings.speed) }),
  };
}

function webhookOf({ webhook }: SimulatedPrediction) {
  if (webhook === null) return {};
  const { url, events } = webhook;
  return { webhook: url, ...(events === null ? {} : { webhook_events_filter: events }) };
}

function logsOf({ startedAtMs, input, serial }: SimulatedPrediction): string {
  return startedAtMs === null ? '' : `Using seed: ${input.seed ?? serial}\n`;
}

function outputOf({ status, outputs, model }: SimulatedPrediction): string | readonly string[] | null {
  if (status !== 'succeeded') return null;
  return model.output === 'single' ? (outputs[0] ?? null) : outputs;
}

function metricsOf(prediction: SimulatedPrediction, speed: number): Record<string, number> {
  const { predictS, totalS } = timesOf(prediction, speed);
  const times = { predict_time: predictS, total_time: totalS };
  const { status, model, outputs } = prediction;
  const isPictures = status === 'succeeded' && model.output !== 'text';
  return isPictures ? { image_count: outputs.length, ...times } : times;
}
