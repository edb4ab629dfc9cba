import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../errors.ts';
import type { RefinementRound } from '../sinks/refinement/RefinementHistory.ts';
import { createRefinementRounds, type RefinementRoundsConfig } from './createRefinementRounds.ts';

export interface SoundRoundsConfig extends Omit<RefinementRoundsConfig, 'decided'> {
  /** Whether requests may have changed since. */
  mayDiffer: boolean;
}

/**
 * The rounds of an earlier run whose decisions still hold: up to the first that was cut short, that is beyond the last one wanted,
 * or whose pictures are now made from other requests. Rejects with `UsageError` where a picture is gone that others are made from.
 */
export async function soundRounds(
  rounds: readonly RefinementRound[],
  { mayDiffer, ...parts }: SoundRoundsConfig,
): Promise<readonly RefinementRound[]> {
  const sound: RefinementRound[] = [];
  for (const round of rounds.slice(0, parts.spec.rounds + 1)) {
    if (!round.decided) break;
    if (mayDiffer && !(await isMadeAlike(round, { ...parts, decided: sound }))) break;
    await expectParents(round, parts.run.config.folder);
    sound.push(round);
  }
  return sound;
}

async function isMadeAlike(round: RefinementRound, config: RefinementRoundsConfig): Promise<boolean> {
  const keys = new Map(round.candidates.map(({ index, key }) => [index, key]));
  for await (const { index, key } of createRefinementRounds(config).plansOf(round.round)) {
    const known = keys.get(index);
    if (known !== undefined && known !== key) return false;
  }
  return true;
}

async function expectParents({ candidates }: RefinementRound, folder: string): Promise<void> {
  for (const { index, path, kept } of candidates) {
    if (!kept || path === null) continue;
    await access(join(folder, path)).catch((cause: unknown) => {
      throw new UsageError(
        `Expected the picture of job #${index + 1} in ${join(folder, path)}, got no file`,
        {
          suggestion:
            'Others are made from it: put it back, or give another folder with --out, where all is made anew.',
          cause,
        },
      );
    });
  }
}
