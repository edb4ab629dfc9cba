import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scriptsInFolder } from '../../helpers/scriptsInFolder.ts';

it('calls the hooks of a run, and loses nothing if they fail', async () => {
  const scripts = await scriptsInFolder();
  // Words of a flag have no blanks here.
  const command = `cat>${scripts.root}/$RXPOSURE_EVENT$RXPOSURE_JOB;echo\tno\troom>&2;false`;
  const flags = `--on-image ${command} --on-end ${command}`;
  const { code, outcomes, warnings } = await scripts.generate(['a fox', 'an owl'], flags);
  expect(code).toBe(0);
  expect(outcomes.map(({ status }) => status)).toEqual(['saved', 'saved']);
  const told = async (name: string) => JSON.parse(await readFile(join(scripts.root, name), 'utf8'));
  expect((await told('image1')).outcome).toMatchObject({ index: 0, prompt: 'a fox', status: 'saved' });
  expect((await told('image2')).outcome.prompt).toBe('an owl');
  expect(await told('end')).toMatchObject({ totals: { saved: 2, failed: 0 }, folder: scripts.folder });
  expect(warnings.toSorted()).toEqual([
    '--on-end failed: exit code 1, no room. The run itself is not affected.',
    '--on-image failed for image #1: exit code 1, no room. The image is saved.',
    '--on-image failed for image #2: exit code 1, no room. The image is saved.',
  ]);
});
