import { lastValueFrom, type Observable, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Provider } from '../../src/ports.ts';
import { createCogProvider } from '../../src/providers/cog/cogProvider.ts';
import { createReplicateProvider } from '../../src/providers/replicate/replicateProvider.ts';
import { inputFile } from '../../src/sources/modelInputs/inputFile.ts';
import { localServer, predictionAnswer } from '../helpers/localServer.ts';

const token = 'r8_S3cr3tT0kenS3cr3tT0ken';
const other = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const forms = [token, other, encodeURIComponent(other), btoa(token)];
/** A text that repeats the credentials in all forms. */
const leak = `a ${forms.join(' b ')} c`;
const request = { model: 'owner/name', version: null, input: { prompt: 'a cat' } };

const leakyPrediction = {
  ...predictionAnswer,
  input: { prompt: 'a cat', note: leak, [leak]: 1 },
  output: [`https://files.example/1.png?t=${token}`, { text: leak }],
  error: leak,
  logs: leak,
  metrics: { predict_time: 1, note: leak },
  webhook: `https://hooks.example/?t=${token}`,
};
const leakyModel = {
  is_official: true,
  latest_version: {
    id: leak,
    openapi_schema: {
      components: {
        schemas: { Input: { properties: { prompt: { type: 'string', description: leak, default: leak } } } },
      },
    },
  },
};
const leakyFile = { urls: { get: `https://files.example/${token}` } };

/** Runs a call of a provider against a service that always sends this body. */
async function callWith(
  body: unknown,
  call: (provider: Provider) => Observable<unknown>,
  connect: (baseUrl: string) => Provider = (baseUrl) =>
    createReplicateProvider({ token, baseUrl, secrets: [other] }),
): Promise<string> {
  const { url } = await localServer((_request, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
  );
  return JSON.stringify(await lastValueFrom(call(connect(url))));
}

const file = await inputFile(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'a.svg');

describe('credentials that the service sends back with 2xx', () => {
  it.each<[string, unknown, (provider: Provider) => Observable<unknown>]>([
    ['create', leakyPrediction, (provider) => provider.createPrediction(request, { waitMs: 0 })],
    ['get', leakyPrediction, (provider) => provider.getPrediction('p1')],
    ['cancel', leakyPrediction, (provider) => provider.cancelPrediction('p1')],
    [
      'list',
      { results: [leakyPrediction], next: `/v1/predictions?cursor=${token}` },
      (provider) => provider.listPredictions({ createdAfterMs: 0 }),
    ],
    ['model', leakyModel, (provider) => provider.getModel('owner/name')],
    ['version', leakyModel.latest_version, (provider) => provider.getModel('owner/name', 'a'.repeat(64))],
    ['upload', leakyFile, (provider) => provider.uploadFile?.(file) ?? expect.fail()],
  ])('are replaced: %s', async (_name, body, call) => {
    const received = await callWith(body, call);
    for (const form of forms) expect(received).not.toContain(form);
    expect(received).toContain('[token]');
  });

  it('are replaced in what a cache of models stores', async () => {
    const stored: unknown[] = [];
    const modelCache = {
      read: () => of(null),
      write: (_name: string, _version: string | null, answer: unknown) => {
        stored.push(answer);
        return of(undefined);
      },
      forget: () => of(undefined),
    };
    await callWith(
      leakyModel,
      (provider) => provider.getModel('owner/name'),
      (baseUrl) => createReplicateProvider({ token, baseUrl, modelCache }),
    );
    expect(JSON.stringify(stored)).toContain('[token]');
    expect(JSON.stringify(stored)).not.toContain(token);
  });

  it('are replaced for a container, which may print its environment', async () => {
    const connect = (baseUrl: string) => createCogProvider({ baseUrl, secrets: [token, other] });
    const create = (provider: Provider) => provider.createPrediction(request, { waitMs: 0 });
    const ready = { status: 'READY' };
    const { url } = await localServer(({ url: path }, response) =>
      response.end(JSON.stringify(path === '/health-check' ? ready : leakyPrediction)),
    );
    const prediction = JSON.stringify(await lastValueFrom(create(connect(url))));
    for (const form of forms) expect(prediction).not.toContain(form);
    expect(prediction).toContain('[token]');
  });
});
