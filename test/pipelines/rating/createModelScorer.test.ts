import { join } from 'node:path';
import { concatMap, firstValueFrom, from, lastValueFrom, mergeMap, type Observable, of, toArray } from 'rxjs';
import sharp from 'sharp';
import { afterEach, expect, it } from 'vitest';
import { BudgetError, ScoreError } from '../../../src/errors.ts';
import type { RunEvent } from '../../../src/events/runEvent.ts';
import { createGate } from '../../../src/operators/gate.ts';
import { createLedger } from '../../../src/operators/stages/budgetTake.ts';
import { createModelScorer, type ModelScorerConfig } from '../../../src/pipelines/rating/modelScorer.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { predictionError } from '../../../src/providers/wire/output.ts';
import type { Simulator, SimulatorConfig } from '../../../src/simulator/index.ts';
import type { RunJournal } from '../../../src/store/entries.ts';
import { openJournal } from '../../../src/store/journal/journal.ts';
import type { ImageToScore, ScoringModel } from '../../../src/types.ts';
import { runOf } from '../../helpers/runOf.ts';
import { call, simulated } from '../../helpers/simulated.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const open = new Set<RunJournal>();
afterEach(() => {
  for (const journal of open) journal.close();
  open.clear();
});

const llava: ScoringModel = {
  model: 'yorickvp/llava-13b',
  version: null,
  picture: { name: 'image', valueOf: (picture) => picture },
  input: { prompt: 'From 1 to 10, how well does this show "{prompt}"?' },
  priceMicroUsd: 2_000,
};

async function picture(index: number, prompt = 'a fox'): Promise<ImageToScore> {
  const path = join(folder(), `${index}.png`);
  const background = { r: 10 * index, g: 100, b: 200 };
  await sharp({ create: { width: 8, height: 8, channels: 3, background } })
    .png()
    .toFile(path);
  return { path, prompt, index };
}

const begin = (config: SimulatorConfig = {}) =>
  simulated({ medianMs: 100, sigma: 0, durations: {}, ...config });

/** A process that rates: its journal is on disk, all else ends with it. */
function rating(simulator: Simulator, fields: Partial<ModelScorerConfig> = {}, model = llava) {
  const journal = openJournal(join(folder(), '.ratings'));
  const events: RunEvent[] = [];
  const paid = new Map<number, number | null>();
  const { config } = runOf();
  const provider = createReplicateProvider(simulator);
  const scorer = createModelScorer(model, {
    ...config,
    journal,
    provider,
    answers: { ...config.answers, errorOf: predictionError },
    emit: (event) => events.push(event),
    onPaid: (index, costUsd) => paid.set(index, costUsd),
    random: () => 0.01,
    ...fields,
  });
  const score = (image: ImageToScore): Observable<number> => {
    const given = scorer(image);
    const scored = typeof given === 'number' ? of(given) : from(given);
    // A model of the community has been looked up before: it is run by its version.
    return provider.getModel(model.model).pipe(concatMap(() => scored));
  };
  open.add(journal);
  const leave = () => {
    if (open.delete(journal)) journal.close();
  };
  return { score, journal, events, paid, leave };
}

const asked = async (simulator: Simulator) => {
  const { body } = await call(simulator, '/predictions');
  return body.results as { id: string; model: string }[];
};

it('gives the number in an output for an image and its prompt', async () => {
  const simulator = await begin();
  const { score, events, paid, journal } = rating(simulator);
  const first = await lastValueFrom(score(await picture(1)));
  const other = await lastValueFrom(score(await picture(2)));
  const same = await lastValueFrom(score({ ...(await picture(1)), index: 3 }));
  const prompted = await lastValueFrom(score({ ...(await picture(1, 'a hen')), index: 4 }));
  for (const value of [first, other, same, prompted]) {
    expect(value).toBeGreaterThanOrEqual(1);
    expect(value).toBeLessThanOrEqual(10);
  }
  expect(same).toBe(first);
  expect(other).not.toBe(first);
  expect(prompted).not.toBe(first);
  expect([...paid]).toEqual([1, 2, 3, 4].map((index) => [index, 0.002]));
  expect(journal.spentMicroUsd()).toBe(8_000);
  // A rating is no image of a job.
  expect(events).toEqual([]);
});

it('pays no rating twice, in this run or a later one', async () => {
  const simulator = await begin();
  const first = rating(simulator);
  const image = await picture(1);
  const score = await lastValueFrom(first.score(image));
  expect(await lastValueFrom(first.score(image))).toBe(score);
  first.leave();
  const second = rating(simulator);
  expect(second.journal.spentMicroUsd()).toBe(2_000);
  expect(await lastValueFrom(second.score(image))).toBe(score);
  expect(second.paid.get(1)).toBe(0.002);
  expect(second.journal.spentMicroUsd()).toBe(2_000);
  expect(simulator.stats().created).toBe(1);
  // Another image of the same job is another rating.
  await lastValueFrom(second.score({ ...(await picture(2)), index: 1 }));
  expect(simulator.stats().created).toBe(2);
});

it('resumes a rating that was left while the model was at it', async () => {
  const simulator = await begin({ medianMs: 30_000 });
  const killed = rating(simulator, { waitMs: 0 });
  const image = await picture(1);
  const left = killed.score(image).subscribe();
  while (simulator.stats().created === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  left.unsubscribe();
  killed.leave();
  const resumed = rating(simulator);
  expect(resumed.journal.find(1)?.state).toMatch(/intended|created/);
  expect(await lastValueFrom(resumed.score(image))).toBeGreaterThanOrEqual(1);
  expect(simulator.stats().created).toBe(1);
  expect(await asked(simulator)).toHaveLength(1);
});

it('has the slots, and the money, of the run', async () => {
  const simulator = await begin();
  const ledger = createLedger({ limitMicroUsd: 5_000 });
  const { score, paid } = rating(simulator, { ledger, slots: createGate(1) });
  const images = await Promise.all([1, 2, 3].map((index) => picture(index)));
  const results = from(images).pipe(mergeMap(score), toArray());
  await expect(lastValueFrom(results)).rejects.toThrow(BudgetError);
  expect(simulator.stats()).toMatchObject({ created: 2, maxInFlight: 1 });
  expect(ledger.spentMicroUsd).toBe(4_000);
  // Which of them comes last is up to the disk, which reads their pictures side by side.
  const costs = [...paid.values()];
  expect(costs.pop()).toBe(0);
  expect(new Set(costs)).toEqual(new Set([0.002]));
});

it('asks again if the platform was at fault', async () => {
  let failures = 1;
  const onOutcome = () => (failures-- > 0 ? 'Prediction interrupted; please retry (code: PA)' : null);
  const simulator = await begin({ faults: { onOutcome } });
  const { score } = rating(simulator);
  expect(await lastValueFrom(score(await picture(1)))).toBeGreaterThanOrEqual(1);
  expect(simulator.stats().created).toBe(2);
});

it('reports an output without a number, and does not pay for it again', async () => {
  const simulator = await begin();
  const wordy = { ...llava, parse: () => null };
  const image = await picture(1);
  const first = rating(simulator, {}, wordy);
  const error: unknown = await lastValueFrom(first.score(image)).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ScoreError);
  expect(String(error)).toMatch(
    /Expected a number in the output of yorickvp\/llava-13b for image #2, got \["I "/,
  );
  expect(first.paid.get(1)).toBe(0.002);
  first.leave();
  // The output is stored: a better parser need not pay for it again.
  const second = rating(simulator, {}, wordy);
  await expect(lastValueFrom(second.score(image))).rejects.toThrow(ScoreError);
  second.leave();
  const third = rating(simulator);
  expect(await lastValueFrom(third.score(image))).toBeGreaterThanOrEqual(1);
  expect(third.journal.spentMicroUsd()).toBe(2_000);
  expect(simulator.stats().created).toBe(1);
});

it('treats an error of a custom parser as an unreadable output', async () => {
  const parse = () => {
    throw new TypeError('oops');
  };
  const { score } = rating(await begin(), {}, { ...llava, parse });
  await expect(lastValueFrom(score(await picture(1)))).rejects.toMatchObject({
    code: 'ERR_SCORE_FAILED',
    cause: expect.any(TypeError),
  });
});

it('begins nothing after a stop', async () => {
  const simulator = await begin();
  const { score } = rating(simulator, { stop: of('stop') });
  await expect(firstValueFrom(score(await picture(1)))).rejects.toMatchObject({
    code: 'ERR_SCORE_FAILED',
    recoverable: true,
  });
  expect(simulator.stats().created).toBe(0);
});

it('reckons by the second if no price of a rating is given', async () => {
  const simulator = await begin({ durations: { 'stability-ai/sdxl': { medianMs: 1_000, sigma: 0 } } });
  // Any output may hold a number: here the address of an image.
  const rater = { ...llava, model: 'stability-ai/sdxl', input: { prompt: '{prompt}' }, priceMicroUsd: null };
  const { score, paid } = rating(simulator, {}, { ...rater, parse: () => 1 });
  await lastValueFrom(score(await picture(1)));
  expect(paid.get(1)).toBe(0.000_975);
});
