import { expect, it } from 'vitest';
import { call, finished, simulated } from '../helpers/simulated.ts';

const picture = (blue: string) =>
  `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8" fill="${blue}"/></svg>`)}`;

it('writes the answer to a question about an image in pieces, and bills seconds, not images', async () => {
  const simulator = await simulated({ medianMs: 1_000, sigma: 0 });
  const { body: model } = await call(simulator, '/models/yorickvp/llava-13b');
  expect(model.latest_version.openapi_schema.components.schemas.Output).toMatchObject({
    items: { type: 'string' },
    'x-cog-array-display': 'concatenate',
  });
  const ask = async (image: string, prompt = 'From 1 to 10?') => {
    const body = { version: model.latest_version.id, input: { image, prompt } };
    const { body: made } = await call(simulator, '/predictions', { body });
    const { output, metrics } = await finished(simulator, made.id);
    expect(metrics).toEqual({ predict_time: 1, total_time: expect.any(Number) });
    expect(output.join('')).toMatch(/^I give it \d+\.\d\.$/);
    return output.join('');
  };
  const answer = await ask(picture('blue'));
  expect(await ask(picture('blue'))).toBe(answer);
  expect(await ask(picture('red'))).not.toBe(answer);
  expect(await ask(picture('blue'), 'From 1 to 10, honestly?')).not.toBe(answer);
  expect(simulator.stats()).toMatchObject({ images: 0, billedMicroUsd: 4 * 975 });
});
