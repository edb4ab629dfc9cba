import { expect, it } from 'vitest';
import { call, simulated } from '../../helpers/simulated.ts';

it('has collections of models, and 404 for unknown ones', async () => {
  const simulator = await simulated();
  const { body: list } = await call(simulator, '/collections');
  expect(list.results.map(({ slug }: { slug: string }) => slug)).toEqual([
    'official',
    'text-to-image',
    'image-editing',
  ]);
  const { body: editing } = await call(simulator, '/collections/image-editing');
  expect(editing.models.map(({ name }: { name: string }) => name)).toEqual([
    'qwen-image-edit',
    'qwen-image-edit-plus',
  ]);
  expect((await call(simulator, '/collections/nothing')).status).toBe(404);
});
