import { option, PredictionError } from '../../errors.ts';
import type { Json, Prediction } from '../../types.ts';

/**
 * Returns the URLs of the files in a prediction's output, in its order. The output is a URL, a list
 * of URLs, or an object with URLs at any depth. Only `https:`, `http:` and `data:` URLs count;
 * other texts are no files.
 */
export function outputUrls(output: Json): string[] {
  if (typeof output === 'string') return urlIn(output);
  if (output === null || typeof output !== 'object') return [];
  return Object.values(output).flatMap((part: Json) => outputUrls(part));
}

/** Tests only the beginning of a `data:` URL, which may be very long. */
function urlIn(text: string): string[] {
  if (/^data:[^\s,]*,/i.test(text) || /^https?:\/\/\S+$/i.test(text)) return [text];
  // Some models put the name of a file into a URL as it is.
  return FILE_WITH_SPACES.test(text) ? [text.trim().replaceAll(' ', '%20')] : [];
}

/** A URL of a file whose name has spaces, or with blanks around it. */
const FILE_WITH_SPACES = /^ *https?:\/\/[^\s/]+\/[^\r\n\t?#]*\.[a-z0-9]{2,5}(?:[?#]\S*)? *$/i;

interface Fault {
  readonly pattern: RegExp;
  readonly code: string;
  readonly recoverable: boolean;
  readonly suggestion: string;
}

/**
 * The meanings of the texts of failed predictions. Only faults of the platform are recoverable: its
 * error codes E1000, E6716, E8765, E9828, an interruption "(code: PA)" and high demand. Sources:
 * Replicate's error codes page, and texts in public issues.
 */
const faults: readonly Fault[] = [
  {
    pattern: /nsfw|flagged|moderat|sensitive content|content polic|safety (checker|filter|system|polic)/i,
    code: 'ERR_SAFETY',
    recoverable: false,
    suggestion: 'Change the prompt: the model refuses its subject. Another seed may pass.',
  },
  {
    pattern: /\bE1001\b|out of memory|\bOOM\b/i,
    code: 'ERR_OUT_OF_MEMORY',
    recoverable: false,
    suggestion: 'Ask for a smaller image or fewer outputs at once.',
  },
  {
    pattern:
      /\b(E1000|E6716|E8765|E9828)\b|code: PA\b|high demand|queue (reached limit|is full)|prediction interrupted/i,
    code: 'ERR_PREDICTION_FAILED',
    recoverable: true,
    suggestion: 'Run the same command again: the platform had a fault.',
  },
];
const otherFault: Omit<Fault, 'pattern'> = {
  code: 'ERR_PREDICTION_FAILED',
  recoverable: false,
  suggestion: 'Check the input against the model’s schema.',
};

/** Returns the error of a prediction that ended without output. */
export function predictionError(prediction: Prediction): PredictionError {
  const { id, status, error } = prediction;
  const predictionId = id;
  if (status === 'canceled') {
    return new PredictionError('ERR_PREDICTION_CANCELED', `Prediction ${id} was canceled.`, {
      predictionId,
      // A person cancelled it, and its time was paid: only a person may decide to pay again.
      suggestion: 'Run the same command again to make the image after all.',
    });
  }
  if (status === 'aborted') {
    return new PredictionError(
      'ERR_PREDICTION_ABORTED',
      `Prediction ${id} ran out of time in the queue and cost nothing.`,
      {
        predictionId,
        recoverable: true,
        suggestion: `Run the same command again later, or allow more time with ${option('--timeout')}.`,
      },
    );
  }
  const reason = (error ?? 'no reason given').replace(/\s+/g, ' ').trim().slice(0, 500);
  const { code, recoverable, suggestion } = faults.find(({ pattern }) => pattern.test(reason)) ?? otherFault;
  return new PredictionError(code, `Prediction ${id} failed: ${reason}`, {
    predictionId,
    recoverable,
    suggestion,
  });
}
