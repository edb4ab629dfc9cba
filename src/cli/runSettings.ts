import { UsageError } from '../errors.ts';
import type { RunSettings } from '../pipelines/openRun.ts';
import { destinationsOf } from './destinationsOf.ts';
import type { SettledFlags } from './withDefaults.ts';

/** What the flags say of how a run goes. Throws `UsageError` where they contradict each other. */
export function runSettings(flags: SettledFlags): Omit<RunSettings, 'folder' | 'provider'> {
  if (flags.concurrency === 'auto' && flags.strategy !== 'stream') throw autoElsewhere(flags.strategy);
  return {
    strategy: flags.strategy,
    concurrency: flags.concurrency,
    ...(flags.waveSize === null ? {} : { waveSize: flags.waveSize }),
    ...(flags.wavePauseMs === null ? {} : { wavePauseMs: flags.wavePauseMs }),
    continueOnError: !flags.failFast,
    ratePerMinute: flags.ratePerMinute,
    maxAttempts: flags.maxAttempts,
    ...(flags.breakerFailures === null ? {} : { breakerFailures: flags.breakerFailures }),
    ...(flags.only === null ? {} : { only: flags.only }),
    timeoutMs: flags.timeoutMs,
    ...(flags.onTimeout === null ? {} : { timeoutAction: flags.onTimeout }),
    resumeAnyway: flags.resumeAnyway,
    gallery: flags.gallery,
    sidecars: flags.sidecars,
    provenance: flags.provenance,
    keepOriginals: flags.keepOriginals,
    repay: flags.repay,
    recoveryRounds: flags.recoveryRounds,
    ...(flags.cache === null ? {} : { cacheFolder: flags.cache }),
    ...(flags.budgetMicroUsd === null ? {} : { budgetMicroUsd: flags.budgetMicroUsd }),
    ...(flags.priceMicroUsd === null ? {} : { priceMicroUsd: flags.priceMicroUsd }),
    ...(flags.follow === 'wait' ? {} : { waitMs: 0 }),
    detach: flags.detach,
    ...destinationsOf(flags),
    tables: flags.tables,
  };
}

function autoElsewhere(strategy: string): UsageError {
  return new UsageError(`Expected \`--concurrency auto\` with \`--strategy stream\`, got ${strategy}`, {
    suggestion: 'Give a number, or leave --strategy out.',
  });
}
