import { expect, it } from 'vitest';
import { call, simulated } from '../../helpers/simulated.ts';

it('finds models by words of their name, description and tags, best first, with their collections', async () => {
  const simulator = await simulated();
  const { status, body } = await call(simulator, '/search?query=nano+banana&limit=1');
  expect(status).toBe(200);
  expect(body.query).toBe('nano banana');
  expect(body.models).toEqual([
    {
      model: expect.objectContaining({ owner: 'google', name: 'nano-banana' }),
      metadata: {
        tags: ['text-to-image', 'image-to-image'],
        score: 2,
        generated_description: expect.any(String),
      },
    },
  ]);
  expect(body.collections.map(({ slug }: { slug: string }) => slug)).toEqual(['official', 'text-to-image']);
  const { body: nothing } = await call(simulator, '/search?query=xyzzy');
  expect(nothing).toMatchObject({ models: [], collections: [], pages: [] });
});

it.each(['', '?query=', '?query=a&limit=0', '?query=a&limit=51', '?query=a&limit=x'])(
  'refuses the search %s with a detail only',
  async (query) => {
    const simulator = await simulated();
    const { status, body } = await call(simulator, `/search${query}`);
    expect([status, Object.keys(body)]).toEqual([400, ['detail']]);
  },
);

it('finds models by QUERY', async () => {
  const simulator = await simulated();
  const { body } = await call(simulator, '/models', {
    method: 'QUERY',
    body: 'seedream',
    headers: { 'content-type': 'text/plain' },
  });
  expect(body.results.map(({ name }: { name: string }) => name)).toEqual(['seedream-4']);
});
