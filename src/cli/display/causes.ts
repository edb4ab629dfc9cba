import type { Outcome, OutcomeError } from '../../types.ts';
import { counted, jobName, plainText, promptPreview, shorten } from './text.ts';

/** A failed job and its error. */
export type FailedJob = Pick<Outcome, 'index' | 'prompt' | 'error'>;

/** Jobs that failed for the same reason. */
export interface FailureCause {
  readonly count: number;
  /** The first job, with the beginning of its prompt. */
  readonly first: FailedJob;
  /** Indexes of the first three jobs. */
  readonly indexes: readonly number[];
}

/** Groups failures by their cause. */
export interface CauseCounter {
  /** Counts a failed job; returns the number of failures with its cause so far, itself included. */
  add(outcome: FailedJob): number;
  /** Returns the causes in the order in which they came up. */
  causes(): readonly FailureCause[];
}

/** Causes that are counted apart; further failures are grouped by their code alone. */
const MOST_CAUSES = 200;
const NAMED_JOBS = 3;

/** Failures of one cause that are reported one by one as they happen, if there is no summary. */
export const linesOfCause = 3;

/**
 * Creates a counter of failures by cause: the code of the error and its message, in which numbers,
 * ids and quoted texts may differ. Its memory does not grow with the number of failures.
 */
export function createCauses(): CauseCounter {
  const found = new Map<string, { count: number; readonly first: FailedJob; readonly indexes: number[] }>();
  return {
    add(job) {
      const exact = causeOf(job.error);
      const key = found.has(exact) || found.size < MOST_CAUSES ? exact : (job.error?.code ?? '');
      const cause = found.get(key) ?? { count: 0, first: shownPart(job), indexes: [] };
      cause.count += 1;
      if (cause.indexes.length < NAMED_JOBS) cause.indexes.push(job.index);
      found.set(key, cause);
      return cause.count;
    },
    causes: () => [...found.values()],
  };
}

/** Returns a key that all failures of one cause share. */
function causeOf(error: OutcomeError | undefined): string {
  if (error === undefined) return '';
  const { code, message, suggestion } = error;
  const same = (text: string) =>
    withoutIds(text.replace(/'[^']*'|"[^"]*"|https?:\S+/g, '…')).replace(/\d[\d.,]*/g, '0');
  return `${code} ${same(message)} ${same(suggestion)}`;
}

/** Replaces the ids of predictions, in which messages of one kind differ. */
export function withoutIds(text: string): string {
  return text.replace(/\b[0-9a-z]{20,}\b/g, '…');
}

/** Returns the shown part of a failed outcome, which may be large. */
function shownPart({ index, prompt, error }: FailedJob): FailedJob {
  const failure = { index, prompt: promptPreview(prompt) };
  return error === undefined ? failure : { ...failure, error };
}

/** Returns a cause on one line: its jobs, the reason, and the suggestion. */
export function causeLine({ count, first, indexes }: FailureCause): string {
  if (count === 1) return failureLine(first);
  const more = count > indexes.length ? ', …' : '';
  return `${counted(count, 'job')} (${indexes.map(jobName).join(', ')}${more}): ${story(first)}`;
}

const PROMPT_COLUMNS = 40;

/** Returns the reason why a job failed and the suggestion, on one line. */
export function failureLine(job: FailedJob): string {
  return `${shownJob(job)}: ${story(job)}`;
}

/** Returns the reason why a job failed, on one line. */
export function reasonLine(job: FailedJob): string {
  return `${shownJob(job)}: ${reasonOf(job)}`;
}

function shownJob({ index, prompt }: FailedJob): string {
  return `${jobName(index)} '${shorten(promptPreview(prompt), PROMPT_COLUMNS)}'`;
}

function reasonOf({ error }: FailedJob): string {
  return plainText(error?.message ?? 'no reason given');
}

function story(job: FailedJob): string {
  const { error } = job;
  const reason = reasonOf(job);
  const advice = plainText(error?.suggestion ?? '');
  return advice === '' ? reason : `${reason} – ${advice}`;
}

/**
 * Codes of errors that lie in the request itself: the same request fails again. A refusal by the
 * model counts, because a job keeps its seed.
 */
const repeating: ReadonlySet<string> = new Set([
  'ERR_INVALID_INPUT',
  'ERR_TOO_LARGE',
  'ERR_SAFETY',
  'ERR_OUT_OF_MEMORY',
]);

/** Returns true if a job fails again as long as its prompt and input stay the same. */
export function willRepeat({ error }: FailedJob): boolean {
  return error !== undefined && !error.recoverable && repeating.has(error.code);
}
