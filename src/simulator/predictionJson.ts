import type { SimulatedPrediction } from './SimulatedPrediction.ts';

export interface PredictionJsonConfig {
  apiUrl: string;
  /** Output and input go after this time. */
  outputLifetimeMs: number;
  /** Whether to say `processing` although all is done, as waited answers do. */
  isAheadOfStatus?: boolean;
}

/** A prediction as `create` and `get` answer it, fields in the recorded order. */
export function predictionJson(
  prediction: SimulatedPrediction,
  config: PredictionJsonConfig,
): Record<string, unknown> {
  const { id, model, version, input, status, error, createdAtMs, startedAtMs, completedAtMs, deadlineMs } =
    prediction;
  const { apiUrl, outputLifetimeMs, isAheadOfStatus = false } = config;
  const isRemoved = completedAtMs !== null && Date.now() - completedAtMs > outputLifetimeMs;
  const shownEnd = isAheadOfStatus ? null : completedAtMs;
  return {
    id,
    model: model.name,
    version: model.isOfficial ? 'hidden' : version,
    input: isRemoved ? {} : input,
    logs: isRemoved || startedAtMs === null ? '' : `Using seed: ${input.seed ?? prediction.serial}\n`,
    output: isRemoved ? null : outputOf(prediction),
    data_removed: isRemoved,
    error,
    status: isAheadOfStatus ? 'processing' : status,
    created_at: timestamp(createdAtMs, prediction.serial),
    ...(startedAtMs === null ? {} : { started_at: timestamp(startedAtMs, prediction.serial + 1) }),
    ...(shownEnd === null ? {} : { completed_at: timestamp(shownEnd, prediction.serial + 2) }),
    ...(deadlineMs === null ? {} : { deadline: timestamp(deadlineMs, 0) }),
    source: 'api',
    urls: {
      cancel: `${apiUrl}/predictions/${id}/cancel`,
      get: `${apiUrl}/predictions/${id}`,
      stream: `https://stream.replicate.com/v1/files/${id}`,
      web: `https://replicate.com/p/${id}`,
    },
    ...(shownEnd === null ? {} : { metrics: metricsOf(prediction) }),
  };
}

function outputOf({ status, outputs, model }: SimulatedPrediction): unknown {
  if (status !== 'succeeded') return null;
  return model.output === 'list' ? outputs : (outputs[0] ?? null);
}

/** In the model's own time, however fast the simulator runs. */
function metricsOf({ status, runMs, outputs }: SimulatedPrediction): Record<string, number> {
  const seconds = Math.round(runMs) / 1_000;
  const times = { predict_time: seconds, total_time: seconds + 0.01 };
  return status === 'succeeded' ? { image_count: outputs.length, ...times } : times;
}

const DECIMALS = [3, 6, 0, 9];

/** UTC with as many decimals as it happens to have, as the service writes them. */
function timestamp(ms: number, variety: number): string {
  const [seconds = '', fraction = '000Z'] = new Date(ms).toISOString().split('.');
  const digits = DECIMALS[variety % DECIMALS.length] ?? 3;
  const decimals = fraction.slice(0, 3).padEnd(9, '1').slice(0, digits).replace(/0+$/, '');
  return decimals === '' ? `${seconds}Z` : `${seconds}.${decimals}Z`;
}
