import { expect, it } from 'vitest';
import { describeFleet } from '../helpers/describeFleet.ts';
import { newDatabase } from '../helpers/postgres.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';
import { runFleet } from './fleet/runFleet.ts';
import { onlyKills } from './workloads/profiles.ts';

describeFleet('a fleet', () => {
  const folder = temporaryFolder();

  it('whose workers are killed loses nothing, pays nothing twice, and keeps to slots and budget', async () => {
    const report = await runFleet({
      ...{ folder: folder(), url: await newDatabase(), name: 'kills', seed: 3, workload: onlyKills },
      prompts: 40,
      affordable: 30,
      perMinute: 300,
      blows: { kills: 20 },
      betweenMs: [100, 500],
    });
    expect(report).toMatchObject({ problems: [], lost: 0, paidTwice: 0, made: 30 });
    // Some wait for their moment until the run is over.
    expect(report.struck.kills).toBeGreaterThanOrEqual(10);
  }, 180_000);
});
