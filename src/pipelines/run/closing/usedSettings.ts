import type { Json } from '../../../types.ts';
import { concurrencyOf } from '../concurrency.ts';
import { type OpenRun, type RunSettings, runDefaults } from '../settings.ts';

/** Settings that stand in the manifest as they are, with their defaults. */
const presets = {
  ratePerMinute: runDefaults.ratePerMinute,
  maxAttempts: runDefaults.maxAttempts,
  timeoutMs: runDefaults.timeoutMs,
  timeoutAction: runDefaults.timeoutAction,
  recoveryRounds: runDefaults.recoveryRounds,
  provenance: runDefaults.provenance,
  continueOnError: true,
  detach: false,
  repay: false,
  keepOriginals: false,
  sidecars: true,
  gallery: true,
  deleteLocal: false,
  tables: [],
} as const satisfies Partial<RunSettings>;

/**
 * Returns the settings of a run that affect how its images are made, with the defaults of those
 * that were not given, for `manifest.json`. No secrets, no paths; inputs and prices are in outcomes
 * and report.
 */
export function usedSettings(settings: RunSettings): OpenRun['used'] {
  const { strategy = runDefaults.strategy, concurrency } = settings;
  const slots = concurrencyOf(strategy, concurrency);
  const { waveSize = slots, wavePauseMs = runDefaults.wavePauseMs } = settings;
  const given = Object.entries(presets).map(([name, preset]): [string, Json] => [
    name,
    settings[name as keyof typeof presets] ?? preset,
  ]);
  const { breakerFailures = runDefaults.breakerFailures } = settings;
  return {
    strategy,
    concurrency: concurrency === 'auto' ? 'auto' : slots,
    ...(strategy === 'waves' && { waveSize, wavePauseMs }),
    follow: followed(settings),
    ...Object.fromEntries(given),
    ...(typeof breakerFailures === 'number' && { breakerFailures }),
    cache: settings.cacheFolder !== undefined,
    destinations: settings.destinations?.length ?? 0,
  };
}

function followed({ webhooks, waitMs, detach }: RunSettings): string {
  if (webhooks !== undefined) return 'webhook';
  return waitMs === 0 || detach === true ? 'poll' : 'wait';
}
