import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import { expect, it, onTestFinished } from 'vitest';
import { createOfflineProvider } from '../../../src/cli/batch/offline.ts';
import { createModelCache } from '../../../src/store/modelCache.ts';
import { SCHNELL, simulated } from '../../helpers/simulated.ts';

it('knows models as they were cached, else as they are simulated, else by name', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rxposure-offline-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const cache = createModelCache({ folder: join(folder, 'models'), baseUrl: 'replicate', now: () => 0 });
  const answer = { owner: 'mine', name: 'own', latest_version: { id: 'a'.repeat(64) } };
  await lastValueFrom(cache.write('mine/own', null, answer));
  const warnings: string[] = [];
  const provider = createOfflineProvider(await simulated(), {
    cacheFolder: folder,
    warn: (message) => warnings.push(message),
  });
  const find = (name: string) => firstValueFrom(provider.getModel(name));
  expect(await find('mine/own')).toMatchObject({ name: 'mine/own', latestVersion: 'a'.repeat(64) });
  expect((await find(SCHNELL)).schema?.properties).toHaveProperty('prompt');
  expect(warnings).toEqual([]);
  expect(await find('some/other')).toMatchObject({ name: 'some/other', schema: null });
  await find('some/other');
  expect(warnings).toEqual([
    'The inputs of some/other are not checked, and nor is its name: that needs a token.',
  ]);
  // The models of the simulator are not stored as Replicate's.
  expect(await firstValueFrom(cache.read(SCHNELL, null))).toBeNull();
  if (provider.identify !== undefined) expect(await firstValueFrom(provider.identify())).toBe('replicate');
});
