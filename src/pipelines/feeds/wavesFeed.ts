import { inWaves } from '../../operators/inWaves.ts';
import type { Feed } from './Feed.ts';

/** Wave after wave, with a pause between; a large wave has no more journeys under way than any run. */
export const wavesFeed: Feed = (plans, journey, run) =>
  inWaves(plans, (plan) => journey(plan, { turnsLeft: 0 }), {
    waveSize: run.waveSize,
    pauseMs: run.wavePauseMs,
    concurrency: Math.min(run.waveSize, run.journeys),
    onWave: ({ wave, items, state }) => run.emit({ type: `wave.${state}`, wave, jobs: items }),
    stop: run.stop,
    scheduler: run.scheduler,
  });
