import { asyncScheduler, type Observable, of, throwError, timer } from 'rxjs';
import { map } from 'rxjs/operators';
import { PredictionError } from '../src/errors.ts';
import { createGovernor } from '../src/operators/pace/governor.ts';
import { createLedger } from '../src/operators/stages/budgetTake.ts';
import type { GenerateConfig } from '../src/pipelines/journey/config.ts';
import type { RunPorts } from '../src/pipelines/journey/run.ts';
import type { Provider } from '../src/ports.ts';
import type { Json, ModelInput, Plan, Prediction } from '../src/types.ts';

const MODEL = 'black-forest-labs/flux-schnell';

/**
 * Creates the ports of a run without network and images: only the pipeline itself and its journal
 * are left.
 */
export function memoryPorts(
  imagesPerSecond: number,
  tookMs: number | ((input: ModelInput) => number),
  scheduler = asyncScheduler,
): GenerateConfig & Omit<RunPorts, 'journal'> {
  const tookOf = typeof tookMs === 'number' ? () => tookMs : tookMs;
  let made = 0;
  const unused = (): Observable<never> => throwError(() => new Error('This call has no stand-in.'));
  const provider: Provider = {
    answers: {
      urlsOf: (output) => (Array.isArray(output) ? output.map(String) : []),
      costOf: () => 3_000,
      errorOf: ({ id }) => new PredictionError('ERR_PREDICTION_FAILED', 'failed', { predictionId: id }),
      describePrice: () => null,
    },
    createPrediction: ({ input }) => {
      made += 1;
      const prediction = predictionOf(`p${made}`, input);
      return timer(tookOf(input), scheduler).pipe(map(() => prediction));
    },
    getPrediction: unused,
    listPredictions: unused,
    cancelPrediction: unused,
    getModel: unused,
  };
  return {
    folder: '/bench',
    provider,
    downloader: {
      download: (_, { stem }) =>
        of({
          path: `${stem}.webp`,
          bytes: 1_000_000,
          sha256: 'b'.repeat(64),
          format: 'webp',
          widthPx: 1024,
          heightPx: 1024,
        }),
    },
    renderer: { render: () => of([]) },
    ledger: createLedger({ limitMicroUsd: Number.POSITIVE_INFINITY }),
    governor: createGovernor({ perMinute: imagesPerSecond * 60, scheduler }),
  };
}

/** Yields plans of the size of those from a prompt file. */
export function* plansUpTo(count: number): Generator<Plan> {
  for (let index = 0; index < count; index += 1) {
    const prompt = `A still life of ${index + 2} pears by a north window, oil on canvas, soft light, muted colours`;
    yield {
      index,
      key: index.toString(16).padStart(64, '0'),
      prompt,
      model: MODEL,
      version: null,
      input: { prompt, seed: index, aspect_ratio: '1:1', output_format: 'webp' },
      tags: {},
      renditions: [],
      priceMicroUsd: 3_000,
      path: `${String(index + 1).padStart(7, '0')}-a-still-life-of-pears-by`,
    };
  }
}

/** Returns a prediction that has succeeded, as the service shows it. */
export function predictionOf(id: string, input: Readonly<Record<string, Json>>): Prediction {
  const at = '2026-11-23T04:00:00.123456Z';
  return {
    id: id.padStart(26, 'x'),
    model: MODEL,
    version: 'hidden',
    status: 'succeeded',
    input,
    output: [`https://replicate.delivery/xezq/${id}/out-0.webp`],
    outputComplete: true,
    error: null,
    metrics: { predict_time: 1.5, total_time: 1.6, image_count: 1 },
    dataRemoved: false,
    createdAt: at,
    startedAt: at,
    completedAt: at,
  };
}
