import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { describeTable } from '../../../helpers/recoveryTable.ts';
import { type ScriptRun, scriptsInFolder } from '../../../helpers/scriptsInFolder.ts';

const prompts = ['a', 'b', 'c'];
const finished = { code: 0, made: 0, unused: [] };

/** Runs three prompts with some flags, then with others in the same folder. */
async function change(before: string, after: string) {
  const scripts = await scriptsInFolder();
  const first = await scripts.generate(prompts, before);
  expect(first.code).toBe(0);
  const next = await scripts.generate(prompts, after);
  return { scripts, first, next };
}

const pathsOf = ({ outcomes }: Pick<ScriptRun, 'outcomes'>) =>
  outcomes.flatMap(({ files }) => files.map(({ path }) => path));
const idsOf = ({ outcomes }: Pick<ScriptRun, 'outcomes'>) => outcomes.map(({ predictionId }) => predictionId);

describeTable('A flag', {
  '`--limit` is lowered': async () => {
    const { next } = await change('', '--limit 2');
    expect(next).toMatchObject({ code: 0, totals: { total: 2, alreadySaved: 2 } });
    expect(next.unused).toMatchObject([{ prompt: 'c' }]);
    return next.made;
  },
  '`--limit` is raised': async () => {
    const { next } = await change('--limit 2', '--limit 3');
    expect(next).toMatchObject({ code: 0, made: 1, unused: [], totals: { alreadySaved: 2 } });
    return next.made;
  },
  '`--only` is given': async () => {
    const { next, first } = await change('', '--only 2');
    expect(next).toMatchObject({ ...finished, totals: { alreadySaved: 3 } });
    expect(idsOf(next)).toEqual(idsOf(first));
    return next.made;
  },
  '`--only` is left out': async () => {
    const scripts = await scriptsInFolder();
    const first = await scripts.generate(prompts, '--only 2');
    expect(first).toMatchObject({ made: 1, totals: { saved: 1, skipped: 2 } });
    const next = await scripts.generate(prompts);
    expect(next).toMatchObject({ code: 0, made: 2, totals: { alreadySaved: 1 } });
    return next.made;
  },
  '`--count` is raised': async () => {
    const { next } = await change('--count 2', '--count 3');
    expect(next).toMatchObject({ code: 0, made: 3, unused: [], totals: { total: 9, alreadySaved: 6 } });
    return next.made;
  },
  '`--count` is lowered': async () => {
    const { next } = await change('--count 2', '');
    expect(next).toMatchObject({ code: 0, totals: { total: 3, alreadySaved: 3 } });
    expect(next.unused).toHaveLength(3);
    return next.made;
  },
  '`--seed`': async () => {
    const { next } = await change('--seed 1', '--seed 2');
    // The second seed of the first run is the first of the second one, but of another prompt.
    expect(next.made).toBe(3);
    expect(next.unused).toHaveLength(3);
    return next.made;
  },
  '`--model`, `--input`': async () => {
    const { scripts, next } = await change('', '--input aspect_ratio=16:9');
    expect(next.made).toBe(3);
    expect(next.unused).toHaveLength(3);
    const other = await scripts.generate(prompts, '--model black-forest-labs/flux-dev');
    expect(other.made).toBe(3);
    expect(other.unused).toHaveLength(6);
    return next.made + other.made;
  },
  '`--model`, `--input`, back to those of an earlier run': async () => {
    const { scripts, first } = await change('', '--input aspect_ratio=16:9');
    const back = await scripts.generate(prompts);
    expect(pathsOf(back)).toEqual(pathsOf(first));
    expect(idsOf(back)).toEqual(idsOf(first));
    expect(back.unused).toHaveLength(3);
    return back.made;
  },
  '`--rendition` is added': async () => {
    const { next } = await change('', '--rendition thumb=8x8');
    expect(next).toMatchObject({ ...finished, totals: { saved: 3, costUsd: 0 } });
    expect(pathsOf(next).filter((path) => path.includes('--thumb'))).toHaveLength(3);
    return next.made;
  },
  '`--rendition` has other settings': async () => {
    const { next, scripts } = await change('--rendition thumb=8x8', '--rendition thumb=16x8,png');
    expect(next.outcomes[0]?.files[1]).toMatchObject({ path: '0001-a--thumb.png', width: 16 });
    expect(existsSync(scripts.at('0001-a--thumb.jpg'))).toBe(false);
    return next.made;
  },
  '`--rendition` is left out': async () => {
    const { next, first } = await change('--rendition thumb=8x8', '');
    expect(next).toMatchObject({ ...finished, totals: { alreadySaved: 3 } });
    expect(pathsOf(next)).toEqual(pathsOf(first));
    return next.made;
  },
  '`--organize`, `--folder-size`': async () => {
    const { next, scripts } = await change('', '--organize prompt');
    expect(pathsOf(next)).toEqual(['a/0001-a.webp', 'b/0002-b.webp', 'c/0003-c.webp']);
    expect(existsSync(scripts.at('a/0001-a.json'))).toBe(true);
    const again = await scripts.generate(prompts, '--folder-size 2');
    expect(pathsOf(again)).toEqual([
      '0001-0002/0001-a.webp',
      '0001-0002/0002-b.webp',
      '0003-0004/0003-c.webp',
    ]);
    expect(existsSync(scripts.at('a'))).toBe(false);
    return next.made + again.made;
  },
  '`--no-sidecars` is given': async () => {
    const { next, scripts } = await change('', '--no-sidecars');
    expect(existsSync(scripts.at('0001-a.json'))).toBe(true);
    return next.made;
  },
  '`--no-sidecars` is left out': async () => {
    const { next, scripts } = await change('--no-sidecars', '');
    expect(JSON.parse(await readFile(scripts.at('0001-a.json'), 'utf8'))).toEqual(next.outcomes[0]);
    return next.made;
  },
  '`--provenance`, `--c2pa-cert`': async () => {
    const { next, first } = await change('', '--no-provenance');
    expect(next.warnings).toEqual([expect.stringContaining('3 saved jobs keep the provenance')]);
    expect(next.outcomes.map(({ files }) => files)).toEqual(first.outcomes.map(({ files }) => files));
    return next.made;
  },
  '`--keep-originals`': async () => {
    const { next } = await change('', '--keep-originals');
    expect(next.warnings).toEqual([expect.stringContaining('holds for new images')]);
    return next.made;
  },
  '`--to`': async () => {
    const { next, scripts } = await change('', '--to webdataset');
    expect(next.outcomes.map(({ deliveredTo }) => Object.keys(deliveredTo ?? {}))).toEqual(
      Array(3).fill(['webdataset']),
    );
    expect(await readdir(scripts.at('webdataset'))).toEqual(['00000.tar']);
    return next.made;
  },
  '`--table`': async () => {
    const { next, scripts } = await change('', '--table csv');
    expect((await readFile(scripts.at('manifest.csv'), 'utf8')).trim().split('\n')).toHaveLength(4);
    return next.made;
  },
  '`--no-gallery` is left out': async () => {
    const scripts = await scriptsInFolder({ render: 'full' });
    await scripts.generate(prompts);
    const next = await scripts.generate(prompts, '', { gallery: true });
    expect(existsSync(scripts.at('gallery.html'))).toBe(true);
    expect(await readdir(scripts.at('.thumbs'))).toHaveLength(3);
    return next.made;
  },
  '`--budget` is raised': async () => {
    const scripts = await scriptsInFolder();
    const first = await scripts.generate(prompts, '--budget 0.006');
    expect(first).toMatchObject({ made: 2, totals: { saved: 2, skipped: 1 } });
    const next = await scripts.generate(prompts, '--budget 0.009');
    expect(next).toMatchObject({ code: 0, made: 1, totals: { alreadySaved: 2 } });
    return next.made;
  },
  '`--budget` is lowered, or what it has paid for is no longer in the input': async () => {
    const scripts = await scriptsInFolder();
    await scripts.generate(prompts);
    const next = await scripts.generate(['c', 'd', 'e'], '--budget 0.010');
    // Three images are paid: the two that are no longer asked for count too.
    expect(next).toMatchObject({ made: 0, totals: { alreadySaved: 1, skipped: 2 } });
    return next.made;
  },
  '`--strategy`, `--concurrency`, `--rate`, `--follow`': async () => {
    const { next } = await change('', '--strategy waves --concurrency 2 --rate 6000 --follow poll');
    expect(next).toMatchObject({ ...finished, totals: { alreadySaved: 3 } });
    return next.made;
  },
  '`--repay`': async () => {
    const { next } = await change('', '--repay');
    expect(next).toMatchObject({ ...finished, totals: { alreadySaved: 3 } });
    return next.made;
  },
  '`--out`': async () => {
    const scripts = await scriptsInFolder();
    await scripts.generate(prompts);
    scripts.move({ folder: join(scripts.root, 'other') });
    // The service has billed both folders, and this one knows of its own part.
    const next = await scripts.generate(prompts, '', { isBooked: false });
    expect(next).toMatchObject({ code: 0, made: 3 });
    return next.made;
  },
  '`--out`, with the same `--cache`': async () => {
    const scripts = await scriptsInFolder();
    const flags = `--cache ${join(scripts.root, 'cache')}`;
    await scripts.generate(prompts, flags);
    scripts.move({ folder: join(scripts.root, 'other') });
    const next = await scripts.generate(prompts, flags, { isBooked: false });
    expect(next.outcomes.map(({ cached, costUsd }) => [cached, costUsd])).toEqual(Array(3).fill([true, 0]));
    return next.made;
  },
});
