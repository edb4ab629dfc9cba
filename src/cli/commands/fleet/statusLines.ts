import { Help } from 'commander';
import { formatUsd } from '../../../base/text.ts';
import type { FleetStatus, RunStatus, WorkerStatus } from '../../../fleet/status/readStatus.ts';
import type { Finding } from '../../../fleet/status/stuck.ts';
import type { Paint } from '../../display/terminal.ts';
import { columns as aligned, displayWidth, formatDuration, plainText, shorten } from '../../display/text.ts';

const NONE = '–';
const LEAST_NAME = 8;

/** Renders a fleet as lines of at most so many columns: account, runs, workers, findings. */
export function fleetStatusLines(
  { account, atMs, runs, workers }: FleetStatus,
  stuck: readonly Finding[],
  columns: number,
  paint: Paint,
): string[] {
  const first =
    account === null
      ? ['No run was started on this database.']
      : [
          `${account.inFlight} of ${account.slots} slots taken, ${account.madeLastMinute} of ${Math.floor(account.pacePerMinute)} create requests in the last minute`,
        ];
  const lines = [
    ...first.map((line) => shorten(line, columns)),
    ...table(runHead, runs.map(runRow), 2, columns, paint),
    ...table(
      workerHead,
      workers.map((worker) => workerRow(worker, atMs)),
      1,
      columns,
      paint,
    ),
  ];
  const findings = stuck.flatMap(({ text, suggestion }) => [
    ...wrapped(plainText(text), columns).map((line) => paint('yellow', line)),
    ...wrapped(plainText(suggestion), columns - 2).map((line) => paint('dim', `  ${line}`)),
  ]);
  return findings.length === 0 ? lines : [...lines, '', ...findings];
}

const runHead = ['run', 'state', 'saved', 'failed', 'spent', 'held', 'budget', 'left'];

function runRow(run: RunStatus): string[] {
  const { name, state, total, saved, failed, skipped, spentMicroUsd, reservedMicroUsd, limitMicroUsd } = run;
  const leftMs = runTimeLeftMs(run);
  return [
    plainText(name),
    state,
    `${saved}/${total}`,
    String(failed + skipped),
    cents(spentMicroUsd),
    cents(reservedMicroUsd),
    limitMicroUsd === null ? NONE : cents(limitMicroUsd),
    leftMs === null ? NONE : formatDuration(leftMs),
  ];
}

/**
 * Returns the time in ms that a run takes at its pace of the last minute; null if it made nothing
 * in it, or is not running.
 */
function runTimeLeftMs(run: RunStatus): number | null {
  const left = run.total - run.saved - run.failed - run.skipped;
  if (run.state !== 'running' || run.madeLastMinute === 0) return null;
  return (left / run.madeLastMinute) * 60_000;
}

const workerHead = ['worker', 'parts', 'heard of', 'cores', 'memory'];

function workerRow(worker: WorkerStatus, atMs: number): string[] {
  const { name, parts, isLive, heardAtMs, cpu, cpuLimit, memoryBytes, memoryLimitBytes } = worker;
  const ago = heardAtMs === null ? NONE : `${formatDuration(Math.max(0, atMs - heardAtMs))} ago`;
  return [
    plainText(name),
    String(parts),
    isLive === false ? `${ago}!` : ago,
    cpu === null || cpuLimit === null ? NONE : `${cpu.toFixed(1)}/${Math.round(cpuLimit)}`,
    memoryBytes === null || memoryLimitBytes === null
      ? NONE
      : `${megabytes(memoryBytes)}/${megabytes(memoryLimitBytes)} MB`,
  ];
}

/** Aligns a table under its head after an empty line; names give way so that it fits. */
function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  texts: number,
  columns: number,
  paint: Paint,
): string[] {
  if (rows.length === 0) return [];
  const others = aligned([head.slice(1), ...rows.map((row) => row.slice(1))], texts - 1);
  const room = Math.max(LEAST_NAME, columns - 2 - Math.max(...others.map(displayWidth)));
  const names = [head[0] ?? '', ...rows.map(([name = '']) => shorten(name, room))];
  const width = Math.max(...names.map(displayWidth));
  const lines = names.map((name, index) =>
    shorten(`${name}${' '.repeat(width - displayWidth(name))}  ${others[index]}`, columns),
  );
  return ['', ...lines.map((line, index) => (index === 0 ? paint('dim', line) : line))];
}

function wrapped(text: string, columns: number): string[] {
  return Object.assign(new Help(), { displayWidth }).boxWrap(text, columns).split('\n');
}

/** Whole cents: figures of a fleet need no more. */
function cents(microUsd: number): string {
  return formatUsd(Math.ceil(microUsd / 10_000) * 10_000);
}

function megabytes(bytes: number): string {
  return String(Math.round(bytes / 1e6));
}
