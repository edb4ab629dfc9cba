import type { Outcome } from '../types.ts';
import { withoutLongData } from '../withoutLongData.ts';
import type { JobAccount } from './createJobAccount.ts';
import type { Run } from './createRun.ts';

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
    input: withoutLongData(request.input),
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
