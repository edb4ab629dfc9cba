import { hash } from 'node:crypto';
import { join } from 'node:path';
import { type FolderJournal, openJournal } from '../../../src/store/journal/journal.ts';
import { booksSchema } from '../../chaos/account.ts';
import { mountOf } from '../disk/mount.ts';
import { contentOf, pixelsOf, urlsOf } from '../service/outputs.ts';
import { costOf, type Made } from '../service/service.ts';
import { type Input, plansOf, promptOf } from './input.ts';
import { judgePictures } from './judgePictures.ts';
import { FOLDER } from './processes.ts';
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

/** Ends of predictions that are nobody's fault. */
const OWN_FAILURES = new Set([
  'ERR_SAFETY',
  'ERR_PREDICTION_FAILED',
  'ERR_PREDICTION_CANCELED',
  'ERR_PREDICTION_ABORTED',
]);

/** Judges one process by how it ended, and by the outcomes that it told. */
export function judgeProcess(
  world: World,
  end: ProcessEnd,
  { isLast, isIdle }: { readonly isLast: boolean; readonly isIdle: boolean },
): string[] {
  const { number, kind, error, outcomes } = end;
  const problems: string[] = [];
  const name = `process ${number}`;
  if (kind === 'stalled' || kind === 'endless') problems.push(`${name} never ends: ${kind}`);
  if (kind === 'failed') {
    const code = String((error as { code?: unknown }).code ?? '');
    if (isLast || !FAULTS.has(code))
      problems.push(`${name} failed: ${error instanceof Error ? error.stack : String(error)}`);
  }
  problems.push(...judgePace(world, number));
  const late = world.service.made.filter((made) => made.process === number);
  if (isIdle && late.length > 0) problems.push(`${name} had nothing to do, and made ${late.length}`);
  const indexes = outcomes.map(([index]) => index);
  if (new Set(indexes).size !== indexes.length) problems.push(`${name} told two outcomes of one job`);
  return problems;
}

/** Never above the concurrency, nor above the rate. */
function judgePace({ service, network, config, machine }: World, number: number): string[] {
  const { concurrency, strategy, ratePerMinute, timeoutAction } = config.run;
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
  // A prediction that is left to the service goes on without a slot.
  if (inFlight > most && timeoutAction === 'cancel') problems.push(`${inFlight} in flight of ${most}`);
  const counted = sent.filter(({ wasThrottled }) => !wasThrottled).map(({ atMs }) => atMs);
  const busiest = counted.map((at) => counted.filter((one) => one >= at && one < at + RATE_MS).length);
  if (Math.max(0, ...busiest) > ratePerMinute) problems.push(`${Math.max(...busiest)} requests in a minute`);
  return problems;
}

/** A minute, less what the clock of a machine may be off. */
const RATE_MS = 59_900;

/** Judges what is left when all processes have ended. */
export async function judgeEnd(world: World): Promise<string[]> {
  const { machine, ends, config } = world;
  const folder = join(mountOf(machine.start(null)), FOLDER);
  const input = ends.at(-1)?.input ?? [];
  const journal = openJournal(folder, { service: 'replicate' });
  const paid = world.service.made.filter(({ process, end }) => process !== null && end === 'succeeded');
  const demand = demandOf(ends);
  // Jobs that were dropped from the input may have been in flight.
  const isDropped = ({ input: { prompt } }: Made) =>
    count(input, String(prompt)) < (demand.get(String(prompt)) ?? 0);
  const dropped = paid.filter(isDropped);
  const problems: string[] = [];
  const { uncertain, problems: ofJobs } = await judgeJobs(world, input, journal);
  problems.push(...ofJobs);
  const known = new Set(journal.knownPredictionIds());
  const orphans = paid.filter((made) => !known.has(made.id) && !isDropped(made));
  if (orphans.length > uncertain)
    problems.push(`paid and in no job: ${orphans.map(({ id }) => id).join(' ')} (${uncertain} uncertain)`);
  for (const [prompt, all] of Map.groupBy(paid, (made) => String(made.input.prompt))) {
    const most = demand.get(prompt) ?? 0;
    if (all.length > most)
      problems.push(
        `${prompt} is paid ${all.length} times for ${most}: ${all.map(({ id }) => id).join(' ')}`,
      );
  }
  const billed = paid.reduce((sum, made) => sum + costOf(made), 0);
  const unsure = [...dropped, ...orphans].reduce((sum, made) => sum + costOf(made), 0);
  const booked = journal.spentMicroUsd();
  if (booked > billed || booked < billed - unsure)
    problems.push(`billed ${billed / PRICE_MICRO_USD}, booked ${booked / PRICE_MICRO_USD} images`);
  const { budgetJobs } = config.run;
  if (budgetJobs !== null && billed > budgetJobs * config.outputs * PRICE_MICRO_USD)
    problems.push(`billed ${billed / PRICE_MICRO_USD} images of a budget for ${budgetJobs} jobs`);
  if (config.level === 'folder') problems.push(...(await judgeFolder(world, input, { billed, unsure })));
  journal.close();
  machine.exit();
  return problems;
}

/** How often the inputs have asked for a prompt at a time, at most. */
function demandOf(ends: readonly ProcessEnd[]): Map<string, number> {
  const most = new Map<string, number>();
  for (const { input } of ends) {
    for (const request of input) {
      const prompt = promptOf(request);
      most.set(prompt, Math.max(most.get(prompt) ?? 0, count(input, prompt)));
    }
  }
  return most;
}

const count = (input: Input, prompt: string) =>
  input.filter((request) => promptOf(request) === prompt).length;

/** Every job is saved with its files, or could not be for a reason that the world has given. */
async function judgeJobs(world: World, input: Input, journal: FolderJournal) {
  const { ends, config } = world;
  const codes = new Map(
    ends.slice(-3).flatMap((end) => end.outcomes.map(([index, , code]) => [index, code])),
  );
  const problems: string[] = [];
  let uncertain = 0;
  for await (const { index, path, prompt } of plansOf(input, config)()) {
    const record = journal.find(index);
    const code = codes.get(index) ?? null;
    // Outputs are deleted after an hour, and lost requests given up.
    const isLate = config.pauseMs > 60_000;
    if (record?.state === 'saved') problems.push(...judgeFiles(world, { index, path }, record));
    else if (code === 'ERR_UNCERTAIN' && isLate) uncertain += 1;
    else if (code === 'ERR_OUTPUT_GONE' && isLate) continue;
    // It failed by itself before, and is known since the last process only.
    else if (OWN_FAILURES.has(code ?? '')) continue;
    else if (code === 'ERR_OVER_BUDGET' && config.run.budgetJobs !== null) continue;
    else problems.push(`job ${index} (${prompt}) is ${record?.state ?? 'unknown'}: ${code}`);
  }
  return { problems, uncertain };
}

/** The files of a saved job are those of its prediction, whole, and bear its name. */
function judgeFiles(
  { machine, service, config }: World,
  { index, path }: { readonly index: number; readonly path: string },
  { predictionId }: { readonly predictionId: string | null },
): string[] {
  const made = service.find(predictionId ?? '');
  if (made === undefined) return [`job ${index} is saved without a prediction`];
  const named = [...machine.disk.names].filter(([name]) => name.startsWith(`${FOLDER}/${path}`));
  const missing = urlsOf(made, config.outputKind).filter((_, output) => {
    const pixels = pixelsOf(contentOf(made.id, output, config.outputKind));
    return !named.some(([, { data }]) => data.includes(pixels));
  });
  return missing.length === 0 ? [] : [`job ${index} lacks files of ${made.id}`];
}

/** The manifest lists every job once, its files as they are, and all of the money. */
async function judgeFolder(
  world: World,
  input: Input,
  { billed, unsure }: { readonly billed: number; readonly unsure: number },
): Promise<string[]> {
  const { names } = world.machine.disk;
  const problems: string[] = [];
  const content = names.get(`${FOLDER}/manifest.json`)?.data.toString() ?? 'null';
  const books = booksSchema.parse(JSON.parse(content));
  const prompts = books.outcomes.map(({ prompt }) => prompt);
  if (prompts.join() !== input.map(promptOf).join()) problems.push(`manifest.json lists ${prompts.join()}`);
  for (const { index, files } of books.outcomes) {
    for (const { path, sha256, bytes } of files) {
      const data = names.get(`${FOLDER}/${path}`)?.data;
      if (data?.length !== bytes || hash('sha256', data, 'hex') !== sha256)
        problems.push(`manifest.json: ${path} of job ${index} is not what it says`);
    }
  }
  if (world.config.run.shows) problems.push(...(await judgePictures(world, books.outcomes)));
  const costs = [...books.outcomes, ...books.unused].map(({ costUsd }) => Math.round((costUsd ?? 0) * 1e6));
  const listed = costs.reduce((sum, cost) => sum + cost, 0);
  if (listed > billed || listed < billed - unsure)
    problems.push(`billed ${billed / PRICE_MICRO_USD}, in manifest.json ${listed / PRICE_MICRO_USD} images`);
  const left = [...names.keys()].filter((name) => name.includes('.part') || name.includes('/.moving'));
  if (left.length > 0) problems.push(`left over: ${left.join(' ')}`);
  return problems;
}
