import { firstValueFrom, lastValueFrom, of } from 'rxjs';
import { expect, it, onTestFinished } from 'vitest';
import { type ProviderError, UsageError } from '../../../src/errors.ts';
import { createCogProvider } from '../../../src/providers/cog/cogProvider.ts';
import { createWebhookReceiver } from '../../../src/providers/replicate/webhookReceiver.ts';
import { outputUrls } from '../../../src/providers/wire/output.ts';
import { type CogSimulatorConfig, type Fault, startCogSimulator } from '../../../src/simulator/index.ts';
import type { PredictionRequest } from '../../../src/types.ts';
import { fakeGovernor } from '../../helpers/fakeProvider.ts';
import { localServer, sendJson } from '../../helpers/localServer.ts';
import { alone } from '../../helpers/oneItem.ts';

const request: PredictionRequest = {
  model: 'black-forest-labs/flux-schnell',
  version: null,
  input: { prompt: 'a red fox', seed: 3 },
};

async function container(config: CogSimulatorConfig = {}) {
  const simulator = await startCogSimulator({ speed: 100, render: 'fast', medianMs: 500, ...config });
  onTestFinished(() => simulator.close());
  return { simulator, provider: createCogProvider({ baseUrl: `${simulator.baseUrl}/`, pauseMs: 5 }) };
}

function once(fault: Fault): () => Fault | null {
  let left = 1;
  return () => (left-- > 0 ? fault : null);
}

const errorOf = (promise: Promise<unknown>): Promise<ProviderError> =>
  promise.then(
    () => expect.unreachable('Expected an error'),
    (error) => error,
  );

it('creates with one request, whose response has the whole output', async () => {
  const { simulator, provider } = await container();
  const prediction = await lastValueFrom(provider.createPrediction(request, { waitMs: 0 }));
  expect(prediction).toMatchObject({
    id: expect.stringMatching(/^[a-z2-7]{26}$/),
    model: request.model,
    input: request.input,
    status: 'succeeded',
    outputComplete: true,
  });
  expect(outputUrls(prediction.output)).toEqual([expect.stringMatching(/^data:image\/webp;base64,/)]);
  expect(simulator.stats()).toMatchObject({ created: 1, requests: { create: 1 } });
});

it('sends the same PUT again if its response is lost, and never has two runs at once', async () => {
  const { simulator, provider } = await container({
    slots: 2,
    faults: { afterCreate: once({ type: 'reset' }) },
  });
  const prediction = await lastValueFrom(provider.createPrediction(request, { waitMs: 0 }));
  expect(prediction.status).toBe('succeeded');
  expect(simulator.stats()).toMatchObject({ created: 2, canceled: 1, succeeded: 1, maxInFlight: 1 });
});

it('joins a run whose response was lost, and waits for its end', async () => {
  const ids: string[] = [];
  const { url, requests } = await localServer(({ method, url: path }, response, count) => {
    if (method === 'GET') return sendJson(response, 200, { status: 'READY' });
    ids.push(path);
    if (count === 2) return response.destroy();
    sendJson(
      response,
      count === 3 ? 202 : 200,
      count === 3 ? { status: 'processing' } : { status: 'succeeded', output: 'x' },
    );
  });
  const prediction = await lastValueFrom(
    createCogProvider({ baseUrl: url, pauseMs: 5 }).createPrediction(request, { waitMs: 0 }),
  );
  expect(prediction).toMatchObject({ status: 'succeeded', output: 'x' });
  expect([requests.length, new Set(ids).size]).toEqual([4, 1]);
  expect(ids[0]).toBe(`/predictions/${prediction.id}`);
});

it('waits for a full container', async () => {
  const { simulator, provider } = await container({ medianMs: 6_000_000 });
  const first = provider.createPrediction(request, { waitMs: 0 }).subscribe();
  await expect.poll(() => simulator.stats().created).toBe(1);
  const error = await errorOf(lastValueFrom(provider.createPrediction(request, { waitMs: 0 })));
  expect(error).toMatchObject({ status: 429, retryAfterMs: 1_000, tookEffect: 'no', recoverable: true });
  first.unsubscribe();
  await expect.poll(() => simulator.stats().canceled).toBe(1);
});

it('works under createPrediction, which waits for a slot', async () => {
  const { simulator, provider } = await container();
  const governor = fakeGovernor(() => of(undefined));
  const jobs = [1, 2, 3].map((seed) =>
    lastValueFrom(
      of({ ...request, input: { prompt: 'a red fox', seed } }).pipe(
        alone.createPrediction(provider, { governor }),
      ),
    ),
  );
  const made = await Promise.all(jobs);
  expect(made.map(({ status }) => status)).toEqual(['succeeded', 'succeeded', 'succeeded']);
  expect(simulator.stats()).toMatchObject({ created: 3, maxInFlight: 1 });
});

it('does not run a model before its setup', async () => {
  const { simulator, provider } = await container({ setupMs: 6_000_000 });
  const error = await errorOf(lastValueFrom(provider.createPrediction(request, { waitMs: 0 })));
  expect(error).toMatchObject({ code: 'ERR_NOT_READY', recoverable: true, stopsRun: false });
  expect(simulator.stats().requests.create).toBe(0);
  const { url } = await localServer((_request, response) =>
    sendJson(response, 200, { status: 'SETUP_FAILED' }),
  );
  const broken = createCogProvider({ baseUrl: url }).createPrediction(request, { waitMs: 0 });
  expect(await errorOf(lastValueFrom(broken))).toMatchObject({ code: 'ERR_NOT_READY', stopsRun: true });
});

it('names the fault of an input', async () => {
  const { provider } = await container();
  const wrong = { ...request, input: { prompt: 'a red fox', num_outputs: 9 } };
  const error = await errorOf(lastValueFrom(provider.createPrediction(wrong, { waitMs: 0 })));
  expect(error).toMatchObject({ code: 'ERR_INVALID_INPUT', status: 422, tookEffect: 'no' });
  expect(error.message).toContain('body.input.num_outputs: Must be less than or equal to 4');
});

it('cancels a run that takes too long', async () => {
  const { simulator, provider } = await container({ medianMs: 6_000_000 });
  const created = provider.createPrediction(request, { waitMs: 0, timeoutMs: 60, cancelAfterMs: 600_000 });
  expect(await lastValueFrom(created)).toMatchObject({ status: 'canceled', output: null });
  await expect.poll(() => simulator.stats()).toMatchObject({ canceled: 1, inFlight: 0 });
});

it('passes the error of a health check without a response on', async () => {
  const { url } = await localServer(() => {});
  const provider = createCogProvider({ baseUrl: url, requestTimeoutMs: 30 });
  const error = await errorOf(lastValueFrom(provider.createPrediction(request, { waitMs: 0 })));
  expect(error).toMatchObject({ code: 'ERR_REQUEST_TIMEOUT', tookEffect: 'no' });
});

it('is notified of the end by an unsigned webhook too', async () => {
  const { provider } = await container();
  const event = await new Promise((resolve) => {
    const receiver = createWebhookReceiver({ unsigned: true }).subscribe(({ url, events }) => {
      firstValueFrom(events).then(({ prediction, query }) => resolve({ status: prediction.status, query }));
      provider.createPrediction(request, { waitMs: 0, webhookUrl: `${url}?job=1` }).subscribe();
    });
    onTestFinished(() => receiver.unsubscribe());
  });
  expect(event).toEqual({ status: 'succeeded', query: { job: '1' } });
});

it('knows the inputs of its model, and no predictions', async () => {
  const { provider } = await container();
  const model = await lastValueFrom(provider.getModel(request.model));
  expect(model).toMatchObject({ name: request.model, latestVersion: null, schema: { required: ['prompt'] } });
  expect(await lastValueFrom(provider.listPredictions({ createdAfterMs: 0 }))).toEqual({
    predictions: [],
    next: null,
    isCurrent: true,
  });
  const error = await errorOf(lastValueFrom(provider.getPrediction('x')));
  expect(error).toMatchObject({ status: 404, recoverable: false });
  expect(await errorOf(lastValueFrom(provider.cancelPrediction('x')))).toMatchObject({ status: 404 });
});

it('throws for an address that is none', () => {
  expect(() => createCogProvider({ baseUrl: 'localhost:5000' })).toThrow(UsageError);
});

it('refuses wrong options, but takes a simulator as it is', async () => {
  const { simulator } = await container();
  expect(createCogProvider(simulator)).toMatchObject({ isLocal: true });
  const refused = (config: object) => () => createCogProvider({ ...simulator, ...config });
  expect(refused({ runTimeout: 5 })).toThrow('There is no option `runTimeout`.');
  expect(refused({ pauseMs: -1 })).toThrow('Expected `pauseMs` to be a number of 0 or more, got -1');
  expect(refused({ baseUrl: undefined })).toThrow('Expected `baseUrl` to be a text, got undefined');
});
