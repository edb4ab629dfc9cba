import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { campaignFiles, campaignJobs } from '../../../../src/pipelines/workflows/campaign/jobs.ts';
import { parseRendition } from '../../../../src/renditions/notation.ts';
import { aCampaign } from '../../../helpers/aCampaign.ts';
import { contextOf, schema } from '../../../helpers/contextOf.ts';
import { tempFile } from '../../../helpers/tempFile.ts';

const spec = aCampaign({
  theme: 'a {style} lemonade',
  style: 'in oil',
  input: { guidance: 2, go_fast: true },
});

it('makes platforms x variations x count, in this order', () => {
  const jobs = [...campaignJobs(spec, contextOf({ count: 2, input: { guidance: 3 } }))];
  expect(jobs.map(({ index, tags }) => `${index} ${tags.platform} ${tags.variation}`)).toEqual([
    '0 instagram_post dawn',
    '1 instagram_post dawn',
    '2 instagram_post dusk',
    '3 instagram_post dusk',
    '4 facebook_ad dawn',
    '5 facebook_ad dawn',
    '6 facebook_ad dusk',
    '7 facebook_ad dusk',
  ]);
  expect(jobs[4]).toEqual({
    index: 4,
    prompt: 'a {style} lemonade, at dawn, in oil',
    model: 'owner/name',
    version: null,
    input: {
      prompt: 'a {style} lemonade, at dawn, in oil',
      aspect_ratio: '16:9',
      guidance: 3,
      go_fast: true,
    },
    tags: { platform: 'facebook_ad', variation: 'dawn' },
    renditions: [parseRendition('facebook_ad'), parseRendition('thumb=64x64')],
  });
});

it('fills the spec’s own template', () => {
  const prompt = '{variation}: {theme} for {platform}, {style}';
  const [job] = campaignJobs({ ...spec, prompt }, contextOf());
  expect(job?.prompt).toBe('at dawn: a {style} lemonade for instagram post, in oil');
});

it.each([
  ['adds the words of a platform to its prompts', 'tall', null, 'a {style} lemonade, at dawn, in oil, tall'],
  ['adds them behind a stop without a comma', 'Tall', '{theme}.', 'a {style} lemonade. Tall'],
  ['takes words with placeholders as the template', '{theme}, tall', '{style}', 'a {style} lemonade, tall'],
])('%s', (_it, words, prompt, expected) => {
  const platformPrompts = { instagram_post: words };
  const jobs = [...campaignJobs({ ...spec, prompt, platformPrompts }, contextOf())];
  expect(jobs[0]?.prompt).toBe(expected);
  // The other platform has none.
  const others = campaignJobs({ ...spec, prompt }, contextOf());
  expect(jobs[2]?.prompt).toBe([...others][2]?.prompt);
  expect(jobs[0]?.renditions[0]).toEqual(parseRendition('instagram_post'));
});

it('needs no style', () => {
  const [job] = campaignJobs({ ...spec, style: '' }, contextOf());
  expect(job?.prompt).toBe('a {style} lemonade, at dawn');
});

it('can be gone through twice, with the same unique seeds', () => {
  // Both platforms have the same shape, so their requests differ in the seed only.
  const same = { ...spec, platforms: [parseRendition('facebook_ad'), parseRendition('twitter_post')] };
  const jobs = campaignJobs(same, contextOf({ seed: 'auto', count: 2 }));
  const seeds = [...jobs].map(({ input }) => input.seed);
  expect(new Set(seeds).size).toBe(8);
  expect([...jobs].map(({ input }) => input.seed)).toEqual(seeds);
});

it('stops at the limit', () => {
  expect([...campaignJobs(spec, contextOf({ limit: 3 }))]).toHaveLength(3);
});

it('lets the spec’s aspect ratio win over the platform’s', () => {
  const [job] = campaignJobs({ ...spec, input: { aspect_ratio: '9:16' } }, contextOf());
  expect(job?.input).toMatchObject({ aspect_ratio: '9:16' });
});

it('keeps one rendition of a name, the platform’s first', () => {
  const renditions = [parseRendition('facebook_ad,webp'), parseRendition('thumb=32x32')];
  const jobs = [...campaignJobs(spec, contextOf({ renditions }))];
  expect(jobs.at(-1)?.renditions).toEqual([parseRendition('facebook_ad'), parseRendition('thumb=64x64')]);
});

it.each([
  [
    'Expected `guidance` to be a number of 0 to 10, got 11',
    { ...spec, input: { guidance: 11 } },
    contextOf(),
  ],
  ['Expected an input of owner/name, got `gidance`', { ...spec, input: { gidance: 1 } }, contextOf()],
  [
    '2 mistakes in the inputs:\n  Expected `guidance` to be a number of 0 to 10, got 11.\n  Expected an input of owner/name, got `gidance`',
    { ...spec, input: { guidance: 11, gidance: 1 } },
    contextOf(),
  ],
  [
    'owner/name requires a value for `seed`',
    spec,
    contextOf({ schema: { ...schema, required: ['prompt', 'seed'] } }),
  ],
])('refuses at once: %s', (message, each, context) => {
  expect(() => campaignJobs(each, context)).toThrow(message);
});

it('takes files relative to the spec, and the run’s if it overrides them', async () => {
  const uri = { type: 'string', format: 'uri' } as const;
  const takingFiles = { ...schema, properties: { ...schema.properties, image: uri, mask: uri } };
  const specPath = await tempFile('spec.yaml', '');
  const svg = '<svg xmlns="http://www.w3.org/2000/svg"/>';
  for (const name of ['a.svg', 'b.svg']) await writeFile(join(dirname(specPath), name), svg);
  const own = { ...spec, input: { image: 'a.svg', mask: 'b.svg' } };
  const input = { mask: 'https://files.example/m.png' };
  const context = contextOf({ schema: takingFiles, input, folder: dirname(specPath) });
  const files = await campaignFiles(own, context);
  const [job] = campaignJobs(own, { ...context, files });
  expect(Object.entries(job?.files ?? {}).map(([path, { name }]) => `${path} ${name}`)).toEqual([
    'image a.svg',
  ]);
  await expect(campaignFiles({ ...own, input: { image: 'c.svg' } }, context)).rejects.toThrow(
    `input: \`image\`: Expected a file at ${join(dirname(specPath), 'c.svg')}, got none`,
  );
});
