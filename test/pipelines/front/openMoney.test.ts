import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collect, createSession, type ImagesOptions, images, type Prompts } from '../../../src/index.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { readSpending } from '../../../src/store/spending/spendingDatabase.ts';
import { SCHNELL, simulated } from '../../helpers/simulated.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const promptsOf = (kind: string, count: number) => Array.from({ length: count }, (_, at) => `${kind} ${at}`);

/**
 * Leaves two predictions, of $0.01 each, open in a folder; returns the options of the next runs.
 */
async function leftOpen() {
  // Slow, so that none of them is final.
  const simulator = await simulated({ speed: 1 });
  const provider = createReplicateProvider({ ...simulator, service: 'replicate' });
  const spendingFile = join(folder(), 'spending.sqlite');
  const own = { model: SCHNELL, provider, priceUsd: 0.01, gallery: false, spendingFile };
  const options = { ...own, to: join(folder(), 'run') };
  await images(promptsOf('fox', 2), { ...options, detach: true });
  const madeBy = async (prompts: Prompts, changes: Partial<ImagesOptions>) => {
    const before = simulator.stats().created;
    const { totals, report } = await images(prompts, { ...options, ...changes });
    return { made: simulator.stats().created - before, totals, codes: report.errors.map(({ code }) => code) };
  };
  return { simulator, options, madeBy };
}

describe('money that an earlier run has reserved', () => {
  it('is not free for other prompts in the same folder', async () => {
    const { madeBy } = await leftOpen();
    const { made, codes } = await madeBy(promptsOf('owl', 2), { budgetUsd: 0.03, detach: true });
    expect(made).toBe(1);
    expect(codes).toContain('ERR_OVER_BUDGET');
  });

  it('is not free for the jobs of a choice', async () => {
    const { madeBy } = await leftOpen();
    const only = (index: number) => index >= 2;
    const { made } = await madeBy(promptsOf('fox', 4), { budgetUsd: 0.03, only, detach: true });
    expect(made).toBe(1);
  });

  it.each(['budgetUsd', 'budgetPerDayUsd'] as const)(
    'is not free for new jobs while its own are left to the service (%s)',
    async (limit) => {
      const { madeBy } = await leftOpen();
      const { made } = await madeBy(promptsOf('fox', 4), { [limit]: 0.03, detach: true });
      expect(made).toBe(1);
    },
  );

  it('counts for a session that has no room for it, too: it is paid', async () => {
    const { simulator, options } = await leftOpen();
    const session = createSession({ provider: options.provider, budgetUsd: 0.01 });
    await collect(options.to, {
      session,
      priceUsd: 0.01,
      gallery: false,
      spendingFile: options.spendingFile,
    });
    expect(session.spentUsd).toBeCloseTo(0.02);
    expect(simulator.stats().created).toBe(2);
    const sums = readSpending(options.spendingFile, (database) => database.sumOf('2'));
    expect(sums).toMatchObject({ spentMicroUsd: 20_000, heldMicroUsd: 0 });
  });
});
