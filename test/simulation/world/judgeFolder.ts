import { hash } from 'node:crypto';
import { join } from 'node:path';
import { type FolderJournal, openJournal } from '../../../src/store/journal/journal.ts';
import { booksSchema } from '../../chaos/account.ts';
import { mountOf } from '../disk/mount.ts';
import { contentOf, pixelsOf, urlsOf } from '../service/outputs.ts';
import { KEPT_MS } from '../service/service.ts';
import { type Input, plansOf, promptOf } from './input.ts';
import { judgePictures } from './judgePictures.ts';
import { DELIVERIES } from './processes.ts';
import type { ProcessEnd, World } from './runWorld.ts';

/**
 * Ends of predictions that are not a fault of a run. One that is cut off at its time limit is
 * aborted, canceled or timed out, by when a run finds it.
 */
const OWN_FAILURES = new Set([
  'ERR_SAFETY',
  'ERR_PREDICTION_FAILED',
  'ERR_PREDICTION_CANCELED',
  'ERR_PREDICTION_ABORTED',
  'ERR_PREDICTION_TIMEOUT',
]);

/** Returns true if a prediction for the prompt of an outcome failed by itself before a time. */
export function hasFailedItself(
  { service }: Pick<World, 'service'>,
  { prompt, code }: { readonly prompt: string; readonly code: string | null },
  beforeMs: number,
): boolean {
  if (!OWN_FAILURES.has(code ?? '')) return false;
  return service.made.some(
    ({ process, input, end, endMs }) =>
      process !== null && String(input.prompt) === prompt && end !== 'succeeded' && endMs <= beforeMs,
  );
}

/** A folder as it is in the end. */
export interface JudgedFolder {
  readonly folder: string;
  readonly input: Input;
  readonly demand: ReadonlyMap<string, number>;
  readonly known: ReadonlySet<string>;
  readonly uncertain: number;
  readonly spent: number;
  /** The spent money in its manifest. */
  readonly listed: number;
}

/** Judges one folder: its journal and its files. Adds faults to `problems`. */
export async function judgeFolder(world: World, folder: string, problems: string[]): Promise<JudgedFolder> {
  const { machine, config } = world;
  const ends = world.ends.filter((end) => end.folder === folder);
  const input = ends.at(-1)?.input ?? [];
  const mount = mountOf(machine.process ?? { mount: '' });
  const journal = openJournal(join(mount, folder), { service: 'replicate' });
  const { uncertain, problems: ofJobs } = await judgeJobs(world, ends, journal);
  problems.push(...ofJobs);
  const known = new Set(journal.knownPredictionIds());
  const spent = journal.spentMicroUsd();
  const listed = config.level === 'folder' ? await judgeManifest(world, { folder, input }, problems) : 0;
  journal.close();
  return { folder, input, demand: demandOf(ends), known, uncertain, spent, listed };
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

/** Returns how often an input asks for a prompt. */
export const count = (input: Input, prompt: string) =>
  input.filter((request) => promptOf(request) === prompt).length;

/** Every job is saved with its files, or could not be for a reason that the world has given. */
async function judgeJobs(world: World, ends: readonly ProcessEnd[], journal: FolderJournal) {
  const { config } = world;
  const { input = [], folder = '' } = ends.at(-1) ?? {};
  const codes = new Map(
    ends.slice(-3).flatMap((end) => end.outcomes.map(([index, , code]) => [index, code])),
  );
  const problems: string[] = [];
  const known = new Set(journal.knownPredictionIds());
  let uncertain = 0;
  for await (const { index, path, prompt } of plansOf(input, config)()) {
    const record = journal.find(index);
    const code = codes.get(index) ?? null;
    // Outputs are deleted after an hour, and lost requests given up.
    const isLate = config.pauseMs > 60_000 || world.machine.timeline.nowMs > KEPT_MS;
    if (record?.state === 'saved')
      problems.push(...judgeFiles(world, { index, path: `${folder}/${path}` }, record));
    else if (code === 'ERR_UNCERTAIN' && (isLate || hasNearMiss(world, prompt, known))) uncertain += 1;
    else if (code === 'ERR_OUTPUT_GONE' && isLate) continue;
    else if (code === 'ERR_INCOMPLETE' && isHalfGone(world, record)) continue;
    // The last process was the first one to find that out.
    else if (hasFailedItself(world, { prompt, code }, world.machine.timeline.nowMs)) continue;
    else if (code === 'ERR_OVER_BUDGET' && config.run.budgetJobs !== null) continue;
    else problems.push(`job ${index} (${prompt}) is ${record?.state ?? 'unknown'}: ${code}`);
  }
  return { problems, uncertain };
}

/** Returns true if an hour has passed over a prediction of several outputs: some came in time. */
function isHalfGone({ service, machine }: World, record: { predictionId: string | null } | undefined) {
  const made = service.find(record?.predictionId ?? '');
  return made !== undefined && made.outputs > 1 && machine.timeline.nowMs >= made.endMs + KEPT_MS;
}

/**
 * Returns true if a prediction of no job, such as of one that has left the input, may show the
 * prompt shortened. Without the service's clock, which a run learns from its predictions, that
 * keeps a lost request open for good: rather no image than one that is paid twice.
 */
function hasNearMiss({ service }: World, prompt: string, known: ReadonlySet<string>): boolean {
  return service.made.some(({ id, input }) => {
    const shown = String(input.prompt);
    return !known.has(id) && shown !== prompt && prompt.startsWith(shown);
  });
}

/** The files of a saved job are those of its prediction, whole, and bear its name. */
function judgeFiles(
  { machine, service, config }: World,
  { index, path }: { readonly index: number; readonly path: string },
  { predictionId }: { readonly predictionId: string | null },
): string[] {
  const made = service.find(predictionId ?? '');
  if (made === undefined) return [`job ${index} is saved without a prediction`];
  const named = [...machine.disk.names].filter(([name]) => name.startsWith(path));
  const missing = urlsOf(made, config.outputKind).filter((_, output) => {
    const pixels = pixelsOf(contentOf(made.id, output, config.outputKind));
    return !named.some(([, { data }]) => data.includes(pixels));
  });
  return missing.length === 0 ? [] : [`job ${index} lacks files of ${made.id}`];
}

/** The manifest lists every job once, its files as they are; returns the money in it. */
async function judgeManifest(
  world: World,
  { folder, input }: Pick<JudgedFolder, 'folder' | 'input'>,
  problems: string[],
): Promise<number> {
  const { names } = world.machine.disk;
  const { run, outputKind } = world.config;
  const content = names.get(`${folder}/manifest.json`)?.data.toString() ?? 'null';
  const books = booksSchema.parse(JSON.parse(content));
  const prompts = books.outcomes.map(({ prompt }) => prompt);
  if (prompts.join() !== input.map(promptOf).join()) problems.push(`manifest.json lists ${prompts.join()}`);
  for (const { index, files, status } of books.outcomes) {
    for (const { path, sha256, bytes } of files) {
      const data = names.get(`${folder}/${path}`)?.data;
      if (data?.length !== bytes || hash('sha256', data, 'hex') !== sha256)
        problems.push(`manifest.json: ${path} of job ${index} differs from its record`);
      else if (run.delivers && status === 'saved' && !isDelivered(world, data))
        problems.push(`${path} of job ${index} was not delivered`);
    }
  }
  if (outputKind === 'picture')
    problems.push(...(await judgePictures(world, { folder, shows: run.shows }, books.outcomes)));
  const left = [...names.keys()].filter((name) => name.startsWith(`${folder}/`) && UNFINISHED.test(name));
  if (left.length > 0) problems.push(`left over: ${left.join(' ')}`);
  const costs = [...books.outcomes, ...books.unused].map(({ costUsd }) => Math.round((costUsd ?? 0) * 1e6));
  return costs.reduce((sum, cost) => sum + cost, 0);
}

const UNFINISHED = /\.part|\/\.moving/;

function isDelivered({ machine: { disk } }: World, content: Buffer): boolean {
  return [...disk.names].some(
    ([name, { data }]) => name.startsWith(`${DELIVERIES}/`) && data.equals(content),
  );
}
