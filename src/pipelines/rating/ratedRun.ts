import { EMPTY, ignoreElements, NEVER, type Observable, of, shareReplay } from 'rxjs';
import { createGate } from '../../operators/gate.ts';
import { pullMap } from '../../operators/pullMap.ts';
import type { Outcome } from '../../types.ts';
import type { GenerateConfig } from '../journey/config.ts';
import { originalPicture } from '../journey/outcomes.ts';
import { concurrencyOf } from '../run/concurrency.ts';
import { isAway } from '../run/earlier/additions.ts';
import { type OpenRun, type RunSettings, runDefaults } from '../run/settings.ts';
import { openScoring, rateOutcome, type Scoring, scoreOutcomes } from './scoreOutcomes.ts';

/** A run whose images are rated. */
export interface RatedRun {
  readonly run: OpenRun;
  /**
   * Rates the images that earlier runs have saved without a score, until the run is stopped; emits
   * nothing.
   */
  readonly rateEarlier: Observable<never>;
}

/** Lets the images of a run be rated, if it has a scorer, before they count as saved. */
export function rateImages(opened: OpenRun, { scorer: by }: Pick<RunSettings, 'scorer'>): RatedRun {
  if (by === undefined) return { run: opened, rateEarlier: EMPTY };
  const run = { ...opened, config: withSharedSlots(opened.config) };
  const scoring = openScoring(by, run);
  const rate = (outcome: Outcome) => rateOutcome(outcome, scoring, run.config);
  return { run: { ...run, config: { ...run.config, rate } }, rateEarlier: rateEarlier(scoring, run) };
}

/** Shares slots between ratings and images, and replays the stop to late subscribers. */
export function withSharedSlots<T extends GenerateConfig>(config: T): T {
  const { strategy = runDefaults.strategy, concurrency, stop = NEVER } = config;
  const { slots = createGate(concurrencyOf(strategy, concurrency)) } = config;
  return { ...config, slots, stop: stop.pipe(shareReplay({ bufferSize: 1, refCount: true })) };
}

/** Ratings of earlier images at a time; the scoring has a limit of its own. */
const AT_A_TIME = 64;

function rateEarlier(scoring: Scoring, run: OpenRun): Observable<never> {
  const { stop } = run.config;
  return pullMap(unrated(run), (outcome) => of(outcome).pipe(scoreOutcomes(scoring, run)), {
    concurrency: AT_A_TIME,
    ...(stop && { stop }),
  }).pipe(ignoreElements());
}

async function* unrated({ manifest, wasSaved, isChosen, config }: OpenRun): AsyncGenerator<Outcome> {
  for await (const outcome of manifest.outcomes()) {
    const { index, metrics } = outcome;
    if (metrics.score !== undefined || originalPicture(outcome) === null) continue;
    if (wasSaved(index) && isChosen(index) && !isAway(outcome, config.folder)) yield outcome;
  }
}
