import { relative, sep } from 'node:path';
import { truncateDataUrls } from '../../base/modelInput.ts';
import { BudgetError, RxposureError, StorageError } from '../../errors.ts';
import type { RenderedOriginal } from '../../operators/stages/renditions.ts';
import type { JobRecord } from '../../ports.ts';
import type { ImageFile, Outcome, OutcomeError, OutcomeFile, Plan } from '../../types.ts';
import { type JobAccount, mayHavePrediction } from './job.ts';
import type { Run } from './run.ts';

/** An error as the manifest and the events have it. */
export function outcomeError(error: unknown): OutcomeError {
  if (error instanceof RxposureError) {
    const { name, code, message, recoverable, suggestion } = error;
    return { name, code, message, recoverable, suggestion };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    name: 'Error',
    code: 'ERR_INTERNAL',
    message,
    recoverable: false,
    suggestion: 'Please report this.',
  };
}

/**
 * The outcome of a job that had to be given up: `skipped` where the budget or the user's wish was in the way, else `failed`.
 * Throws the error on where it concerns the whole run: a disk that refuses, a fault of our own.
 */
export function failedOutcome(account: JobAccount, error: unknown, run: Run): Outcome {
  if (concernsWholeRun(error)) throw error;
  return {
    ...describeJob(account, run),
    status: isSkipped(error) ? 'skipped' : 'failed',
    files: [],
    error: outcomeError(error),
  };
}

function isSkipped(error: unknown): boolean {
  return error instanceof BudgetError || (error instanceof RxposureError && error.code === 'ERR_STOPPED');
}

function concernsWholeRun(error: unknown): boolean {
  return error instanceof StorageError || !(error instanceof RxposureError);
}

/** What every outcome says of its job, however it ended. */
export function describeJob(account: JobAccount, run: Run): Omit<Outcome, 'status' | 'files' | 'error'> {
  const { plan, request, prediction, attempts, isCached } = account;
  const costMicroUsd = costOf(account, run);
  return {
    index: plan.index,
    key: plan.key,
    prompt: plan.prompt,
    model: request.model,
    version: prediction?.version ?? request.version,
    input: truncateDataUrls(request.input),
    tags: plan.tags,
    predictionId: prediction?.id ?? null,
    attempts,
    metrics: prediction?.metrics ?? {},
    costUsd: costMicroUsd === null ? null : costMicroUsd / 1_000_000,
    cached: isCached,
    createdAt: prediction?.createdAt ?? null,
    completedAt: prediction?.completedAt ?? null,
    ...levelOf(account, run),
  };
}

/** Which of the job's requests was the last. */
function levelOf({ plan, request }: JobAccount, run: Run): Pick<Outcome, 'fallbackLevel'> {
  if (request === plan) return {};
  const level = run
    .fallbacksOf(plan)
    .findIndex(
      ({ model, version, input }) =>
        model === request.model && version === request.version && input.seed === request.input.seed,
    );
  return level < 0 ? {} : { fallbackLevel: level + 1 };
}

/** Everything paid for the job: its ended attempts and the prediction it has, which may not tell what it cost. */
function costOf({ prediction, request, isCached, paidMicroUsd }: JobAccount, run: Run): number | null {
  if (isCached || prediction === null || !prediction.outputComplete) return paidMicroUsd;
  const lastMicroUsd = run.answers.costOf(prediction) ?? request.priceMicroUsd;
  return lastMicroUsd === null ? null : paidMicroUsd + lastMicroUsd;
}

/** Path below the run folder of the first original that is a picture; null where an outcome has none. */
export function originalPicture({ status, files }: Pick<Outcome, 'status' | 'files'>): string | null {
  if (status !== 'saved') return null;
  return files.find(({ role, width }) => role === 'original' && width !== null)?.path ?? null;
}

/** The outcome of a job whose files are all on disk. */
export function savedOutcome(account: JobAccount, images: readonly RenderedOriginal[], run: Run): Outcome {
  return {
    ...describeJob(account, run),
    status: 'saved',
    files: images.flatMap(({ original, renditions }) => [
      fileEntry('original', 'original', original, run.folder),
      ...untouchedEntry(original, run.folder),
      ...renditions.map((rendition) => fileEntry('rendition', rendition.spec.name, rendition, run.folder)),
    ]),
  };
}

function untouchedEntry(original: ImageFile, folder: string): OutcomeFile[] {
  const { untouched } = original;
  return untouched === undefined
    ? []
    : [fileEntry('untouched', 'untouched', { ...original, ...untouched }, folder)];
}

function fileEntry(role: OutcomeFile['role'], name: string, file: ImageFile, folder: string): OutcomeFile {
  const { widthPx, heightPx, format, bytes, sha256 } = file;
  const path = relative(folder, file.path).replaceAll(sep, '/');
  return { role, name, path, width: widthPx, height: heightPx, format, bytes, sha256 };
}

/**
 * The outcome of a job that has reached none: the run was stopped before its turn, or has left its prediction to the
 * service. `record` is what the journal knows of it; `isChosen` is false
 * where the run was to make other jobs only.
 */
export function skippedOutcome(plan: Plan, record: JobRecord | undefined, isChosen = true): Outcome {
  const isLeft = record !== undefined && record.key === plan.key && mayHavePrediction(record);
  return {
    index: plan.index,
    key: plan.key,
    status: 'skipped',
    prompt: plan.prompt,
    model: plan.model,
    version: plan.version,
    input: truncateDataUrls(plan.input),
    tags: plan.tags,
    predictionId: isLeft ? record.predictionId : null,
    attempts: isLeft ? record.attempts : 0,
    files: [],
    metrics: {},
    costUsd: 0,
    cached: false,
    createdAt: null,
    completedAt: null,
    error: reasonOf(isLeft, isChosen),
  };
}

function reasonOf(isLeft: boolean, isChosen: boolean): OutcomeError {
  if (isLeft) return notCollected;
  return isChosen ? stopped : notChosen;
}

const notChosen: OutcomeError = {
  name: 'StoppedError',
  code: 'ERR_NOT_CHOSEN',
  message: 'The run was told to make other jobs only.',
  recoverable: true,
  suggestion: 'Run the same command without --only.',
};

const notCollected: OutcomeError = {
  name: 'StoppedError',
  code: 'ERR_NOT_COLLECTED',
  message: 'The prediction was left to the service; its output can be had for an hour after it ends.',
  recoverable: true,
  suggestion: 'Run the same command again, without --detach, or collect.ts on the run folder.',
};

const stopped: OutcomeError = {
  name: 'StoppedError',
  code: 'ERR_STOPPED',
  message: 'The run was stopped before this job began.',
  recoverable: true,
  suggestion: 'Run the same command again to go on.',
};
