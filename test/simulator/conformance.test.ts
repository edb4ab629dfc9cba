import { expect, it } from 'vitest';
import { faultsOf, operationOf, operations } from '../helpers/conformance.ts';
import { type Call, call, SCHNELL, simulated } from '../helpers/simulated.ts';

/** Not simulated: changes of models and deployments, and trainings. */
const LEFT_OUT = [
  /^(GET|POST|PATCH|DELETE) \/deployments(\/\{deployment_owner\}\/\{deployment_name\})?$/,
  /trainings/,
  /^POST \/models$/,
  /^(PATCH|DELETE) \/models\/\{model_owner\}\/\{model_name\}$/,
  /^DELETE \/models\/.*\/versions/,
];

it('implements every operation of the OpenAPI document that concerns predictions', async () => {
  const simulator = await simulated();
  const input = { prompt: 'a red fox' };
  const { body: model } = await call(simulator, `/models/${SCHNELL}`);
  const { body: prediction } = await call(simulator, '/predictions', { body: { version: SCHNELL, input } });
  const form = new FormData();
  form.set('content', new Blob(['fox'], { type: 'image/png' }), 'fox.png');
  const headers = { authorization: `Bearer ${simulator.token}` };
  const uploaded = await fetch(`${simulator.baseUrl}/files`, { method: 'POST', headers, body: form });
  const file = JSON.parse(await uploaded.text());
  expect(faultsOf({ method: 'POST', url: uploaded.url, status: uploaded.status, body: file })).toEqual([]);
  const calls: [string, Call?][] = [
    ['/account'],
    ['/collections'],
    ['/collections/text-to-image'],
    [`/deployments/${SCHNELL}/predictions`, { body: { input } }],
    ['/files'],
    [`/files/${file.id}`],
    [`/files/${file.id}/download?owner=o&expiry=1&signature=x`],
    [`/files/${file.id}`, { method: 'DELETE' }],
    ['/hardware'],
    ['/models'],
    ['/models', { method: 'QUERY', body: 'flux', headers: { 'content-type': 'text/plain' } }],
    [`/models/${SCHNELL}`],
    [`/models/${SCHNELL}/examples`],
    [`/models/${SCHNELL}/predictions`, { body: { input }, headers: { prefer: 'wait' } }],
    [`/models/${SCHNELL}/readme`],
    [`/models/${SCHNELL}/versions`],
    [`/models/${SCHNELL}/versions/${model.latest_version.id}`],
    ['/predictions'],
    ['/predictions', { body: { version: SCHNELL, input } }],
    [`/predictions/${prediction.id}`],
    [`/predictions/${prediction.id}/cancel`, { method: 'POST' }],
    ['/search?query=nano+banana'],
    ['/webhooks/default/secret'],
  ];
  const seen = new Set(['POST /files']);
  for (const [path, options = {}] of calls) {
    const method = options.method ?? (options.body === undefined ? 'GET' : 'POST');
    const { status } = await call(simulator, path, options);
    // The document of the download includes the response to a wrong signature.
    expect(path.includes('signature=') ? 404 : Math.floor(status / 100)).toBe(
      path.includes('signature=') ? status : 2,
    );
    seen.add(operationOf({ method, url: `/v1${path}` }) ?? path);
  }
  expect([...seen].sort()).toEqual(
    operations.filter((operation) => !LEFT_OUT.some((pattern) => pattern.test(operation))).sort(),
  );
});

it('notices a response that differs from the document', async () => {
  const simulator = await simulated();
  const { body } = await call(simulator, `/models/${SCHNELL}/predictions`, {
    body: { input: { prompt: 'a red fox' } },
  });
  const response = { method: 'GET', url: `/v1/predictions/${body.id}`, status: 200 };
  expect(faultsOf({ ...response, body })).toEqual([]);
  expect(faultsOf({ ...response, body: { ...body, status: 'done' } })).toHaveLength(1);
  expect(faultsOf({ ...response, body: { ...body, created_at: 'today', urls: {} } })).toHaveLength(4);
});

it('returns data: URLs with `outputs: data`, and counts them as outputs', async () => {
  const simulator = await simulated({ outputs: 'data' });
  const { body } = await call(simulator, `/models/${SCHNELL}/predictions`, {
    body: { input: { prompt: 'a red fox', num_outputs: 2, output_format: 'png' } },
    headers: { prefer: 'wait' },
  });
  expect(body.metrics.image_count).toBe(2);
  for (const url of body.output) expect(url).toMatch(/^data:image\/png;base64,iVBOR/);
});
