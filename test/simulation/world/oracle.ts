import { costOf, type Made } from '../service/service.ts';
import { promptOf } from './input.ts';
import { count, hasFailedItself, type JudgedFolder, judgeFolder } from './judgeFolder.ts';
import type { ProcessEnd, World } from './runWorld.ts';
import { PRICE_MICRO_USD } from './worldConfig.ts';

/** Ends of a process that a world may bring about before it is calm. */
const FAULTS = new Set([
  'ERR_NO_CREDIT',
  'ERR_WAIT_TOO_LONG',
  'ERR_DISK_FULL',
  'ERR_DISK',
  'ERR_USAGE',
  'ERR_NO_CONNECTION',
  'ERR_CONNECTION_LOST',
  'ERR_SERVICE',
]);

/** Judges one process by its end and its outcomes. */
export function judgeProcess(world: World, end: ProcessEnd): string[] {
  const { number, kind, error, outcomes, isLast, isIdle } = end;
  const problems: string[] = [];
  const name = `process ${number}`;
  if (kind === 'stalled' || kind === 'endless') problems.push(`${name} never ends: ${kind}`);
  if (kind === 'failed') {
    const code = String((error as { code?: unknown }).code ?? '');
    if (isLast || !FAULTS.has(code))
      problems.push(`${name} failed: ${error instanceof Error ? error.stack : String(error)}`);
  }
  problems.push(...judgePace(world, end));
  problems.push(...judgeReuse(world, end));
  const own = isIdle ? world.service.made.filter((made) => made.process === number) : [];
  const late = own.filter((made) => !isDue(world, end, made));
  if (late.length > 0) problems.push(`${name} had nothing to do, and made ${late.length}`);
  const indexes = outcomes.map(([index]) => index);
  if (new Set(indexes).size !== indexes.length) problems.push(`${name} told two outcomes of one job`);
  return problems;
}

/** Never above the concurrency, nor above the rate. */
function judgePace({ service, network, machine, config }: World, { number, run }: ProcessEnd): string[] {
  const { concurrency, strategy, ratePerMinute, timeoutAction } = run;
  const sent = network.sent.filter(({ process }) => process === number);
  const nowMs = machine.timeline.nowMs;
  const spans = sent.map(({ atMs, overMs, id }) => {
    const made = id === null ? undefined : service.find(id);
    return [atMs, Math.max(overMs ?? nowMs, made === undefined ? 0 : Math.min(nowMs, made.endMs))] as const;
  });
  const inFlight = Math.max(
    0,
    ...spans.map(([at]) => spans.filter(([from, to]) => from <= at && at < to).length),
  );
  const most = strategy === 'sequential' ? 1 : concurrency;
  const problems: string[] = [];
  // A prediction that is left to the service continues without a slot.
  if (inFlight > most && timeoutAction === 'cancel') problems.push(`${inFlight} in flight of ${most}`);
  const counted = sent.filter(({ wasThrottled }) => !wasThrottled).map(({ atMs }) => atMs);
  const busiest = counted.map((at) => counted.filter((one) => one >= at && one < at + RATE_MS).length);
  // Between its turn and its write a request waits for the journal: one may be in transit.
  const allowed = ratePerMinute + (config.faults.slowDisk > 0 ? 1 : 0);
  if (Math.max(0, ...busiest) > allowed) problems.push(`${Math.max(...busiest)} requests in a minute`);
  return problems;
}

/**
 * Returns true if a job of an idle process is due nevertheless: it is made again if the process
 * before has found out that it failed by itself. The money that was kept for that may as well go to
 * one that was over budget until then.
 */
function isDue(world: World, end: ProcessEnd, { input: { prompt } }: Made): boolean {
  const before = world.ends.findLast(({ folder, number }) => folder === end.folder && number < end.number);
  const told = (before?.outcomes ?? []).map(([index, , code]) => {
    const request = before?.input[index];
    return { prompt: request === undefined ? '' : promptOf(request), code };
  });
  const failed = told.filter((outcome) => hasFailedItself(world, outcome, end.beganMs));
  const skipped = failed.length === 0 ? [] : told.filter(({ code }) => code === 'ERR_OVER_BUDGET');
  return [...failed, ...skipped].some((outcome) => outcome.prompt === prompt);
}

/** A minute, less the largest error of a machine's clock. */
const RATE_MS = 59_900;

/**
 * A process makes nothing that the cache has: as many results of a request as it asks for, all saved
 * by a run of another folder that had ended before it began.
 */
function judgeReuse({ service, config, ends }: World, end: ProcessEnd): string[] {
  if (!config.cache || config.powerCuts > 0 || config.faults.fullDisk > 0) return [];
  // The result of another model is not that of the request.
  if (config.run.fallback) return [];
  const made = service.made.filter(({ process }) => process === end.number);
  const others = ends.filter((one) => one.folder !== end.folder && one.kind === 'done' && one.isLast);
  const isFirst = !ends.some((one) => one.folder === end.folder && one.number < end.number);
  if (!isFirst || others.length === 0) return [];
  const again = made.filter(({ input: { prompt } }) =>
    others.some(({ input, outcomes }) => {
      const all = input.flatMap((request, index) => (promptOf(request) === prompt ? [index] : []));
      const saved = all.filter((index) =>
        outcomes.some(([at, status]) => at === index && status === 'saved'),
      );
      return saved.length === all.length && all.length >= count(end.input, String(prompt));
    }),
  );
  return again.length === 0 ? [] : [`process ${end.number} made ${again.length} that the cache has`];
}

/** Judges the folders and the service when all processes have ended. */
export async function judgeEnd(world: World): Promise<string[]> {
  const { machine, ends, config } = world;
  machine.start(null);
  const problems: string[] = [];
  const folders: JudgedFolder[] = [];
  for (const folder of new Set(ends.map((end) => end.folder)))
    folders.push(await judgeFolder(world, folder, problems));
  machine.exit();
  const sumOf = (value: (folder: JudgedFolder) => number) =>
    folders.reduce((sum, one) => sum + value(one), 0);
  const paid = world.service.made.filter(({ process, end }) => process !== null && end === 'succeeded');
  // Jobs that were dropped from the input may have been in flight.
  const isDropped = ({ input: { prompt } }: Made) =>
    folders.some(({ input, demand }) => count(input, String(prompt)) < (demand.get(String(prompt)) ?? 0));
  const dropped = paid.filter(isDropped);
  const isKnown = (id: string) => folders.some(({ known }) => known.has(id));
  const orphans = paid.filter((made) => !isKnown(made.id) && !isDropped(made));
  // A lost request may be matched with the identical one of another folder: both book it,
  // and the other one is in neither.
  const twice = paid.flatMap((made) =>
    folders
      .filter(({ known }) => known.has(made.id))
      .slice(1)
      .map(() => costOf(made)),
  );
  const uncertain = sumOf((folder) => folder.uncertain);
  if (orphans.length > uncertain + twice.length)
    problems.push(`paid and in no job: ${orphans.map(({ id }) => id).join(' ')} (${uncertain} uncertain)`);
  for (const [prompt, all] of Map.groupBy(paid, (made) => String(made.input.prompt))) {
    const most = sumOf(({ demand }) => demand.get(prompt) ?? 0);
    if (all.length > most)
      problems.push(
        `${prompt} is paid ${all.length} times for ${most}: ${all.map(({ id }) => id).join(' ')}`,
      );
  }
  const billed = paid.reduce((sum, made) => sum + costOf(made), 0);
  const unsure = [...dropped, ...orphans].reduce((sum, made) => sum + costOf(made), 0);
  const shared = twice.reduce((sum, cost) => sum + cost, 0);
  const expectBilled = (where: string, money: number) => {
    if (money > billed + shared || money < billed - unsure)
      problems.push(`billed ${billed / PRICE_MICRO_USD}, ${where} ${money / PRICE_MICRO_USD} images`);
  };
  expectBilled(
    'booked',
    sumOf(({ spent }) => spent),
  );
  if (config.level === 'folder')
    expectBilled(
      'in manifest.json',
      sumOf(({ listed }) => listed),
    );
  const { budgetJobs } = config.run;
  if (budgetJobs !== null && billed > folders.length * budgetJobs * config.outputs * PRICE_MICRO_USD)
    problems.push(`billed ${billed / PRICE_MICRO_USD} images of a budget for ${budgetJobs} jobs`);
  return problems;
}
