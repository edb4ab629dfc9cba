import { catchError, type OperatorFunction, of, throwError } from 'rxjs';
import type { Downloaded, Made, MissingFile } from '../../base/items/item.ts';
import { DownloadError, type PredictionError } from '../../errors.ts';
import type { ImageFile, Json, Prediction } from '../../types.ts';
import { timeoutError } from '../predictions/awaitPrediction.ts';

/** Turns the error of one output into a value, so that the others are downloaded. */
export function orMissing(output: number): OperatorFunction<ImageFile, ImageFile | MissingFile> {
  return catchError((error: unknown) =>
    error instanceof DownloadError ? of({ output, error }) : throwError(() => error),
  );
}

/** Returns the output whose file an earlier run has refused and kept; null if it uses the file. */
export function refusedBefore({ refused, ...file }: ImageFile, output: number): MissingFile | null {
  if (refused === undefined) return null;
  const { code, message, recoverable, suggestion } = refused;
  return { output, error: new DownloadError(code, message, { recoverable, suggestion, kept: file }) };
}

/** Returns the files among outputs, and the others if there are some. */
export function partsOf(found: readonly (ImageFile | MissingFile)[]): Pick<Downloaded, 'files' | 'missing'> {
  const missing = found.filter((one) => 'error' in one);
  const files = found.flatMap((one, output) => ('error' in one ? [] : [{ ...one, output }]));
  return missing.length > 0 ? { files, missing } : { files: files.map(({ output: _all, ...file }) => file) };
}

/** Returns the error of an output without files: one that another try may mend, else the first. */
export function errorOfAll(missing: readonly MissingFile[]): DownloadError | undefined {
  return (missing.find(({ error }) => error.recoverable) ?? missing[0])?.error;
}

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

/** Returns the error of outputs for which a downloader, or its wrapper, has emitted nothing. */
export function nothingGiven(method: string, { id }: Prediction): DownloadError {
  return new DownloadError(
    'ERR_FUNCTION_VALUE',
    `Expected \`${method}\` to emit the files of prediction ${id}, got nothing`,
    { suggestion: 'Correct the downloader, or `within`. The output is at the service for an hour.' },
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
