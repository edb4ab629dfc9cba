import { stat } from 'node:fs/promises';
import { dayOf, formatUsd } from '../../../base/text.ts';
import { fileProblem } from '../../../disk/storageError.ts';
import { RxposureError, UsageError } from '../../../errors.ts';
import { isCostIncomplete } from '../../../events/costSum.ts';
import { spendingFile } from '../../../store/cacheFolder.ts';
import { runsBelow } from '../../batch/runFolder.ts';
import type { ScriptIo } from '../../display/terminal.ts';
import { columns, counted, plainText } from '../../display/text.ts';
import type { RunCommand } from '../../flags/commandTable.ts';
import { plainCommand } from '../../flags/plainCommand.ts';
import { type MachineSpending, machineSpending } from '../../flags/spendingLimits.ts';
import { exitCodes } from '../../script/exit.ts';
import { findConfig } from '../../script/findConfig.ts';
import { machineJson, machineLines, type ShownLimits } from './machineSpending.ts';
import { type Days, type ListedRun, monthsOf, readRun, type Spending } from './runList.ts';

/** Runs the command for the arguments after its name. */
export const run: RunCommand = plainCommand<{ readonly json?: boolean; readonly config: boolean }>({
  name: 'runs',
  describe: (command) =>
    command
      .argument('[OUT]', 'folder to look in and below', 'out')
      .option('--json', 'print one JSON object: runs, days, months, machine; amounts in dollars')
      .option('--no-config', 'read no limits from rxposure.config.yaml, .json or .ts'),
  examples: ['', 'out/2026 --json'],
  run: async ([given], { json = false, config }, io) => {
    const out = given ?? 'out';
    // Before the first run there is no folder `out`.
    if (given !== undefined) await expectFolder(given);
    const file = spendingFile(io.env);
    const machine = await orWarning(io, null, () => (file === null ? null : machineSpending(file)));
    const limits = config ? await orWarning(io, noLimits, configLimits) : noLimits;
    return listRuns(out, { json, machine, limits }, io);
  },
});

/** Rejects with `UsageError` if there is no such folder. */
async function expectFolder(path: string): Promise<void> {
  const stats = await stat(path).catch((cause: unknown) => {
    const got = fileProblem(cause, 'no folder of that name');
    throw new UsageError(`${path}: Expected a folder, got ${got}`, { suggestion: 'Check the name.', cause });
  });
  if (!stats.isDirectory())
    throw new UsageError(`${path}: Expected a folder, got a file`, {
      suggestion: 'Give the folder that has the run folders.',
    });
}

/** Resolves with the result of `read`; if it cannot be read, warns and resolves with `missing`. */
async function orWarning<T>(
  { stderr }: Pick<ScriptIo, 'stderr'>,
  missing: T,
  read: () => T | Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof RxposureError)) throw error;
    stderr.write(`warning ${plainText(`${error.message} ${error.suggestion}`.trim())}\n`);
    return missing;
  }
}

/** Returns the limits of the config that counts in the working directory. */
async function configLimits(): Promise<ShownLimits> {
  const path = findConfig(process.cwd());
  if (path === null) return noLimits;
  const { readConfig } = await import('../../config/readConfig.ts');
  const { values } = await readConfig(path);
  const { budgetPerDayMicroUsd = null, budgetPerMonthMicroUsd = null } = values;
  return { perDayMicroUsd: budgetPerDayMicroUsd, perMonthMicroUsd: budgetPerMonthMicroUsd };
}

interface ListRunsConfig {
  /** Prints JSON instead of text. */
  json: boolean;
  /** The money that all runs of this machine have spent. Default: nothing was counted. */
  machine?: MachineSpending | null;
  /** The limits for all of them. Default: none. */
  limits?: ShownLimits;
}

const noLimits: ShownLimits = { perDayMicroUsd: null, perMonthMicroUsd: null };

/** Lists the runs below a folder, the last one at the end. Resolves with the exit code. */
export async function listRuns(
  out: string,
  { json, machine = null, limits = noLimits }: ListRunsConfig,
  { stdout, stderr }: Pick<ScriptIo, 'stdout' | 'stderr'>,
): Promise<number> {
  const days: Days = new Map();
  const runs: ListedRun[] = [];
  let isWhole = true;
  for await (const folder of runsBelow(out)) {
    try {
      runs.push(await readRun(folder, days));
    } catch (error) {
      if (!(error instanceof RxposureError)) throw error;
      isWhole = false;
      stderr.write(`warning ${plainText(`${folder} is left out: ${error.message}`)}\n`);
    }
  }
  runs.sort((one, other) => (one.lastAtMs ?? 0) - (other.lastAtMs ?? 0));
  const spent = [...days.values()].toSorted((one, other) => (one.period < other.period ? -1 : 1));
  const months = monthsOf(spent);
  if (json) {
    const counted = machine === null ? {} : { machine: machineJson(machine, limits) };
    stdout.write(`${JSON.stringify({ ...asJson(runs, spent, months), ...counted }, null, 2)}\n`);
  } else {
    stdout.write(asText(out, runs, spent, months));
    if (machine !== null) stdout.write(`\n${machineLines(machine, limits).join('\n')}\n`);
  }
  return isWhole ? exitCodes.allSaved.code : exitCodes.incomplete.code;
}

function asText(
  out: string,
  runs: readonly ListedRun[],
  days: readonly Spending[],
  months: readonly Spending[],
): string {
  if (runs.length === 0) return `There is no run in ${plainText(out)} or below.\n`;
  const head = ['when', 'folder', 'model', 'saved', 'failed', 'cost'];
  const isWhole = runs.every((run) => stateText(run) === '');
  const rows = isWhole ? runs.map(rowOf) : runs.map((run) => [...rowOf(run), stateText(run)]);
  const lines = columns([isWhole ? head : [...head, 'state'], ...rows], 3);
  if (runs.some(({ state }) => state === 'unfinished')) lines.push('', UNFINISHED);
  if (days.length === 0)
    return `${lines.join('\n')}\n\nNothing was paid: all of them are simulated, or empty.\n`;
  const spending = [...days.map(spendingRow), ...months.map(spendingRow)];
  return `${[...lines, '', ...columns([['real runs', 'images', 'cost'], ...spending])].join('\n')}\n`;
}

function rowOf(run: ListedRun): string[] {
  const { lastAtMs, folder, models, saved, failed, total } = run;
  const { costMicroUsd, estimatedMicroUsd, unpricedJobs } = run.cost;
  const [model = '–', ...others] = models;
  const more = others.length === 0 ? '' : ` and ${counted(others.length, 'other')}`;
  const about = estimatedMicroUsd > 0 ? '~' : '';
  const cost = `${about}${formatUsd(costMicroUsd)}${unpricedJobs > 0 ? ' at least' : ''}`;
  return [
    lastAtMs === null ? '–' : `${dayOf(lastAtMs)} ${new Date(lastAtMs).toTimeString().slice(0, 5)}`,
    plainText(folder),
    plainText(`${model}${more}`),
    `${saved}/${total ?? '?'}`,
    String(failed),
    run.isSimulated ? `${cost} simulated` : cost,
  ];
}

const UNFINISHED = 'A run that is not finished was killed: run its command again to resume it.';

function stateText({ state, inFlight, emptied, left, leftMicroUsd }: ListedRun): string {
  const states = { finished: '', running: 'in progress', unfinished: 'not finished' };
  const texts = [
    states[state],
    inFlight > 0 && `${inFlight} in flight`,
    left > 0 && `${left} left to the service`,
    leftMicroUsd !== null && leftMicroUsd > 0 && `${formatUsd(leftMicroUsd)} reserved`,
    emptied > 0 && `${counted(emptied, 'original')} emptied`,
  ];
  return texts.filter((text) => text !== false && text !== '').join(', ');
}

function spendingRow({ period, images, costMicroUsd }: Spending): string[] {
  return [period, String(images), formatUsd(costMicroUsd)];
}

function asJson(runs: readonly ListedRun[], days: readonly Spending[], months: readonly Spending[]): object {
  const usd = (microUsd: number) => microUsd / 1_000_000;
  const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  const spending = (all: readonly Spending[]) =>
    all.map(({ period, images, costMicroUsd }) => ({ period, images, costUsd: usd(costMicroUsd) }));
  return {
    runs: runs.map(({ startedAtMs, lastAtMs, cost, isSimulated, leftMicroUsd, ...run }) => ({
      ...run,
      leftUsd: leftMicroUsd === null ? null : usd(leftMicroUsd),
      simulated: isSimulated,
      startedAt: iso(startedAtMs),
      lastAt: iso(lastAtMs),
      costUsd: usd(cost.costMicroUsd),
      costIncomplete: isCostIncomplete(cost),
    })),
    days: spending(days),
    months: spending(months),
  };
}
