import { lastValueFrom } from 'rxjs';
import { expect, it } from 'vitest';
import type { ModelCache } from '../../../src/ports.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { createModelCache } from '../../../src/store/modelCache.ts';
import { localServer, sendJson } from '../../helpers/localServer.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const hourMs = 3_600_000;
const version = 'f'.repeat(64);
const inputs = { Input: { properties: { prompt: { type: 'string' } }, required: ['prompt'] } };
const answer = { latest_version: { id: version, openapi_schema: { components: { schemas: inputs } } } };

/**
 * A service that has a model, a clock, and providers that share a cache, as runs after each other
 * do.
 */
async function service() {
  const state = { nowMs: 1_700_000_000_000, status: 200, warnings: [] as string[] };
  const { url, requests } = await localServer(({ url: path }, response) => {
    const body = path.includes('/versions/') ? answer.latest_version : answer;
    sendJson(response, state.status, state.status === 200 ? body : { detail: 'no', status: state.status });
  });
  const provider = (config: { modelMaxAgeMs?: number; modelCache?: ModelCache } = {}) =>
    createReplicateProvider({
      token: 'r8_secretsecretsecret',
      baseUrl: `${url}/v1`,
      now: () => state.nowMs,
      onWarning: (message) => state.warnings.push(message),
      modelCache: createModelCache({ folder: folder(), baseUrl: url, now: () => state.nowMs }),
      ...config,
    });
  const find = (config = {}, pinned: string | null = null) =>
    lastValueFrom(provider(config).getModel('owner/name', pinned));
  return { state, requests, provider, find };
}

it('asks once an hour, over runs', async () => {
  const { state, requests, find } = await service();
  const asked = await find();
  expect(await find()).toEqual(asked);
  state.nowMs += hourMs - 1;
  expect(await find()).toEqual(asked);
  expect(requests).toHaveLength(1);
  state.nowMs += 1;
  await find();
  expect(requests).toHaveLength(2);
  expect(asked.schema?.required).toEqual(['prompt']);
});

it('asks about one version of a model only once, since it never changes', async () => {
  const { state, requests, find } = await service();
  await find({}, version);
  state.nowMs += 1_000 * hourMs;
  await find({}, version);
  expect(requests).toHaveLength(1);
  await find();
  expect(requests).toHaveLength(2);
});

it('asks again if nothing may be old, or was stored in the future', async () => {
  const { state, requests, find } = await service();
  await find();
  await find({ modelMaxAgeMs: 0 });
  expect(requests).toHaveLength(2);
  state.nowMs -= 60_000;
  await find();
  expect(requests).toHaveLength(3);
});

it('uses an old response if the service has none, and warns', async () => {
  const { state, find } = await service();
  const asked = await find();
  state.nowMs += 2 * hourMs;
  state.status = 503;
  expect(await find()).toEqual(asked);
  expect(state.warnings).toEqual([
    expect.stringMatching(/^Using the schema of owner\/name stored on 2023-11-14 22:13 UTC, because .* 503/),
  ]);
});

it('does not use the cache after a refusal', async () => {
  const { state, find } = await service();
  await find();
  state.nowMs += 2 * hourMs;
  state.status = 404;
  await expect(find()).rejects.toMatchObject({ status: 404 });
  state.status = 401;
  await expect(find()).rejects.toMatchObject({ status: 401 });
});

it('forgets a model whose input was refused although it fitted', async () => {
  const { state, requests, find, provider } = await service();
  await find();
  state.status = 422;
  const request = { model: 'owner/name', version: null, input: { prompt: 'a' } };
  const created = lastValueFrom(provider().createPrediction(request, { waitMs: 0 }));
  await expect(created).rejects.toMatchObject({ status: 422 });
  state.status = 200;
  await find();
  expect(requests.map(({ method }) => method)).toEqual(['GET', 'POST', 'GET']);
});

it('runs a community model of the cache by its version, as if it had just been asked for', async () => {
  const { state, requests, find, provider } = await service();
  await find();
  const later = provider();
  await lastValueFrom(later.getModel('owner/name'));
  state.status = 404;
  const request = { model: 'owner/name', version: null, input: { prompt: 'a' } };
  await expect(lastValueFrom(later.createPrediction(request, { waitMs: 0 }))).rejects.toThrow('404');
  expect(requests.map(({ url }) => url)).toEqual([
    '/v1/models/owner/name',
    '/v1/models/owner/name/predictions',
    '/v1/predictions',
  ]);
});
