import type { SimulatedPrediction } from './SimulatedPrediction.ts';

/** What the service does around a run, in seconds. */
const OVERHEAD_S = 0.01;

/** How long an ended prediction took, in seconds of the model's own time, however fast the simulator runs. */
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
