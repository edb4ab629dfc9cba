import { map, type OperatorFunction } from 'rxjs';
import {
  costOfMade,
  type Downloaded,
  type Failed,
  type Item,
  type ItemRequest,
  isFailed,
  type Rendered,
  type UnusableOutputs,
} from '../../base/items/item.ts';
import { incompleteError, missingOutput, outcomeError } from '../../base/items/outcomeErrors.ts';
import { requestKey, truncateDataUrls } from '../../base/modelInput.ts';
import { shown } from '../../base/text.ts';
import { BudgetError } from '../../errors.ts';
import type { Outcome, Prediction, ProvenanceLevel } from '../../types.ts';
import { filesOf } from '../manifest/outcomeFiles.ts';

export interface ToOutcomeConfig {
  /** Absolute path of the folder that the files lie in; outcomes name them relative to it. */
  folder: string;
  /** Name of the service, as in `Outcome`. Default: none. */
  service?: string | null;
  /** Amount of provenance that was embedded in the images. Default `none`. */
  provenance?: ProvenanceLevel;
}

/**
 * Turns each item of a flat pipe into its outcome: saved with its files, failed with its error and
 * its cost, or skipped if the budget has no room for it. An item of which only some outputs can be
 * used has failed (`ERR_INCOMPLETE`): its files are those that can, and those that are kept
 * although they cannot. So no error of an item ends the pipe, and every request has one outcome, in
 * the order of the ends; `index` is its position in the source.
 * Throws a RangeError if `folder` is no path.
 *
 *     items, f failed   a-f-b|
 *     toOutcome         s-f-s|    s saved, f failed
 */
export function toOutcome<R extends ItemRequest>(
  config: ToOutcomeConfig,
): OperatorFunction<Rendered<R> | Downloaded<R> | Failed<R>, Outcome> {
  const { folder, service = null, provenance = 'none' } = config ?? {};
  if (typeof folder !== 'string' || folder === '')
    throw new RangeError(`Expected \`folder\` to be a path, got ${shown(folder)}`);
  return map((item): Outcome => {
    const common = {
      ...(provenance !== 'full' && { provenance }),
      ...(service !== null && { service }),
    };
    return { ...(isFailed(item) ? failedOutcome(item, folder) : savedOutcome(item, folder)), ...common };
  });
}

/** Returns the outcome of an item with files: saved, or failed if others are missing. */
function savedOutcome(item: Rendered | Downloaded, folder: string): Outcome {
  const { costMicroUsd, isEstimate } = costOfMade(item);
  const costUsd = usd(costMicroUsd);
  const images =
    'images' in item ? item.images : item.files.map((original) => ({ original, renditions: [] }));
  const unusable = unusableOf(item);
  const suggestion =
    `Download the output of prediction ${item.prediction.id} again within the hour: it is paid. ` +
    'Making the image again means paying for it again.';
  const error = incompleteError({ ...unusable, usable: images.length, suggestion });
  return {
    ...described(item, item.prediction),
    status: error === null ? 'saved' : 'failed',
    files: filesOf(unusable, images, folder),
    costUsd,
    ...(isEstimate && costUsd !== null && costUsd > 0 && { estimatedUsd: costUsd }),
    ...(error !== null && { error }),
  };
}

function unusableOf({ missing = [], refused = [] }: UnusableOutputs) {
  return { missing: missing.map(missingOutput), refused };
}

function failedOutcome(item: Failed, folder: string): Outcome {
  const { error, stage, prediction, costMicroUsd } = item;
  const files = filesOf(unusableOf(item), [], folder);
  const outcome = { ...described(item, prediction), files, costUsd: usd(costMicroUsd) };
  if (error instanceof BudgetError) return { ...outcome, status: 'skipped', error: outcomeError(error) };
  return { ...outcome, status: 'failed', error: { ...outcomeError(error), stage } };
}

/** Returns the fields that an outcome has however its item ended. */
function described(
  { index, request }: Item,
  prediction: Prediction | null,
): Omit<Outcome, 'status' | 'files' | 'costUsd'> {
  const { model, version = null, input, tags = {}, prompt = input.prompt } = request;
  return {
    index,
    key: request.key ?? requestKey(request),
    prompt: typeof prompt === 'string' ? prompt : '',
    model,
    version: prediction?.version ?? version,
    input: truncateDataUrls(input),
    tags,
    predictionId: prediction?.id ?? null,
    attempts: prediction === null ? 0 : 1,
    metrics: prediction?.metrics ?? {},
    cached: false,
    createdAt: prediction?.createdAt ?? null,
    completedAt: prediction?.completedAt ?? null,
  };
}

function usd(microUsd: number | null): number | null {
  return microUsd === null ? null : microUsd / 1_000_000;
}
