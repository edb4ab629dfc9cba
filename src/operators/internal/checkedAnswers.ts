import { messageOf, shown } from '../../base/text.ts';
import { DownloadError, PredictionError } from '../../errors.ts';
import type { ProviderAnswers } from '../../ports.ts';
import type { Prediction } from '../../types.ts';

const known = new WeakMap<ProviderAnswers, ProviderAnswers>();

/**
 * Returns answers that no fault of a provider turns into an error of the run: a price that is no
 * amount of money, or an error in its place, is not known (null), and so is a description of a
 * price that is no text. `urlsOf` throws a `DownloadError` for anything but a list of texts, which
 * fails the job; `errorOf` returns a `PredictionError` in any case.
 */
export function checkedAnswers(answers: ProviderAnswers): ProviderAnswers {
  const earlier = known.get(answers);
  if (earlier !== undefined) return earlier;
  const checked = guardOf(answers);
  known.set(answers, checked);
  known.set(checked, checked);
  return checked;
}

function guardOf(answers: ProviderAnswers): ProviderAnswers {
  return {
    urlsOf: (output) => urlsOr(() => answers.urlsOf(output)),
    costOf: (prediction, price) => amountOr(() => answers.costOf(prediction, price)),
    ...(answers.estimateOf && {
      estimateOf: (request, price) => amountOr(() => answers.estimateOf?.(request, price)),
    }),
    errorOf: (prediction) => errorOr(() => answers.errorOf(prediction), prediction),
    describePrice: (model, price) => textOr(() => answers.describePrice(model, price)),
  };
}

/** Returns an amount in whole millionths of a US dollar; null for anything else. */
function amountOr(read: () => unknown): number | null {
  try {
    const amount = Math.round(Number(read() ?? Number.NaN));
    return Number.isSafeInteger(amount) && amount >= 0 ? amount : null;
  } catch {
    return null;
  }
}

function textOr(read: () => unknown): string | null {
  try {
    const text = read();
    return typeof text === 'string' ? text : null;
  } catch {
    return null;
  }
}

function errorOr(read: () => unknown, { id: predictionId, error }: Prediction): PredictionError {
  const wrong = (got: string, cause?: unknown) =>
    new PredictionError(
      'ERR_PROVIDER_VALUE',
      `Prediction ${predictionId} failed: ${error ?? 'no reason given'}. Expected \`answers.errorOf\` of the provider to return a PredictionError, ${got}`,
      { predictionId, suggestion: 'Correct the provider, and run again.', cause },
    );
  try {
    const got = read();
    return got instanceof PredictionError ? got : wrong(`got ${shown(got)}`);
  } catch (cause) {
    return wrong(`it has thrown: ${messageOf(cause)}`, cause);
  }
}

function urlsOr(read: () => unknown): readonly string[] {
  let urls: unknown;
  try {
    urls = read();
  } catch (cause) {
    throw wrongUrls(`it has thrown: ${messageOf(cause)}`, cause);
  }
  if (Array.isArray(urls) && urls.every((url) => typeof url === 'string')) return urls;
  throw wrongUrls(`got ${shown(urls)}`);
}

function wrongUrls(got: string, cause?: unknown): DownloadError {
  return new DownloadError(
    'ERR_PROVIDER_VALUE',
    `Expected \`answers.urlsOf\` of the provider to return the URLs of an output, ${got}`,
    { suggestion: 'Correct the provider, and run again: nothing is paid twice.', cause },
  );
}
