import type { SimulatedPrediction } from '../SimulatedPrediction.ts';
import { timesOf } from '../timesOf.ts';

export interface CogJsonConfig {
  /** The simulator's. */
  speed: number;
  /** Says `processing` although all is done, as a webhook of a new output does. Default false. */
  isAheadOfStatus?: boolean;
}

/** A prediction as Cog shows it. */
export function cogJson(prediction: SimulatedPrediction, { speed, isAheadOfStatus = false }: CogJsonConfig) {
  const { id, input, status, error, outputs, model, startedAtMs, completedAtMs } = prediction;
  const isEnded = completedAtMs !== null && !isAheadOfStatus;
  return {
    id,
    input,
    status: isAheadOfStatus ? ('processing' as const) : status,
    ...(status === 'succeeded' ? { output: model.output === 'single' ? outputs[0] : outputs } : {}),
    ...(error === null ? {} : { error }),
    logs: startedAtMs === null ? '' : `Using seed: ${input.seed ?? prediction.serial}\n`,
    ...(isEnded ? { metrics: { predict_time: timesOf(prediction, speed).predictS } } : {}),
  };
}
