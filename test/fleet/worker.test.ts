import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeFleet } from '../helpers/describeFleet.ts';
import { aLocalWorker } from '../helpers/fleetOfWorkers.ts';
import { newDatabase } from '../helpers/postgres.ts';
import { scriptsInFolder } from '../helpers/scriptsInFolder.ts';

describeFleet('workers', () => {
  it('make the images of a run with --queue together, which leaves its results as any run does', async () => {
    const url = await newDatabase();
    const scripts = await scriptsInFolder();
    const { root, simulator } = scripts;
    const prompts = Array.from({ length: 60 }, (_, n) => `pear ${n}`);
    const workers = await Promise.all([1, 2].map(() => aLocalWorker(url, simulator, { shared: root })));
    const alone = '--rate 60000 --rendition tiny=8x8,png';
    const flags = `${alone} --queue=${url} --shared ${root}`;
    const first = await scripts.generate(prompts, flags);
    expect(first).toMatchObject({ code: 0, error: null, made: 60 });
    expect(first.outcomes.map(({ index, status }) => [index, status])).toEqual(
      prompts.map((_, index) => [index, 'saved']),
    );
    const taken = workers.map(({ events }) => events.filter(({ type }) => type === 'part.finished').length);
    expect(taken.reduce((sum, parts) => sum + parts)).toBe(3);
    expect(workers.map((worker) => worker.fault())).toEqual([null, null]);
    const report = JSON.parse(await readFile(join(scripts.folder, 'report.json'), 'utf8'));
    expect(report).toMatchObject({ saved: 60 });
    // The same command again, with and without workers, makes nothing.
    expect(await scripts.generate(prompts, flags)).toMatchObject({ code: 0, made: 0 });
    expect(await scripts.generate(prompts, alone)).toMatchObject({ code: 0, made: 0 });
  });
});
