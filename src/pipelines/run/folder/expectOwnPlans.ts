import { resolve } from 'node:path';
import { expectSecrets, SECRET } from '../../../base/secretInputs.ts';
import { atPlace } from '../../../disk/insideFolder.ts';
import { UsageError } from '../../../errors.ts';
import { expectAllowed } from '../../../sources/modelInputs/allowedFiles.ts';
import { createUploadTally } from '../../../sources/planning/plannedUploads.ts';
import { requestKey } from '../../../sources/planning/requestKey.ts';
import type { Plan } from '../../../types.ts';
import type { PlanSource } from '../recoveryRounds.ts';
import type { OpenRun, RunSettings } from '../settings.ts';
import { expectAllInside } from './expectInside.ts';

/** The parts of an open run that are compared with its stored plans. */
type Opened = Pick<OpenRun, 'config' | 'journal' | 'manifest' | 'isSaved' | 'isChosen'>;

/**
 * Checks plans that were read back from a run folder, before anything is created: the folder may
 * come from someone else. Each must be of a request, or at least of a model, that the journal
 * knows, may name only local files in the folder or those that `allowFiles` allows, and needs the
 * values of its secret inputs if it may have to be made. Emits `uploads.planned`. Rejects with
 * `UsageError`.
 */
export async function expectOwnPlans(
  plans: PlanSource,
  run: Opened,
  { allowFiles = [], secretInputs = {} }: Pick<RunSettings, 'allowFiles' | 'secretInputs'>,
): Promise<void> {
  await expectAllInside(run);
  const { folder, emit } = run.config;
  const models = run.journal.models();
  const uploads = createUploadTally();
  const given = new Set(Object.keys(secretInputs));
  for await (const plan of plans()) {
    for (const name of given) if (plan.input[name] === SECRET) given.delete(name);
    if (!run.isChosen(plan.index) || run.isSaved(plan)) continue;
    try {
      expectKnownRequest(plan, run, models);
      expectKnownSecrets(plan, run);
      for (const path of localFiles(plan)) expectAllowed(path, { folder, allowFiles });
    } catch (error) {
      throw atPlace(`${folder}, job #${plan.index + 1}`, error);
    }
    uploads.add(plan);
  }
  expectNoneLeft(given, folder);
  const total = uploads.total();
  if (total !== null) emit?.({ type: 'uploads.planned', ...total });
}

/** The key of a request covers its model, its inputs and the content of its files. */
function expectKnownRequest(
  plan: Plan,
  { journal }: Pick<OpenRun, 'journal'>,
  models: ReadonlySet<string>,
): void {
  if (models.has(plan.model)) return;
  if (journal.find(plan.index)?.key === plan.key && requestKey(plan) === plan.key) return;
  throw new UsageError(`Expected a model that the journal of this folder knows, got ${plan.model}`, {
    suggestion:
      'The folder may have been changed. Run the command that began it: it makes failed jobs too, from your own input.',
  });
}

/** Lists the files of this machine that a plan sends to the model, or draws on its renditions. */
function localFiles({ files = {}, renditions }: Plan): string[] {
  const sources = Object.values(files).map(({ source }) => source);
  const overlays = renditions.map(({ overlay }) => overlay?.file);
  return [...sources, ...overlays].flatMap((path) => (typeof path === 'string' ? [resolve(path)] : []));
}

/** Throws `UsageError` if a plan has to be made, and a secret of its request is not known. */
function expectKnownSecrets({ index, input, secrets }: Plan, { journal }: Pick<OpenRun, 'journal'>): void {
  const isMade = (journal.find(index)?.predictionId ?? null) !== null;
  if (!isMade) expectSecrets(input, secrets);
}

/** Throws `UsageError` if an input was given that no plan asks for. */
function expectNoneLeft(given: ReadonlySet<string>, folder: string): void {
  for (const name of given) {
    throw new UsageError(`Expected a secret input of a job in ${folder}, got \`${name}\``, {
      suggestion: 'The other inputs are stored in the folder. Run the command that began it to change them.',
    });
  }
}
