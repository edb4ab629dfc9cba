import { concatMap, map, type OperatorFunction, of, pipe } from 'rxjs';
import type { Made, RenderedOriginal } from '../../src/base/items/item.ts';
import {
  type AwaitPredictionConfig,
  awaitPrediction,
} from '../../src/operators/predictions/awaitPrediction.ts';
import {
  type CreatePredictionConfig,
  createPrediction,
} from '../../src/operators/predictions/createPrediction.ts';
import { type DownloadOutputConfig, downloadOutput } from '../../src/operators/stages/downloadOutput.ts';
import { type RenditionsConfig, renditions } from '../../src/operators/stages/renditions.ts';
import { throwFailed } from '../../src/operators/stages/throwFailed.ts';
import type { Downloader, Provider, Renderer } from '../../src/ports.ts';
import type { ImageFile, Prediction, PredictionRequest, RenditionSpec } from '../../src/types.ts';
import { aPrediction, aRequest, fakeProvider } from './fakeProvider.ts';

/** An item as `createPrediction` emits it. */
export function madeOf(prediction: Prediction, fields: Partial<Made> = {}): Made {
  const { answers } = fakeProvider({});
  return { index: 0, request: aRequest(), reservation: null, prediction, sinceMs: 0, answers, ...fields };
}

/**
 * The operators with plain values in place of items, and errors in place of failed items: for tests
 * with a single item.
 */
export const alone = {
  createPrediction: (
    provider: Provider,
    config: CreatePredictionConfig,
  ): OperatorFunction<PredictionRequest, Prediction> =>
    pipe(
      createPrediction<PredictionRequest>(provider, config),
      throwFailed(),
      map(({ prediction }) => prediction),
    ),
  awaitPrediction: (
    provider: Provider,
    config: AwaitPredictionConfig = {},
  ): OperatorFunction<Prediction, Prediction> =>
    pipe(
      map((prediction: Prediction) => madeOf(prediction)),
      awaitPrediction(provider, config),
      throwFailed(),
      map(({ prediction }) => prediction),
    ),
  downloadOutput: (
    downloader: Downloader,
    config: DownloadOutputConfig,
  ): OperatorFunction<Prediction, readonly ImageFile[]> =>
    pipe(
      map((prediction: Prediction) => madeOf(prediction)),
      downloadOutput(downloader, config),
      throwFailed(),
      map(({ files }) => files),
    ),
  renditions: (
    renderer: Renderer,
    specs: readonly RenditionSpec[],
    config: RenditionsConfig = {},
  ): OperatorFunction<readonly ImageFile[], readonly RenderedOriginal[]> =>
    concatMap((files) =>
      of({ ...madeOf(aPrediction()), files }).pipe(
        renditions(renderer, specs, config),
        throwFailed(),
        map(({ images }) => images),
      ),
    ),
} as const;
