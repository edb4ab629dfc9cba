import type { Paint } from './createPaint.ts';
import { jobName } from './jobName.ts';
import type { ActiveJob, Progress } from './Progress.ts';
import { shorten } from './shorten.ts';

export interface JobLinesConfig {
  nowMs: number;
  columns: number;
  /** Lines at most. */
  rows: number;
  paint: Paint;
}

const STATE_COLUMNS = 11;
const SECONDS_COLUMNS = 5;

/**
 * The jobs under way, a line each, the oldest first; where some have no place, the last line counts them.
 * The prompt stands last, so that a terminal that draws a character wider than we think moves nothing but itself.
 */
export function jobLines(progress: Progress, config: JobLinesConfig): string[] {
  const { rows } = config;
  const { active, total } = progress;
  if (rows < 1) return [];
  // The count of the rest is worth a line only where a job is shown beside it.
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

/** Measuring text in wide characters takes its time, and the same rows are drawn ten times a second. */
const shortPrompts = new WeakMap<ActiveJob, { columns: number; text: string }>();

function shortPrompt(job: ActiveJob, columns: number): string {
  const known = shortPrompts.get(job);
  if (known?.columns === columns) return known.text;
  const text = shorten(job.prompt, columns);
  shortPrompts.set(job, { columns, text });
  return text;
}
