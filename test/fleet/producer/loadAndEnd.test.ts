import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadAndEnd } from '../../../bench/fleet/million.ts';
import { describeFleet } from '../../helpers/describeFleet.ts';
import { newDatabase } from '../../helpers/postgres.ts';
import { simulated } from '../../helpers/simulated.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const root = temporaryFolder();

describeFleet('the bench of a fleet', () => {
  it('loads a run, ends it as workers do, and lets the command write its manifest', async () => {
    const { baseUrl, token } = await simulated();
    const env = { REPLICATE_BASE_URL: baseUrl, REPLICATE_API_TOKEN: token };
    const done = await loadAndEnd(60, { folder: join(root(), 'bench'), url: await newDatabase(), env });
    expect(done.prompts).toBe(60);
    // An outcome takes some 800 bytes.
    expect(done.manifestMb).toBeGreaterThan(0.03);
    // Too few to be entered before the last image is made.
    const { enterS: _enter, enterCpuS: _cpu, ...figures } = done;
    for (const figure of Object.values(figures)) expect(figure).toBeGreaterThan(0);
  });
});
