import { formatUsd } from '../../base/text.ts';
import { doneCount, timeLeftMs } from '../../events/progress.ts';
import type { ActiveJob, Progress } from './progress.ts';
import type { Paint } from './terminal.ts';
import { displayWidth, formatDuration, jobName, shorten } from './text.ts';

interface JobLinesConfig {
  nowMs: number;
  columns: number;
  /** The maximum number of lines. */
  rows: number;
  paint: Paint;
}

const STATE_COLUMNS = 11;
const SECONDS_COLUMNS = 5;

/**
 * Returns a line for each job in flight, the oldest first; if some do not fit, the last line counts
 * them. The prompt comes last, so that a character drawn wider than measured shifts nothing else.
 */
export function jobLines(progress: Progress, config: JobLinesConfig): string[] {
  const { rows } = config;
  const { active, total } = progress;
  if (rows < 1) return [];
  // A line is spent on the count of the rest only if a job is shown beside it.
  const shown = active.size > rows && rows > 1 ? rows - 1 : Math.min(active.size, rows);
  const nameColumns = jobName(total).length;
  const lines: string[] = [];
  for (const job of active.values()) {
    if (lines.length === shown) break;
    lines.push(jobLine(job, nameColumns, config));
  }
  const hidden = active.size - shown;
  if (hidden > 0 && rows > 1)
    lines.push(config.paint('dim', shorten(`… and ${hidden} more`, config.columns)));
  return lines;
}

function jobLine(job: ActiveJob, nameColumns: number, config: JobLinesConfig): string {
  const { nowMs, columns, paint } = config;
  const seconds = `${Math.floor((nowMs - job.sinceMs) / 1_000)}s`;
  const state = job.attempt > 1 ? `${job.state} ${job.attempt}` : job.state;
  const facts = [
    jobName(job.index).padStart(nameColumns),
    seconds.padStart(SECONDS_COLUMNS),
    state.padEnd(STATE_COLUMNS),
  ].join(' ');
  const prompt = shortPrompt(job, columns - facts.length - 1);
  return prompt === '' ? shorten(facts.trimEnd(), columns) : `${paint('dim', facts)} ${prompt}`;
}

/** Caches cut prompts: measuring wide characters is slow, and rows are redrawn often. */
const shortPrompts = new WeakMap<ActiveJob, { columns: number; text: string }>();

function shortPrompt(job: ActiveJob, columns: number): string {
  const known = shortPrompts.get(job);
  if (known?.columns === columns) return known.text;
  const text = shorten(job.prompt, columns);
  shortPrompts.set(job, { columns, text });
  return text;
}

const BETWEEN = ' · ';
const WIDEST_BAR = 24;
const SLIMMEST_BAR = 8;

/**
 * Returns a line about the whole run that fits the columns: drops the least important parts, gives
 * the rest to the bar.
 */
export function totalLine(progress: Progress, nowMs: number, columns: number, paint: Paint): string {
  const parts = fitting(progressParts(progress, nowMs), columns);
  const text = parts.map((part) => (part.style === null ? part.text : paint(part.style, part.text)));
  const barColumns = Math.min(WIDEST_BAR, columns - widthOf(parts) - 1);
  const line = text.join(paint('dim', BETWEEN));
  return barColumns < SLIMMEST_BAR ? line : `${bar(progress, barColumns, paint)} ${line}`;
}

/** Returns a line with the reason of a pause, in the words of the service; none if it gave none. */
export function reasonLines(progress: Progress, nowMs: number, columns: number, paint: Paint): string[] {
  const { pausedUntilMs, pauseReason } = progress;
  if (pauseReason === null || pausedUntilMs <= nowMs) return [];
  return [paint('yellow', shorten(`paused by the service: ${pauseReason}`, columns))];
}

function fitting(parts: readonly ProgressPart[], columns: number): ProgressPart[] {
  const shown = [...parts].sort((a, b) => a.rank - b.rank);
  while (shown.length > 0 && widthOf(shown) > columns) shown.pop();
  return parts.filter((part) => shown.includes(part));
}

function widthOf(parts: readonly ProgressPart[]): number {
  return displayWidth(parts.map(({ text }) => text).join(BETWEEN));
}

function bar(progress: Progress, columns: number, paint: Paint): string {
  const { expected } = progress;
  const share = expected === 0 ? 1 : Math.min(1, doneCount(progress) / expected);
  // Rounded down: the bar is full only when all jobs are done.
  const filled = Math.floor(share * columns);
  return paint('cyan', '━'.repeat(filled)) + paint('dim', '─'.repeat(columns - filled));
}

/** A part of the line about a run. */
interface ProgressPart {
  readonly text: string;
  /** The order of importance: in a narrow window, 1 is dropped last. */
  readonly rank: number;
  readonly style: Parameters<Paint>[0] | null;
}

/** The states of jobs that hold a slot at the service; in later states they are being saved. */
const atService = new Set(['creating', 'queued', 'running']);

/** Returns the facts about a run in reading order; leaves out counts of zero and unknown values. */
export function progressParts(progress: Progress, nowMs: number): ProgressPart[] {
  const { expected, active, failed, skipped, pausedUntilMs, ratePerMinute } = progress;
  const done = doneCount(progress);
  const inFlight = [...active.values()].filter(({ state }) => atService.has(state)).length;
  const parts: (ProgressPart | false)[] = [
    { text: `${done}/${expected}`, rank: 1, style: 'bold' },
    inFlight > 0 && { text: `${inFlight} in flight`, rank: 5, style: null },
    failed > 0 && { text: `${failed} failed`, rank: 2, style: 'red' },
    skipped > 0 && { text: `${skipped} skipped`, rank: 7, style: 'yellow' },
    pausedUntilMs > nowMs && { text: pauseText(pausedUntilMs - nowMs), rank: 3, style: 'yellow' },
    ...outageParts(progress, nowMs),
    ...moneyPart(progress),
    ...pacePart(progress),
    ...timePart(expected - done, ratePerMinute),
  ];
  return parts.filter((part) => part !== false);
}

function outageParts({ serviceAwaySinceMs, filesAwaySinceMs }: Progress, nowMs: number): ProgressPart[] {
  const waits = [
    ['waiting for the service', serviceAwaySinceMs],
    ['waiting for files', filesAwaySinceMs],
  ] as const;
  return waits.flatMap(([text, sinceMs]): ProgressPart[] => {
    if (sinceMs === null) return [];
    const seconds = Math.floor((nowMs - sinceMs) / 1_000);
    return [{ text: `${text} ${formatDuration(seconds * 1_000)}`, rank: 3, style: 'yellow' }];
  });
}

/** From here on a pause is longer than anyone expects, and needs a reason. */
const LONG_PAUSE_MS = 60_000;

function pauseText(leftMs: number): string {
  const seconds = Math.ceil(leftMs / 1_000);
  return `paused ${formatDuration(seconds * 1_000)}${leftMs < LONG_PAUSE_MS ? '' : ' by the service'}`;
}

function moneyPart({ costMicroUsd, unpricedJobs, estimatedMicroUsd }: Progress): ProgressPart[] {
  if (costMicroUsd === 0) return [];
  const about = estimatedMicroUsd > 0 ? '~' : '';
  return [{ text: `${about}${formatUsd(costMicroUsd)}${unpricedJobs > 0 ? '+' : ''}`, rank: 6, style: null }];
}

function pacePart({ ratePerMinute, sendsRequests }: Progress): ProgressPart[] {
  if (!sendsRequests || ratePerMinute === null || ratePerMinute === 0) return [];
  return [{ text: rateText(ratePerMinute), rank: 8, style: null }];
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
