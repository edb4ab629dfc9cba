import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect } from 'vitest';
import { describeTable } from '../../../helpers/recoveryTable.ts';
import { type ScriptRun, scriptsInFolder } from '../../../helpers/scriptsInFolder.ts';

const stems = ({ outcomes }: Pick<ScriptRun, 'outcomes'>) =>
  outcomes.map(({ files }) => files[0]?.path.replace(/\.\w+$/, ''));
const promptsOf = (outcomes: ScriptRun['outcomes']) => outcomes.map(({ prompt }) => prompt);

/** Runs some prompts, then others in the same folder. */
async function change(before: string[], after: string[], flags = '') {
  const scripts = await scriptsInFolder();
  const first = await scripts.generate(before, flags);
  expect(first).toMatchObject({ code: 0, made: before.length });
  const next = await scripts.generate(after, flags);
  expect(next.code).toBe(0);
  expect(promptsOf(next.outcomes)).toEqual(after);
  return { scripts, first, next };
}

const product = `
theme: a bottle
platforms: [instagram_post, twitter_post]
variations:
  - name: beach
    prompt: on a beach
  - name: ice
    prompt: on ice
`;
const teapots = `
prompt: A {colour} teapot on {ground}
axes:
  colour: [red, blue]
  ground: [wood, stone]
`;
const harbour = `
prompt: a harbour
candidates: 4
keep: 1
children: 2
rounds: 1
score: { contrast: 1 }
`;

describeTable('The input', {
  'a prompt is inserted': async () => {
    const { next } = await change(['a', 'b', 'c'], ['a', 'new', 'b', 'c']);
    expect(stems(next)).toEqual(['0001-a', '0002-new', '0003-b', '0004-c']);
    expect(next).toMatchObject({ made: 1, unused: [], totals: { alreadySaved: 3, saved: 1 } });
    return next.made;
  },
  'a prompt is deleted': async () => {
    const { next, scripts } = await change(['a', 'b', 'c'], ['a', 'c']);
    expect(stems(next)).toEqual(['0001-a', '0002-c']);
    expect(promptsOf(next.unused)).toEqual(['b']);
    expect(next.unused[0]?.files[0]?.path).toBe('unused/2/0002-b.webp');
    expect(next.warnings).toEqual([
      expect.stringContaining('1 job of this folder is no longer in the input'),
    ]);
    const back = await scripts.generate(['a', 'b', 'c']);
    expect(back).toMatchObject({ made: 0, unused: [] });
    return next.made + back.made;
  },
  'prompts are moved': async () => {
    const { next } = await change(['a', 'b', 'c'], ['c', 'a', 'b']);
    expect(stems(next)).toEqual(['0001-c', '0002-a', '0003-b']);
    return next.made;
  },
  'a prompt is appended': async () => {
    const { next } = await change(['a', 'b'], ['a', 'b', 'c']);
    expect(next).toMatchObject({ made: 1, unused: [] });
    return next.made;
  },
  'a prompt is changed': async () => {
    const { next } = await change(['a', 'b', 'c'], ['a', 'B', 'c']);
    expect(promptsOf(next.unused)).toEqual(['b']);
    expect(next.made).toBe(1);
    return next.made;
  },
  'a prompt is there once more': async () => {
    const { next } = await change(['a', 'b'], ['a', 'a', 'b']);
    expect(next).toMatchObject({ made: 1, unused: [] });
    expect(new Set(next.outcomes.map(({ key }) => key)).size).toBe(3);
    return next.made;
  },
  'a prompt is there once more, with `--seed none`': async () => {
    const { next, first } = await change(['a', 'b'], ['a', 'b', 'a'], '--seed none');
    expect(next).toMatchObject({ made: 1, unused: [] });
    const ids = next.outcomes.map(({ predictionId }) => predictionId);
    expect(ids.slice(0, 2)).toEqual(first.outcomes.map(({ predictionId }) => predictionId));
    expect(next.outcomes[2]?.key).toBe(next.outcomes[0]?.key);
    return next.made;
  },
  'a prompt is inserted, with `--seed N`': async () => {
    const { next } = await change(['a', 'b', 'c'], ['a', 'new', 'b', 'c'], '--seed 7');
    expect(next.outcomes.map(({ input }) => input.seed)).toEqual([7, 8, 9, 10]);
    expect(promptsOf(next.unused)).toEqual(['b', 'c']);
    expect(next.made).toBe(3);
    return next.made;
  },
  'the tags of a row': async () => {
    const scripts = await scriptsInFolder();
    await scripts.generate('prompt,mood\na,calm\nb,calm\n', '--organize {mood}/{prompt}');
    const next = await scripts.generate('prompt,mood\na,wild\nb,calm\n', '--organize {mood}/{prompt}');
    expect(next.outcomes.map(({ tags }) => tags.mood)).toEqual(['wild', 'calm']);
    expect(stems(next)).toEqual(['wild/a', 'calm/b']);
    return next.made;
  },
  'the order of the columns': async () => {
    const scripts = await scriptsInFolder();
    await scripts.generate('prompt,mood\na,calm\n');
    const next = await scripts.generate('mood,prompt\ncalm,a\n');
    expect(next).toMatchObject({ made: 0, unused: [], totals: { alreadySaved: 1 } });
    return next.made;
  },
  'the file name of the prompts, with `--out`': async () => {
    const scripts = await scriptsInFolder();
    await scripts.generate(['a', 'b']);
    const next = await scripts.generate('prompt\na\nb\n');
    expect(next).toMatchObject({ made: 0, totals: { alreadySaved: 2 } });
    return next.made;
  },
  'the content of an input picture': async () => {
    const scripts = await scriptsInFolder();
    const picture = (name: string, colour: string) =>
      sharp({ create: { width: 8, height: 8, channels: 3, background: colour } })
        .png()
        .toFile(join(scripts.root, name));
    await Promise.all([picture('one.png', 'red'), picture('two.png', 'blue')]);
    const rows = 'prompt,image\na,one.png\nb,two.png\n';
    const flags = '--model black-forest-labs/flux-dev';
    expect(await scripts.generate(rows, flags)).toMatchObject({ code: 0, made: 2 });
    await picture('two.png', 'green');
    const next = await scripts.generate(rows, flags);
    expect(promptsOf(next.unused)).toEqual(['b']);
    expect(next.made).toBe(1);
    return next.made;
  },
  'the path of an input picture': async () => {
    const scripts = await scriptsInFolder();
    const { data } = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
      .png()
      .toBuffer({ resolveWithObject: true });
    await writeFile(join(scripts.root, 'one.png'), data);
    await writeFile(join(scripts.root, 'two.png'), data);
    const flags = '--model black-forest-labs/flux-dev';
    await scripts.generate('prompt,image\na,one.png\n', flags);
    await rm(join(scripts.root, 'one.png'));
    const next = await scripts.generate('prompt,image\na,two.png\n', flags);
    expect(next).toMatchObject({ code: 0, made: 0, unused: [] });
    return next.made;
  },
  'a variation of a campaign is added': async () => {
    const scripts = await scriptsInFolder();
    expect(await scripts.campaign(product)).toMatchObject({ code: 0, made: 4 });
    const next = await scripts.campaign(`${product}  - { name: table, prompt: on a table }\n`);
    expect(next).toMatchObject({ code: 0, made: 2, unused: [] });
    return next.made;
  },
  'the platforms of a campaign change their order': async () => {
    const scripts = await scriptsInFolder();
    await scripts.campaign(product);
    const next = await scripts.campaign(
      product.replace('instagram_post, twitter_post', 'twitter_post, instagram_post'),
    );
    expect(next).toMatchObject({ code: 0, made: 0, unused: [], totals: { alreadySaved: 4 } });
    expect(next.outcomes.map(({ tags }) => tags.platform)).toEqual(
      expect.arrayContaining(['instagram_post', 'twitter_post']),
    );
    return next.made;
  },
  'the theme of a campaign': async () => {
    const scripts = await scriptsInFolder();
    await scripts.campaign(product);
    const next = await scripts.campaign(product.replace('a bottle', 'a cup'));
    expect(next.made).toBe(4);
    expect(next.unused).toHaveLength(4);
    return next.made;
  },
  'a value of a grid is added': async () => {
    const scripts = await scriptsInFolder();
    const first = await scripts.grid(teapots);
    expect(first).toMatchObject({ code: 0, made: 4 });
    const next = await scripts.grid(teapots.replace('red, blue', 'green, red, blue'));
    expect(next).toMatchObject({ code: 0, made: 2, unused: [] });
    expect(promptsOf(next.outcomes.slice(0, 4))).toEqual(promptsOf(first.outcomes));
    return next.made;
  },
  'a value of a grid is removed': async () => {
    const scripts = await scriptsInFolder();
    await scripts.grid(teapots);
    const next = await scripts.grid(teapots.replace('red, blue', 'blue'));
    expect(next).toMatchObject({ code: 0, made: 0, totals: { alreadySaved: 2 } });
    expect(next.unused).toHaveLength(2);
    return next.made;
  },
  'the spec of a refinement': async () => {
    const scripts = await scriptsInFolder();
    const first = await scripts.refine(harbour);
    expect(first).toMatchObject({ code: 0, made: 6 });
    const other = harbour.replace('children: 2', 'children: 3');
    const next = await scripts.refine(other);
    expect(next.error).toMatchObject({
      name: 'UsageError',
      suggestion: expect.stringContaining('--resume-anyway'),
    });
    return next.made;
  },
  'the spec of a refinement, with `--resume-anyway`': async () => {
    const scripts = await scriptsInFolder();
    await scripts.refine(harbour);
    const next = await scripts.refine(harbour.replace('children: 2', 'children: 3'), '--resume-anyway');
    expect(next).toMatchObject({ code: 0, totals: { alreadySaved: 6, saved: 1 } });
    const fewer = await scripts.refine(harbour.replace('candidates: 4', 'candidates: 3'), '--resume-anyway');
    expect(fewer).toMatchObject({ code: 0, totals: { total: 5 } });
    expect(fewer.unused.length + fewer.outcomes.length).toBe(6 + next.made + fewer.made);
    return next.made + fewer.made;
  },
});
