import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { describeFleet } from '../helpers/describeFleet.ts';
import { newDatabase } from '../helpers/postgres.ts';
import { packPackage } from './packPackage.ts';

describeFleet('the package as npm publishes it', () => {
  it('starts workers of its own', { timeout: 300_000 }, async () => {
    const { project, root } = await packPackage();
    const folder = await mkdtemp(join(project, 'fleet-'));
    try {
      await writeFile(join(folder, 'p.txt'), 'a red fox\nan owl\n');
      const words = ['fleet', '--local', '2', 'p.txt', '--simulate=1000', '--out', 'shared/out'];
      const { stdout, stderr } = await promisify(execFile)(
        process.execPath,
        [join(root, 'dist/cli/bin/rxposure.js'), ...words],
        {
          cwd: folder,
          env: { ...process.env, NODE_OPTIONS: '', DATABASE_URL: await newDatabase(), RXPOSURE_QUEUE: '' },
        },
      );
      expect(`${stdout}${stderr}`).toContain('2 of 2 jobs saved');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
