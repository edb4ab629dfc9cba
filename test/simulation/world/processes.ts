import { join } from 'node:path';
import { concat, defer, EMPTY, ignoreElements, type Observable, tap, timer } from 'rxjs';
import { generate } from '../../../src/pipelines/generate.ts';
import { configOf } from '../../../src/pipelines/run/runConfig.ts';
import type { RunSettings, RunStore } from '../../../src/pipelines/run/settings.ts';
import { runToFolder } from '../../../src/pipelines/runToFolder.ts';
import type { PredictionEvents, Provider } from '../../../src/ports.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { openFolder } from '../../../src/sinks/destinations/folder.ts';
import { openJournal } from '../../../src/store/journal/journal.ts';
import { mountOf } from '../disk/mount.ts';
import { fallbackOf, plansOf } from './input.ts';
import type { Machine } from './machine.ts';
import type { ProcessPlan } from './planProcesses.ts';
import { PRICE_MICRO_USD, type WorldConfig } from './worldConfig.ts';

/** The work of a process, and its reports. */
export interface Work extends Pick<ProcessPlan, 'input' | 'folder' | 'run' | 'isLast' | 'shows'> {
  readonly fetch: typeof fetch;
  readonly webhooks: PredictionEvents;
  /** Called with the index of each outcome, its status and the code of its error. */
  readonly onOutcome: (index: number, status: string, code: string | null) => void;
}

/** The folder of the cache, and that of deliveries, on the disk. */
const CACHE = '/cache';
export const DELIVERIES = '/delivered';

/** Begins the run of a process; emits once in the end. */
export function beginRun(machine: Machine, config: WorldConfig, work: Work): Observable<unknown> {
  const { process } = machine;
  if (process === null) return EMPTY;
  const settings = settingsOf(machine, config, work, mountOf(process));
  const plans = plansOf(work.input, { ...config, run: work.run });
  return config.level === 'engine'
    ? engineRun(plans, settings, work)
    : runToFolder(plans, { ...settings, total: work.input.length }).pipe(
        tap(({ fault }) => {
          if (fault !== null && fault !== undefined) throw fault;
        }),
      );
}

function settingsOf(
  { chance }: Machine,
  config: WorldConfig,
  { isLast, shows, run, folder, fetch, webhooks, onOutcome }: Work,
  mount: string,
): RunSettings {
  const { outputs } = config;
  const deliveries = join(mount, DELIVERIES, folder);
  const provider: Provider = createReplicateProvider({ token: `r8_${'0'.repeat(37)}`, fetch });
  const usesWebhooks = run.webhooks && !isLast;
  const stops = run.stops && !isLast && chance.whole('run.stops', 0, 1) === 1;
  const stopMs = chance.between('run.stopMs', 0, 8_000);
  const limitMicroUsd = run.budgetJobs === null ? null : run.budgetJobs * outputs * PRICE_MICRO_USD;
  return {
    folder: join(mount, folder),
    provider,
    strategy: run.strategy,
    concurrency: run.strategy === 'sequential' ? 1 : run.concurrency,
    ratePerMinute: run.ratePerMinute,
    waitMs: run.waitMs,
    timeoutMs: isLast ? 600_000 : run.timeoutMs,
    timeoutAction: isLast ? 'cancel' : run.timeoutAction,
    maxAttempts: isLast ? 5 : run.maxAttempts,
    recoveryRounds: run.recoveryRounds,
    priceMicroUsd: PRICE_MICRO_USD,
    provenance: run.shows ? 'full' : 'none',
    gallery: run.shows && shows,
    haveFiles: false,
    sidecars: run.sidecars,
    ...(config.cache ? { cacheFolder: join(mount, CACHE) } : {}),
    ...(run.delivers ? { destinations: [(from) => openFolder(deliveries, from)] } : {}),
    ...(limitMicroUsd === null ? {} : { budgetMicroUsd: limitMicroUsd }),
    ...(run.fallback ? { fallbacksOf: (plan) => [fallbackOf(plan, config)] } : {}),
    ...(usesWebhooks ? { webhooks } : {}),
    ...(stops ? { stop: timer(stopMs) } : {}),
    ...(stops && run.cancels ? { cancel: timer(stopMs + 1) } : {}),
    emit: (event) => {
      if (event.type === 'image.saved' || event.type === 'job.failed' || event.type === 'job.skipped') {
        const { index, status, error } = event.outcome;
        onOutcome(index, status, error?.code ?? null);
      }
    },
  };
}

/** `generate` over the journal of a folder, without manifest, sidecars and the folder's lease. */
function engineRun(
  plans: ReturnType<typeof plansOf>,
  settings: RunSettings,
  { onOutcome }: Work,
): Observable<unknown> {
  void onOutcome;
  return defer(() => {
    const journal = openJournal(settings.folder, { service: 'replicate' });
    const store: RunStore = {
      journal,
      spentMicroUsd: () => journal.spentMicroUsd(),
      openMicroUsd: () => journal.openMicroUsd(),
      keep: () => EMPTY,
      putAside: () => EMPTY,
      isDone: ({ index }) => journal.isSaved(index),
      paidBeforeUsd: () => 0,
      filesOf: async () => [],
    };
    const config = configOf(settings, { provider: settings.provider, store });
    const outcomes = generate(plans, {
      ...config,
      service: 'replicate',
      persist: () => EMPTY,
      onFailed: () => EMPTY,
      ...(settings.stop === undefined ? {} : { stop: settings.stop }),
    });
    const close = defer(() => {
      journal.close();
      return EMPTY;
    });
    return concat(outcomes.pipe(ignoreElements()), close);
  });
}
