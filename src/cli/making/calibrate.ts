import { hash } from 'node:crypto';
import { isSimulated } from '../../base/service.ts';
import { formatUsd } from '../../base/text.ts';
import { UsageError } from '../../errors.ts';
import { jsonLine } from '../../events/listeners.ts';
import { recommendConcurrency } from '../../pipelines/run/concurrency.ts';
import { priceFor } from '../../pipelines/run/runConfig.ts';
import { runDefaults } from '../../pipelines/run/settings.ts';
import { estimateMicroUsd } from '../../providers/prices/cost.ts';
import { compareOutcomes } from '../../sinks/comparison/comparison.ts';
import { manifestOutcomes } from '../../sinks/manifest/manifest.ts';
import { fingerprintOf } from '../../sources/planning/requestKey.ts';
import { jobsFromRows } from '../../sources/promptFiles/promptJobs.ts';
import type { Outcome } from '../../types.ts';
import type { BatchScriptContext } from '../batch/batchScript.ts';
import { chooseFolder } from '../batch/chooseFolder.ts';
import { findModel, jobContext, promptModel } from '../batch/models.ts';
import { startBatch } from '../batch/startBatch.ts';
import { calibrationTable, SIMULATED_FIGURES } from '../display/tables.ts';
import { type SettledFlags, withDefaults } from '../flags/flags.ts';
import { runPrices } from '../flags/prices.ts';

/** Prompts of different lengths that no model should refuse. */
const prompts = [
  'a lighthouse at dawn',
  'three ripe pears on a linen cloth, soft window light, 50 mm',
  'a market street after rain at night, lanterns mirrored in the wet stones, people under umbrellas, wide angle, film grain',
];

/** Measures a model. Resolves with the exit code. */
export async function calibrate(script: BatchScriptContext): Promise<number> {
  const { flags: given, service, io } = script;
  const flags = withDefaults(given, { ratePerMinute: runDefaults.ratePerMinute * service.speed });
  const reference = promptModel(flags, service);
  const context = await jobContext(flags, reference, await findModel(service.provider, reference));
  const name = `calibrate-${context.model.replace(/^.*\//, '')}`;
  checkBudget(context.model, context.input, flags);
  // It has no file: the model is its input.
  const input = { path: null, sha256: hash('sha256', context.model) };
  const place = await chooseFolder(script, name, { name, input });
  const rows = prompts.map((prompt, index) => ({
    ...({ type: 'row', line: index + 1, fields: {}, text: false } as const),
    prompt,
  }));
  const code = await startBatch({
    ...place,
    jobs: () => jobsFromRows(rows, context),
    total: prompts.length,
    context,
    tagNames: [],
    fingerprint: fingerprintOf(prompts, context),
    flags,
    service,
    io,
    around: script.around,
  });
  if (flags.dryRun) return code;
  const outcomes: Outcome[] = [];
  for await (const outcome of manifestOutcomes(place.folder)) outcomes.push(outcome);
  const { models } = await compareOutcomes(manifestOutcomes(place.folder));
  const [measured] = models;
  if (measured === undefined) return code;
  if (flags.json) {
    const seconds = measured.predictSeconds ?? measured.ownWallSeconds;
    const { service = null } = outcomes[0] ?? {};
    const concurrency = seconds === null ? null : recommendConcurrency(seconds);
    io.stdout.write(jsonLine({ type: 'calibration', service, ...measured, concurrency }, (text) => text));
    return code;
  }
  if (isSimulated(outcomes[0]?.service)) io.stdout.write(SIMULATED_FIGURES);
  io.stdout.write(calibrationTable(outcomes, measured));
  return code;
}

/** Throws `UsageError` if the budget does not cover all runs: fewer would measure nothing. */
function checkBudget(
  model: string,
  input: Parameters<typeof estimateMicroUsd>[1],
  { budgetMicroUsd, prices }: Pick<SettledFlags, 'budgetMicroUsd' | 'prices'>,
): void {
  const each = estimateMicroUsd(model, input, priceFor(model, runPrices(prices)));
  if (each === null || budgetMicroUsd === null || each * prompts.length <= budgetMicroUsd) return;
  throw new UsageError(
    `Expected a budget of ${formatUsd(each * prompts.length)} for ${prompts.length} runs of ${model}, got ${formatUsd(budgetMicroUsd)}`,
    { suggestion: 'Raise --budget, or choose another model.' },
  );
}
