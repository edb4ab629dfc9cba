import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { takeScratch } from '../../../src/fleet/bucket/scratch.ts';
import { openFolders } from '../../../src/fleet/worker/partFolder.ts';
import { createWorkerGates } from '../../../src/fleet/worker/runOfWorker.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();

it('gives each worker a scratch folder of its own, which is empty', async () => {
  await mkdir(join(folder(), 'worker-1', '7'), { recursive: true });
  await writeFile(join(folder(), 'worker-1', '7', 'left.png'), 'x');
  const first = await takeScratch(folder());
  const second = await takeScratch(folder());
  expect([first.path, second.path]).toEqual([join(folder(), 'worker-1'), join(folder(), 'worker-2')]);
  expect(existsSync(join(first.path, '7'))).toBe(false);
  await writeFile(join(first.path, 'a.png'), 'x');
  await first.release();
  expect(existsSync(first.path)).toBe(false);
  const third = await takeScratch(folder());
  expect(third.path).toBe(first.path);
  await Promise.all([second.release(), third.release()]);
});

it('leaves a run to others if this worker has no folder for its files', async () => {
  const gates = createWorkerGates(1);
  const bucket = { url: 's3://pictures/night', claim: 'c' };
  await expect(openFolders(1, { folder: 'night', bucket: null, gallery: false }, { gates })).rejects.toThrow(
    'this worker has none',
  );
  await expect(openFolders(1, { folder: null, bucket, gallery: false }, { gates })).rejects.toThrow(
    'no scratch folder',
  );
});
