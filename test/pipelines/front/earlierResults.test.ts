import { expect, it } from 'vitest';
import { earlierResults } from '../../../src/pipelines/front/planning/savedJobs.ts';
import type { Outcome } from '../../../src/types.ts';
import { plan } from '../../helpers/outcomes.ts';
import { scriptsInFolder } from '../../helpers/scriptsInFolder.ts';

it('knows the results of a folder that the plans ask for, the others, and their cost', async () => {
  const scripts = await scriptsInFolder();
  const { outcomes } = await scripts.generate(['a fox', 'a fox', 'an owl']);
  const planned = ({ index, key }: Outcome) => plan(index, { key });
  const [fox, , owl] = outcomes.map(planned);
  if (fox === undefined || owl === undefined) throw new Error('Expected three outcomes');

  const { isSaved, countUnused, spentMicroUsd } = await earlierResults(scripts.folder);
  expect(spentMicroUsd).toBe(3 * 3_000);
  expect(countUnused()).toBe(3);
  expect([isSaved(owl), isSaved(plan(1, { key: 'f'.repeat(64) })), countUnused()]).toEqual([true, false, 2]);

  // A job that is gone stays paid, and is no longer one of the folder.
  await scripts.generate(['a fox', 'a fox']);
  const later = await earlierResults(scripts.folder);
  expect([later.countUnused(), later.spentMicroUsd]).toEqual([2, 3 * 3_000]);
  expect([later.isSaved(owl), later.isSaved(owl), later.countUnused()]).toEqual([true, false, 2]);
});

it('is empty for a folder that does not exist', async () => {
  const { isSaved, countUnused, spentMicroUsd } = await earlierResults('no/such/folder');
  expect([isSaved(plan(0)), countUnused(), spentMicroUsd]).toEqual([false, 0, 0]);
});
