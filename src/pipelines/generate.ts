import { concat, concatMap, defer, EMPTY, type Observable, of, throwError } from 'rxjs';
import { checkedProvider } from '../operators/internal/checkedProvider.ts';
import type { Outcome } from '../types.ts';
import { closeOrPostpone } from './journey/closeJob.ts';
import type { GenerateConfig } from './journey/config.ts';
import { downloadOriginals } from './journey/downloadOriginals.ts';
import { expectPlace, type Journey, openJob } from './journey/job.ts';
import { makePrediction } from './journey/makePrediction.ts';
import { orFailedOutcome, rateImage, toSavedOutcome } from './journey/outcomes.ts';
import { renderRenditions } from './journey/renderRenditions.ts';
import { reuseOrMake } from './journey/reuseOrMake.ts';
import { checkSettings } from './run/checkSettings.ts';
import { createRun } from './run/createRun.ts';
import { deliver } from './run/deliver.ts';
import { identifyService } from './run/folder/enterFolder.ts';
import { type PlanSource, withRecoveryRounds } from './run/recoveryRounds.ts';

/**
 * Makes every image of the plans and emits each job's outcome as it is reached; skips jobs that the
 * journal has as saved. Pulls plans only as slots become free, so a million plans take the memory
 * of a few.
 *
 *     plans         a b c          as many as there are slots
 *     job a         -----(o|)
 *     job b         ---(o|)
 *     job c            ----(o|)    begins when b is done
 *     generate      ---b-a-(c|)
 *
 * The failure of one job is an outcome. Emits an error only if it concerns the whole run, and then
 * begins no more jobs: `ProviderError` with `stopsRun` (401, 402) after jobs in flight have
 * finished; `StorageError` (disk full, folder gone) at once. Predictions in flight continue at the
 * service, and the next run over the same journal resumes them. Throws a RangeError if an option is
 * invalid.
 */
export function generate(plans: PlanSource, given: GenerateConfig): Observable<Outcome> {
  checkSettings(given, 'folder', 'provider');
  const config = { ...given, provider: checkedProvider(given.provider) };
  const begin = (service: string | null): Observable<Outcome> => {
    const run = createRun({ ...config, service });

    // The journey of one job, from plan to outcome.
    const journey: Journey = (plan, turn) => {
      const job = openJob(plan, run.journal.find(plan.index), turn);
      return of(plan).pipe(
        expectPlace(job, run), //                        in the folder, also if links are followed
        reuseOrMake(job, run, (wanted) =>
          of(wanted).pipe(
            makePrediction(job, run), //                 slot, budget, create, follow; retries and fallbacks
            downloadOriginals(job, run), //              whole, verified, flushed, renamed
          ),
        ), //                                            cache, or an identical job in flight, else made
        renderRenditions(job, run), //                   sizes and formats, provenance
        toSavedOutcome(job, run),
        rateImage(job, run), //                          a score, if a scorer is given
        deliver(run), //                                 S3, WebDataset, …
        orFailedOutcome(job, run), //                    401 and 402 stop the run instead
        closeOrPostpone(job, run), //                    money, sidecar, manifest, journal
      );
    };

    const outcomes = withRecoveryRounds(plans, journey, run);
    const fault = defer(() => (run.state.fault === null ? EMPTY : throwError(() => run.state.fault)));
    return concat(outcomes, fault);
  };
  return identifyService(config).pipe(concatMap(begin));
}
