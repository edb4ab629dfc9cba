import { beginningOf } from './beginningOf.ts';
import { jobName } from './jobName.ts';
import type { FailedJob } from './Progress.ts';
import { plainText } from './plainText.ts';
import { shorten } from './shorten.ts';

const PROMPT_COLUMNS = 40;

/** Why a job was given up and what to do about it, on one line. */
export function failureLine({ index, prompt, error }: FailedJob): string {
  const reason = plainText(error?.message ?? 'no reason was given');
  const advice = plainText(error?.suggestion ?? '');
  const story = advice === '' ? reason : `${reason} – ${advice}`;
  return `${jobName(index)} '${shorten(beginningOf(prompt), PROMPT_COLUMNS)}': ${story}`;
}
