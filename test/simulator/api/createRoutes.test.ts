import { expect, it } from 'vitest';
import { call, create, finished, SCHNELL, simulated } from '../../helpers/simulated.ts';

const input = { prompt: 'a red fox' };
const SDXL = 'stability-ai/sdxl';

it('responds to an asynchronous create request at once, with a location', async () => {
  const simulator = await simulated({ slots: 1, medianMs: 6_000_000 });
  await create(simulator, {}, {});
  const { status, headers, body } = await create(simulator, { seed: 7 }, {});
  expect(status).toBe(201);
  expect(body).toMatchObject({
    model: SCHNELL,
    version: 'hidden',
    input: { ...input, seed: 7 },
    output: null,
    data_removed: false,
    error: null,
    status: 'starting',
    source: 'api',
    urls: {
      get: `${simulator.baseUrl}/predictions/${body.id}`,
      cancel: `${simulator.baseUrl}/predictions/${body.id}/cancel`,
      web: `https://replicate.com/p/${body.id}`,
    },
  });
  expect(body.id).toMatch(/^[0-9a-z]{26}$/);
  expect(body.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/);
  expect(headers.get('location')).toBe(body.urls.get);
  expect(body).not.toHaveProperty('completed_at');
  expect(body).not.toHaveProperty('metrics');
});

it('runs official models by name on both endpoints', async () => {
  const simulator = await simulated();
  const byPath = await create(simulator);
  const byVersion = await call(simulator, '/predictions', {
    body: { version: SCHNELL, input },
    headers: { prefer: 'wait' },
  });
  expect([byPath.status, byVersion.status]).toEqual([201, 201]);
  expect([byPath.body.status, byVersion.body.status]).toEqual(['succeeded', 'succeeded']);
  expect(byPath.body.id).not.toBe(byVersion.body.id);
});

it('runs community models by version only', async () => {
  const simulator = await simulated();
  const { body: model } = await call(simulator, `/models/${SDXL}`);
  const version = model.latest_version.id;
  const createWith = (reference: string) =>
    call(simulator, '/predictions', { body: { version: reference, input }, headers: { prefer: 'wait' } });
  const answers = await Promise.all([createWith(version), createWith(`${SDXL}:${version}`)]);
  expect(answers.map(({ status, body }) => [status, body.version])).toEqual([
    [201, version],
    [201, version],
  ]);
  const [byName, unknown, byPath] = await Promise.all([
    createWith(SDXL),
    createWith('0'.repeat(64)),
    call(simulator, `/models/${SDXL}/predictions`, { body: { input } }),
  ]);
  expect([byName.status, unknown.status, byPath.status]).toEqual([422, 422, 404]);
  expect(byName.body).toMatchObject({ title: 'Invalid version or not permitted', status: 422 });
  expect(byPath.body).not.toHaveProperty('title');
});

it('runs deployments', async () => {
  const simulator = await simulated();
  const { status, body } = await call(simulator, `/deployments/${SCHNELL}/predictions`, { body: { input } });
  expect(status).toBe(201);
  expect(await finished(simulator, body.id)).toMatchObject({ status: 'succeeded' });
  const unknown = await call(simulator, '/deployments/no/body/predictions', { body: { input } });
  expect(unknown.status).toBe(404);
});

it.each([
  ['an unknown field', { input, lifetime: '1h' }, 'additional_property_not_allowed', ''],
  ['no input', {}, 'required', ''],
  ['a missing required input', { input: {} }, 'required', 'input'],
  [
    'a word that is not in the list',
    { input: { ...input, aspect_ratio: '7:5' } },
    'enum',
    'input.aspect_ratio',
  ],
  ['a wrong type', { input: { ...input, seed: 'x' } }, 'invalid_type', 'input.seed'],
  ['too small a number', { input: { ...input, num_outputs: 0 } }, 'number_gte', 'input.num_outputs'],
  ['too large a number', { input: { ...input, num_outputs: 5 } }, 'number_lte', 'input.num_outputs'],
  ['a version on the models endpoint', { version: SCHNELL, input }, 'additional_property_not_allowed', ''],
])('refuses %s with 422 and its field', async (_name, body, type, field) => {
  const simulator = await simulated();
  const answer = await call(simulator, `/models/${SCHNELL}/predictions`, { body });
  expect(answer.status).toBe(422);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(answer.body).toMatchObject({ title: 'Input validation failed', status: 422 });
  expect(answer.body.invalid_fields).toEqual([{ type, field, description: expect.any(String) }]);
  expect(answer.body.detail).toMatch(/^- .*\n$/);
  expect(simulator.stats().created).toBe(0);
});

it('refuses a create request without a version', async () => {
  const simulator = await simulated();
  const { status, body } = await call(simulator, '/predictions', { body: { input } });
  expect(status).toBe(422);
  expect(body.detail).toBe('- version is required\n');
});

it('refuses bodies that are not JSON or too large', async () => {
  const simulator = await simulated();
  const path = `/models/${SCHNELL}/predictions`;
  expect((await call(simulator, path, { body: '{' })).status).toBe(400);
  const large = await call(simulator, path, { body: { input: { prompt: 'x'.repeat(20_000_001) } } });
  expect(large.status).toBe(413);
  expect(large.body).not.toHaveProperty('title');
});

it('cancels a running prediction at its deadline', async () => {
  const simulator = await simulated({ medianMs: 100_000, sigma: 0 });
  const { body } = await create(simulator, {}, { 'cancel-after': '5' });
  // As a service at normal speed shows it.
  expect(Date.parse(body.deadline) - Date.parse(body.created_at)).toBe(5_000);
  expect(await finished(simulator, body.id)).toMatchObject({ status: 'canceled', output: null });
});

it('aborts a prediction that has not started by its deadline', async () => {
  const simulator = await simulated({ slots: 1, medianMs: 600_000, sigma: 0 });
  await create(simulator, {}, {});
  const { body } = await create(simulator, {}, { 'cancel-after': '5' });
  const ended = await finished(simulator, body.id);
  expect(ended).toMatchObject({ status: 'aborted', output: null, metrics: { predict_time: 0 } });
  expect(ended).not.toHaveProperty('started_at');
  expect(simulator.stats()).toMatchObject({ aborted: 1, billedMicroUsd: 0 });
});

it.each(['4', '4s', 'soon', '', '-5'])('refuses `Cancel-After: %s`', async (value) => {
  const simulator = await simulated();
  expect((await create(simulator, {}, { 'cancel-after': value })).status).toBe(422);
});

it('stops at the end of the credit', async () => {
  const simulator = await simulated({ creditUsd: 0.002 });
  expect((await create(simulator)).status).toBe(201);
  const { status, body } = await create(simulator);
  // 402 comes only if the rate limit accepts the call: with low credit the burst is one.
  expect([402, 429]).toContain(status);
  const broke = await simulated({ creditUsd: 0 });
  const refused = await create(broke);
  expect(refused.status).toBe(402);
  expect(refused.body).toMatchObject({ title: 'Insufficient credit', status: 402 });
  expect(body.detail).toBeTypeOf('string');
});
