import { expect, it } from 'vitest';
import { call, SCHNELL, simulated } from '../../helpers/simulated.ts';

it('shows a model with its schema as Cog writes it', async () => {
  const simulator = await simulated();
  const { body } = await call(simulator, `/models/${SCHNELL}`);
  expect(body).toMatchObject({
    owner: 'black-forest-labs',
    name: 'flux-schnell',
    is_official: true,
    visibility: 'public',
  });
  expect(body.latest_version.id).toMatch(/^[0-9a-f]{64}$/);
  const { schemas } = body.latest_version.openapi_schema.components;
  expect(schemas.Input.required).toEqual(['prompt']);
  expect(schemas.Input.properties.prompt).toMatchObject({ type: 'string', 'x-order': 0 });
  expect(schemas.Input.properties.aspect_ratio).toMatchObject({
    default: '1:1',
    allOf: [{ $ref: '#/components/schemas/aspect_ratio' }],
  });
  expect(schemas.aspect_ratio.enum).toContain('16:9');
  expect(schemas.Output).toMatchObject({ type: 'array', items: { type: 'string', format: 'uri' } });
});

it.each([
  ['black-forest-labs/flux-dev', 'array', true],
  ['black-forest-labs/flux-1.1-pro', 'string', true],
  ['stability-ai/sdxl', 'array', true],
  ['google/nano-banana', 'string', false],
  ['qwen/qwen-image', 'array', true],
  ['qwen/qwen-image-edit', 'array', true],
  ['qwen/qwen-image-edit-plus', 'array', true],
  ['google/imagen-4', 'string', false],
  ['bytedance/seedream-4', 'array', false],
  ['ideogram-ai/ideogram-v3-turbo', 'string', true],
])('has %s, whose output is a(n) %s', async (name, outputType, hasSeed) => {
  const simulator = await simulated();
  const { body } = await call(simulator, `/models/${name}`);
  const { Input, Output } = body.latest_version.openapi_schema.components.schemas;
  expect(Output.type).toBe(outputType);
  expect('seed' in Input.properties).toBe(hasSeed);
  const image = Input.properties.image ?? Input.properties.image_input;
  const isEditor = /edit/.test(name);
  const { status, body: prediction } = await call(simulator, '/predictions', {
    body: {
      version: body.latest_version.id,
      input: {
        prompt: 'a red fox',
        ...(isEditor
          ? { image: image.type === 'array' ? ['https://x.test/a.png'] : 'https://x.test/a.png' }
          : {}),
      },
    },
    headers: { prefer: 'wait' },
  });
  expect([status, prediction.status]).toEqual([201, 'succeeded']);
  expect(Array.isArray(prediction.output)).toBe(outputType === 'array');
});

it('has versions, and 404 for unknown ones', async () => {
  const simulator = await simulated();
  const { body: versions } = await call(simulator, `/models/${SCHNELL}/versions`);
  const [{ id }] = versions.results;
  const { body: version } = await call(simulator, `/models/${SCHNELL}/versions/${id}`);
  expect(version).toEqual(versions.results[0]);
  const missing = await Promise.all([
    call(simulator, '/models/no/body'),
    call(simulator, '/models/no/body/versions'),
    call(simulator, `/models/${SCHNELL}/versions/${'0'.repeat(64)}`),
    call(simulator, `/models/google/imagen-4/versions/${id}`),
  ]);
  expect(missing.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
  const { body: all } = await call(simulator, '/models');
  expect(all.results).toHaveLength(12);
});

it('shows an example and a readme of each model', async () => {
  const simulator = await simulated();
  const { body: examples } = await call(simulator, `/models/${SCHNELL}/examples`);
  const { body: model } = await call(simulator, `/models/${SCHNELL}`);
  expect(examples.results).toEqual([model.default_example]);
  expect(model.default_example).toMatchObject({
    status: 'succeeded',
    source: 'web',
    metrics: { predict_time: 0.8 },
  });
  const [picture] = model.default_example.output;
  expect((await (await fetch(picture)).arrayBuffer()).byteLength).toBe(88);
  const { headers, body: readme } = await call(simulator, `/models/${SCHNELL}/readme`);
  expect(headers.get('content-type')).toContain('text/plain');
  expect(readme).toContain('- `prompt`:');
  const missing = await Promise.all([
    call(simulator, '/models/no/body/examples'),
    call(simulator, '/models/no/body/readme'),
  ]);
  expect(missing.map(({ status }) => status)).toEqual([404, 404]);
});
