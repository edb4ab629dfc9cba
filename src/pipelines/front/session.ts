import type { SchedulerLike } from 'rxjs';
import { expectOptions, type OptionRule, optionRules } from '../../base/options.ts';
import { toMicroUsd } from '../../base/text.ts';
import { createGate } from '../../operators/gate.ts';
import { createGovernor } from '../../operators/pace/governor.ts';
import { createClaims } from '../../operators/predictions/claims.ts';
import { createLedger } from '../../operators/stages/budgetTake.ts';
import type { Provider } from '../../ports.ts';
import { settingRules } from '../run/checkSettings.ts';
import { runDefaults, type SharedService } from '../run/settings.ts';

export interface SessionConfig {
  /** The service. Default: Replicate, with the token of the environment. */
  provider?: Provider;
  /** Predictions in flight, of all runs together. Default 10. */
  concurrency?: number;
  /** Create requests a minute, of all runs together. Default 600. */
  ratePerMinute?: number;
  /** Never reserve and spend more than this in all runs together. Default: no limit. */
  budgetUsd?: number;
  /** As in `images`. Default 600,000. */
  maxWaitMs?: number;
  /** Clock of the pace. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

const sessionRules: Readonly<Record<keyof SessionConfig, OptionRule>> = {
  provider: settingRules.provider,
  concurrency: optionRules.count,
  ratePerMinute: settingRules.ratePerMinute,
  budgetUsd: { ...optionRules.above0, expected: 'a number of dollars above 0' },
  maxWaitMs: settingRules.maxWaitMs,
  scheduler: settingRules.scheduler,
};

/** The service, pace, slots and budget that several runs of one process share. */
export interface Session {
  /** The parts that the runs share. */
  readonly shared: SharedService;
  /** Undefined: Replicate, with the token of the environment. */
  readonly provider: Provider | undefined;
  /** Predictions in flight, of all runs together. */
  readonly concurrency: number;
  /** True if `budgetUsd` was given. */
  readonly hasBudget: boolean;
  /** Money that runs of this session have spent so far. */
  readonly spentUsd: number;
  /** Money reserved for predictions in flight. */
  readonly reservedUsd: number;
}

/**
 * Creates the session that the runs of one process share, so that ten requests to a web route keep
 * one pace and one budget:
 *
 *     const session = createSession({ concurrency: 20, budgetUsd: 50 });
 *     app.post('/images', async (request) => (await images(request.body, { model, to, session })).totals);
 *
 * Throws a RangeError if an option is invalid, `UsageError` for a name that none has.
 */
export function createSession(config: SessionConfig = {}): Session {
  expectOptions(config, sessionRules);
  const { provider, concurrency = 10, budgetUsd = Number.POSITIVE_INFINITY, scheduler } = config;
  const { ratePerMinute = runDefaults.ratePerMinute, maxWaitMs = runDefaults.maxWaitMs } = config;
  const clock = scheduler === undefined ? {} : { scheduler };
  const ledger = createLedger({
    limitMicroUsd: budgetUsd === Number.POSITIVE_INFINITY ? budgetUsd : toMicroUsd(budgetUsd),
  });
  const shared = {
    ledger,
    slots: createGate(concurrency),
    governor: createGovernor({ perMinute: ratePerMinute, maxWaitMs, ...clock }),
    claims: createClaims(),
  };
  return {
    shared,
    provider,
    concurrency,
    hasBudget: budgetUsd !== Number.POSITIVE_INFINITY,
    get spentUsd() {
      return ledger.spentMicroUsd / 1e6;
    },
    get reservedUsd() {
      return ledger.reservedMicroUsd / 1e6;
    },
  };
}
