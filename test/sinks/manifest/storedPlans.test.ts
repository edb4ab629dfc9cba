import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lastValueFrom } from 'rxjs';
import { expect, it } from 'vitest';
import { parseRendition } from '../../../src/renditions/notation.ts';
import { storedPlans } from '../../../src/sinks/manifest/storedPlans.ts';
import type { Plan } from '../../../src/types.ts';
import { aPlan } from '../../helpers/runOf.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const store = (plan: Plan) => lastValueFrom(storedPlans(folder(), 'failed').store(plan));
const read = async (): Promise<Plan[]> => {
  const plans: Plan[] = [];
  for await (const plan of storedPlans(folder(), 'failed').read()) plans.push(plan);
  return plans;
};

it('reads back the newest plan of each job, in input order', async () => {
  expect(await read()).toEqual([]);
  // Both separators end a line for some readers.
  const odd = aPlan(3, { prompt: 'grüße, 🍐\u2028and\u2029more\r\n' });
  for (const plan of [odd, aPlan(1, { key: 'old' }), aPlan(1, { key: 'new' }), aPlan(0)]) await store(plan);
  expect(await read()).toEqual([aPlan(0), aPlan(1, { key: 'new' }), odd]);
});

it('loses only the line that a crash cut off, even within a character', async () => {
  await store(aPlan(0));
  const torn = Buffer.from('{"index":1,"prompt":"gr\u00fc').subarray(0, -1);
  await appendFile(join(folder(), 'failed.jsonl'), torn);
  await store(aPlan(2));
  await store(aPlan(3));
  expect(await read()).toEqual([aPlan(0), aPlan(2), aPlan(3)]);
});

it('stores every option of a rendition', async () => {
  const renditions = [
    parseRendition('plain=1x1'),
    parseRendition(
      'a=1x1,north,jpeg,max=9kB,background=red,overlay=/a.png,caption=a,sharpen,chroma=4:4:4,progressive',
    ),
    parseRendition('b=1x1,attention,webp,effort=4,lossless'),
    parseRendition('c=1x1,png,palette'),
  ];
  await store(aPlan(0, { renditions }));
  expect(await read()).toEqual([aPlan(0, { renditions })]);
});
