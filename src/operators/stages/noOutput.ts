import type { Made } from '../../base/items/item.ts';
import { DownloadError, type PredictionError } from '../../errors.ts';
import type { Json, Prediction } from '../../types.ts';
import { timeoutError } from '../predictions/awaitPrediction.ts';

/** Returns the error of an item whose prediction ended without output, or was given up. */
export function errorOfEnded({
  prediction,
  timedOutMs,
  answers,
}: Pick<Made, 'prediction' | 'timedOutMs' | 'answers'>): PredictionError {
  const isGivenUp = timedOutMs !== undefined && prediction.status !== 'failed';
  return isGivenUp ? timeoutError(prediction.id, timedOutMs, 'was cancelled') : answers.errorOf(prediction);
}

/** Returns the error of a finished prediction that has no files. */
export function noOutput(prediction: Prediction): DownloadError {
  return prediction.dataRemoved
    ? new DownloadError(
        'ERR_OUTPUT_GONE',
        `Prediction ${prediction.id} has finished, but the service has deleted its output.`,
        {
          suggestion:
            'Outputs live for one hour: collect them sooner. Making the image again means paying for it again.',
        },
      )
    : new DownloadError(
        'ERR_NO_OUTPUT',
        `Expected files from prediction ${prediction.id}, got ${describeOutput(prediction.output)}.`,
        {
          suggestion:
            'Check that the model makes images. For an hour you can read the whole response at ' +
            `https://replicate.com/p/${prediction.id}.`,
        },
      );
}

const MOST_CHARS = 200;
const MOST_NAMES = 10;

/** Describes an output without files in a few words. */
function describeOutput(output: Json): string {
  if (output === null) return 'nothing';
  if (typeof output === 'string') return `the text ${quoted(output)}`;
  if (typeof output !== 'object') return `the value ${output}`;
  if (!Array.isArray(output)) return `an object without files: ${listed(Object.keys(output))}`;
  if (output.length === 0) return 'an empty list';
  // Models that stream text emit it piece by piece.
  const isText = output.every((part: Json) => typeof part === 'string');
  return isText ? `the text ${quoted(output.join(''))}` : `a list of ${output.length} values without files`;
}

function quoted(text: string): string {
  return JSON.stringify(text.length <= MOST_CHARS ? text : `${text.slice(0, MOST_CHARS)}…`);
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'it is empty';
  return `${names.slice(0, MOST_NAMES).join(', ')}${names.length > MOST_NAMES ? ', …' : ''}`;
}
