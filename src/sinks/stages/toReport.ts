import { type MonoTypeOperatorFunction, of } from 'rxjs';
import { monotonicScheduler, wallNow } from '../../base/monotonicScheduler.ts';
import { addOutcome, noTotals } from '../../events/totals.ts';
import type { Outcome } from '../../types.ts';
import { createReport, type Report, type ReportConfig, writeReport } from '../report/report.ts';
import type { TimedSinkConfig } from './toManifest.ts';
import { toSink } from './toSink.ts';

export interface ToReportConfig extends ReportConfig, TimedSinkConfig {}

/**
 * Counts outcomes as they pass, and writes `report.json` into a folder at the end: jobs, costs,
 * times and errors in numbers. Errors as `toSink`.
 */
export function toReport(folder: string, config: ToReportConfig = {}): MonoTypeOperatorFunction<Outcome> {
  const open = async () => {
    const counter = createCounter(config);
    return {
      add: (outcome: Outcome) => {
        counter.add(outcome);
        return of(outcome);
      },
      finish: () => writeReport(folder, counter.report()),
    };
  };
  return toSink('report', open, config);
}

/** Counts the outcomes of one subscription. */
interface Counter {
  add(outcome: Outcome): void;
  /** Returns the report so far. */
  report(): Report;
}

export function createCounter({ scheduler = monotonicScheduler, ...config }: ToReportConfig): Counter {
  const builder = createReport(config);
  const startedAtMs = wallNow(scheduler);
  const begunAtMs = scheduler.now();
  let totals = noTotals(0);
  return {
    add(outcome) {
      builder.add(outcome);
      totals = addOutcome(totals, outcome);
    },
    report: () => {
      const { saved, costUsd } = totals;
      return builder.toJSON({ startedAtMs, elapsedMs: scheduler.now() - begunAtMs, saved, costUsd });
    },
  };
}
