import { lastValueFrom } from 'rxjs';
import { openDatabase } from '../../src/fleet/database/connection.ts';
import { migrate } from '../../src/fleet/database/migrate.ts';
import { createPartCalls } from '../../src/fleet/database/partCalls.ts';
import { createRunCalls } from '../../src/fleet/database/runCalls.ts';
import { packEnded } from '../../src/fleet/packedOutcomes.ts';
import { PLAN_FORMAT, PLANS_IN_PART, packPlans } from '../../src/fleet/packedPlans.ts';
import { createPartJournal } from '../../src/fleet/part/partJournal.ts';
import { takePart } from '../../src/fleet/part/takePart.ts';
import { createGate } from '../../src/operators/gate.ts';
import type { Plan } from '../../src/types.ts';
import { predictionOf } from '../memoryPorts.ts';
import { endedOutcome } from './endedOutcome.ts';
import type { Ground } from './ground.ts';

/** The time that the store adds to an image, and the images a second that it could take. */
export interface StoreCost {
  readonly workers: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly imagesPerS: number;
}

const FOLDER = '/run';

/**
 * Notes the images of so many parts as workers do, each with one image at a time and nothing else
 * to do: admission, prediction, download, outcome, release, and the share of taking and ending
 * parts.
 */
export async function storeCost({ url }: Ground, workers: number, parts: number): Promise<StoreCost> {
  const database = await openDatabase({ url, connections: workers + 1 });
  await migrate(database);
  const calls = createRunCalls(database);
  await lastValueFrom(calls.setAccount({ perMinute: 1e9, burst: 1e8, slots: 10_000 }));
  const total = parts * PLANS_IN_PART;
  const { run } = await lastValueFrom(
    calls.open({
      ...{ name: 'bench', fingerprint: 'f', settings: {}, planFormat: PLAN_FORMAT },
      ...{ limitMicroUsd: 1_000_000_000, total },
    }),
  );
  for (let part = 0; part < parts; part += 1) {
    const plans = packPlans(plansOf(part));
    const first = part * PLANS_IN_PART;
    const loaded = [run, part, first, PLANS_IN_PART, plans];
    await database.query('SELECT rx_v1.load($1, $2, $3, $4, $5)', loaded);
  }
  await lastValueFrom(calls.start(run));
  const times: number[] = [];
  let next = 0;
  const line = createGate(1);
  const startedMs = performance.now();
  const worker = async () => {
    for (let part = next++; part < parts; part = next++) times.push(...(await workOn(part)));
  };
  const workOn = async (part: number): Promise<number[]> => {
    const begunMs = performance.now();
    const own: number[] = [];
    const taken = await lastValueFrom(
      takePart(database, { run, part, owner: 'bench', afterDeath: false, folder: FOLDER }),
    );
    if (taken === null) return [];
    const of = createPartCalls(database, taken);
    const journal = createPartJournal({ calls: of, folder: FOLDER, holdMs: 600_000, line });
    for (const plan of taken.plans) {
      const imageMs = performance.now();
      await image(journal, plan);
      own.push(performance.now() - imageMs);
    }
    const outcomes = taken.plans.map((plan) => ({ outcome: endedOutcome(plan), open: null }));
    const counts = JSON.stringify({ saved: outcomes.length, failed: 0, skipped: 0 });
    await database.query('SELECT rx_v1.finish($1, $2, $3, $4, $5)', [
      ...[run, part, taken.epoch, counts],
      packEnded(outcomes),
    ]);
    const aroundMs = performance.now() - begunMs - own.reduce((sum, ms) => sum + ms, 0);
    return own.map((ms) => ms + aroundMs / own.length);
  };
  await Promise.all(Array.from({ length: workers }, worker));
  const imagesPerS = (1_000 * total) / (performance.now() - startedMs);
  await database.close();
  const sorted = times.toSorted((one, other) => one - other);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? 0;
  return { workers, p50Ms: at(0.5), p99Ms: at(0.99), imagesPerS };
}

type Journal = ReturnType<typeof createPartJournal>;

async function image(journal: Journal, plan: Plan): Promise<void> {
  const outcome = endedOutcome(plan);
  const predictionId = outcome.predictionId ?? '';
  const request = { model: plan.model, input: plan.input };
  const note = (entry: Parameters<Journal['record']>[1]) =>
    lastValueFrom(journal.record(plan, entry), { defaultValue: null });
  await note({ type: 'intended', attempt: 1, atMs: Date.now(), cancelAfterMs: 600_000, request });
  await note({ type: 'created', attempt: 1, predictionId });
  await lastValueFrom(journal.release(plan.index));
  await note({ type: 'downloaded', prediction: predictionOf(predictionId, plan.input), files: [] });
  await note({ type: 'outcome', outcome });
}

function plansOf(part: number): Plan[] {
  return Array.from({ length: PLANS_IN_PART }, (_, at) => {
    const index = part * PLANS_IN_PART + at;
    return {
      ...{ index, key: `key ${index}`, prompt: `${index} pears`, model: 'black-forest-labs/flux-schnell' },
      ...{ version: null, input: { prompt: `${index} pears` }, tags: {}, path: `pears-${index}` },
      ...{ renditions: [], priceMicroUsd: 3_000 },
    } as unknown as Plan;
  });
}
