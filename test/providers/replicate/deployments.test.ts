import { lastValueFrom } from 'rxjs';
import { expect, it } from 'vitest';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { localServer, predictionAnswer, sendJson } from '../../helpers/localServer.ts';
import { call, SCHNELL, simulated } from '../../helpers/simulated.ts';

const foxes = 'deployments/acme/foxes';
const version = 'f'.repeat(64);
const schema = {
  components: {
    schemas: {
      Input: { type: 'object', required: ['prompt'], properties: { prompt: { type: 'string' } } },
    },
  },
};
const connect = (url: string) =>
  createReplicateProvider({ token: 'r8_secretsecretsecret', baseUrl: `${url}/v1` });

it('sends create requests to the deployment, in the same way as to a model', async () => {
  const { url, requests } = await localServer((_request, response) =>
    sendJson(response, 201, { ...predictionAnswer, model: 'acme/red-foxes', deployment: 'acme/foxes' }),
  );
  const request = { model: foxes, version: null, input: { prompt: 'a cat' } };
  const options = { waitMs: 60_000, cancelAfterMs: 630_000, webhookUrl: 'https://example.com/hook' };
  const prediction = await lastValueFrom(connect(url).createPrediction(request, options));
  expect(prediction.model).toBe(foxes);
  expect(requests).toHaveLength(1);
  expect(requests[0]).toMatchObject({
    method: 'POST',
    url: '/v1/deployments/acme/foxes/predictions',
    headers: { prefer: 'wait=60', 'cancel-after': '630s' },
  });
  expect(JSON.parse(requests[0]?.body ?? '')).toEqual({
    input: { prompt: 'a cat' },
    webhook: 'https://example.com/hook',
    webhook_events_filter: ['completed'],
  });
});

it('reads the schema of the version that a deployment runs', async () => {
  const { url } = await localServer(({ url: path }, response) => {
    if (path === '/v1/deployments/acme/foxes')
      return sendJson(response, 200, { current_release: { model: 'acme/red-foxes', version } });
    expect(path).toBe(`/v1/models/acme/red-foxes/versions/${version}`);
    return sendJson(response, 200, { id: version, openapi_schema: schema });
  });
  expect(await lastValueFrom(connect(url).getModel(foxes))).toMatchObject({
    name: foxes,
    schema: { required: ['prompt'] },
  });
});

it.each([403, 404])('runs a deployment whose lookup responds with %i, without a schema', async (status) => {
  const { url } = await localServer((_request, response) =>
    sendJson(response, status, { detail: 'not for you', status }),
  );
  expect(await lastValueFrom(connect(url).getModel(foxes))).toEqual({
    name: foxes,
    latestVersion: null,
    isOfficial: null,
    schema: null,
  });
});

it('is simulated: every model is deployed under its own name', async () => {
  const simulator = await simulated();
  const provider = createReplicateProvider(simulator);
  const model = `deployments/${SCHNELL}`;
  expect((await lastValueFrom(provider.getModel(model))).schema?.required).toEqual(['prompt']);
  const input = { prompt: 'a cat' };
  const made = await lastValueFrom(
    provider.createPrediction({ model, version: null, input }, { waitMs: 9_000 }),
  );
  expect(made).toMatchObject({ model, input });
  const { body } = await call(simulator, '/predictions');
  expect(body.results).toMatchObject([{ model: SCHNELL, deployment: SCHNELL }]);
});
