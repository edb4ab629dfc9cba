import { doneCount } from '../events/doneCount.ts';
import { timeLeftMs } from '../events/timeLeftMs.ts';
import { formatUsd } from '../formatUsd.ts';
import type { Paint } from './createPaint.ts';
import { formatDuration } from './formatDuration.ts';
import type { Progress } from './Progress.ts';

/** One statement about a run. */
export interface ProgressPart {
  readonly text: string;
  /** 1 is kept longest where the window is narrow. */
  readonly rank: number;
  readonly style: Parameters<Paint>[0] | null;
}

/** Jobs beyond these are being saved here: they hold no place at the service. */
const atService = new Set(['creating', 'queued', 'running']);

/** What there is to say about a run in one line, in the order of reading; nothing is said that is not so. */
export function progressParts(progress: Progress, nowMs: number): ProgressPart[] {
  const { total, active, failed, skipped, pausedUntilMs, ratePerMinute } = progress;
  const done = doneCount(progress);
  const inFlight = [...active.values()].filter(({ state }) => atService.has(state)).length;
  const parts: (ProgressPart | false)[] = [
    { text: `${done}/${total}`, rank: 1, style: 'bold' },
    inFlight > 0 && { text: `${inFlight} in flight`, rank: 5, style: null },
    failed > 0 && { text: `${failed} failed`, rank: 2, style: 'red' },
    skipped > 0 && { text: `${skipped} skipped`, rank: 7, style: 'yellow' },
    pausedUntilMs > nowMs && {
      text: `paused ${formatDuration(Math.ceil((pausedUntilMs - nowMs) / 1_000) * 1_000)}`,
      rank: 3,
      style: 'yellow',
    },
    ...moneyPart(progress),
    ratePerMinute !== null && ratePerMinute > 0 && { text: rateText(ratePerMinute), rank: 8, style: null },
    ...timePart(total - done, ratePerMinute),
  ];
  return parts.filter((part) => part !== false);
}

function moneyPart({ costMicroUsd, isCostIncomplete }: Progress): ProgressPart[] {
  if (costMicroUsd === 0) return [];
  return [{ text: `${formatUsd(costMicroUsd)}${isCostIncomplete ? '+' : ''}`, rank: 6, style: null }];
}

function rateText(perMinute: number): string {
  return `${perMinute < 10 ? perMinute.toFixed(1) : Math.round(perMinute)}/min`;
}

function timePart(left: number, ratePerMinute: number | null): ProgressPart[] {
  const leftMs = timeLeftMs(left, ratePerMinute);
  if (leftMs === null) return [];
  const seconds = Math.max(1, Math.round(leftMs / 1_000));
  return [{ text: `${formatDuration(seconds * 1_000)} left`, rank: 4, style: null }];
}
