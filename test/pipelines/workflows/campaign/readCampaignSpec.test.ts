import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { UsageError } from '../../../../src/errors.ts';
import { readCampaignSpec } from '../../../../src/pipelines/workflows/campaign/spec.ts';
import { renditionPresets } from '../../../../src/renditions/presets.ts';
import { tempFile } from '../../../helpers/tempFile.ts';

const reading = async (name: string, content: string) => readCampaignSpec(await tempFile(name, content));
const faultsOf = async (content: string, name = 'c.yaml') => {
  const error: unknown = await reading(name, content).catch((thrown: unknown) => thrown);
  if (!(error instanceof UsageError)) throw error;
  return error.message
    .split('\n')
    .slice(1)
    .map((line) => line.trim());
};

it('reads the least there can be', async () => {
  expect(await reading('c.yaml', 'theme: sea\nplatforms: [twitter_post]\nvariations: [At dawn!]\n')).toEqual({
    name: null,
    model: null,
    theme: 'sea',
    style: '',
    prompt: null,
    platforms: [renditionPresets.twitter_post],
    variations: [{ name: 'at-dawn', prompt: 'At dawn!' }],
    input: {},
    renditions: [],
    organize: '{platform}/{variation}/{index:04}-{slug}',
    count: null,
    seed: null,
    budgetUsd: null,
    priceUsd: null,
  });
});

const whole = {
  name: 'launch',
  model: 'owner/name',
  theme: 'sea',
  style: 'oil',
  prompt: '{theme} {style} {platform} {variation}',
  platforms: [
    'instagram_post,webp',
    'wide=100x50,png',
    { name: 'banner', width: 800, height: 200, format: 'jpg', quality: 70 },
  ],
  variations: [{ name: 'dawn', prompt: 'at dawn' }],
  input: { go_fast: true, loras: ['a'] },
  renditions: ['thumb=64x64,webp'],
  organize: 'flat',
  count: 2,
  seed: 7,
  budget: 1.5,
  price: 0.02,
};

it.each(['c.json', 'c.yaml'])('reads all there can be from %s', async (name) => {
  expect(await reading(name, JSON.stringify(whole, null, 2))).toMatchObject({
    platforms: [
      { name: 'instagram_post', widthPx: 1080, format: 'webp' },
      { name: 'wide', widthPx: 100, heightPx: 50, format: 'png' },
      { name: 'banner', widthPx: 800, heightPx: 200, fit: 'cover', format: 'jpeg', quality: 70 },
    ],
    input: { go_fast: true, loras: ['a'] },
    renditions: [{ name: 'thumb', format: 'webp' }],
    seed: 7,
    budgetUsd: 1.5,
    priceUsd: 0.02,
  });
});

it('reads the words of platforms, and the size of a preset', async () => {
  const content = `theme: sea
variations: [calm]
platforms:
  - facebook_ad
  - { name: instagram_post, prompt: room for a headline, format: webp }
  - { name: wide, width: 100, height: 50, prompt: '{theme} from afar' }
`;
  expect(await reading('c.yaml', content)).toMatchObject({
    platforms: [
      renditionPresets.facebook_ad,
      { ...renditionPresets.instagram_post, format: 'webp' },
      { name: 'wide', widthPx: 100, heightPx: 50, fit: 'cover', format: 'jpeg', quality: 85 },
    ],
    platformPrompts: { instagram_post: 'room for a headline', wide: '{theme} from afar' },
  });
});

it('finds fault with a size that is missing and with words that have other placeholders', async () => {
  const content = `theme: sea
variations: [calm]
platforms:
  - { name: banner, width: 100, prompt: 'with {mood}' }
  - { name: instagram_post, prompt: 'with {mood}' }
`;
  expect(await faultsOf(content)).toEqual([
    'line 4: platforms[0].height: Expected a number of pixels, got nothing; only a preset brings its own',
  ]);
  expect(await faultsOf(content.replace('banner', 'banner, height: 50'))).toEqual([
    'line 4: platforms[0].prompt: Expected only the placeholders {theme}, {style}, {platform} and {variation}',
    'line 5: platforms[1].prompt: Expected only the placeholders {theme}, {style}, {platform} and {variation}',
  ]);
});

it('lists all mistakes with their lines and paths', async () => {
  const content = `theem: sea
platforms:
  - instagram_post
  - instagram_pots
  - name: banner
    widht: 800
    height: 0
  - 7
variations:
  - name: dawn
    prompt: 7
  - calm
  - Calm
seed: lots
count: 0
prompt: '{theme} {mood}'
`;
  const faults = await faultsOf(content);
  expect(faults).toEqual(
    expect.arrayContaining([
      'line 1: theem: Unknown key; did you mean theme?',
      expect.stringMatching(/^theme: /),
      expect.stringMatching(/^line 4: platforms\[1\]: Expected NAME=WxH.*Did you mean instagram_post\?$/),
      'line 6: platforms[2].widht: Unknown key; did you mean width?',
      expect.stringMatching(/^line 5: platforms\[2\]\.width: /),
      expect.stringMatching(/^line 7: platforms\[2\]\.height: /),
      'line 8: platforms[3]: Expected a text or keys and values, got 7',
      expect.stringMatching(/^line 11: variations\[0\]\.prompt: /),
      'line 14: seed: Expected auto, none or an integer of 0 or more',
      expect.stringMatching(/^line 15: count: /),
      'line 16: prompt: Expected only the placeholders {theme}, {style}, {platform} and {variation}',
    ]),
  );
  expect(faults).toHaveLength(11);
});

it('names an empty list as the fault', async () => {
  expect(await faultsOf('theme: sea\nplatforms: []\nvariations: [calm]\n')).toEqual([
    'line 2: platforms: Expected at least one value, got an empty list',
  ]);
});

it('names the path of a mistake in a rendition, and the probable correction', async () => {
  const content = `theme: sea
platforms: [{ name: post, width: 9, height: 9, format: webp, lossless: true, maxBytes: 20kB }]
variations: [calm]
renditions:
  - name: thumb
    width: 64
    height: 64
    gravity: atention
    maxBites: 20kB
    overlay: { place: north, scale: 120% }
    caption: { text: a, place: east }
  - thumb=64x64,overlay=logo.png,overlay-opacity=2
  - { name: small, width: 64, height: 64, format: jpeg, palette: true, effort: 3 }
`;
  expect(await faultsOf(content)).toEqual(
    expect.arrayContaining([
      'line 2: platforms[0].maxBytes: Expected a format whose quality can be lowered (jpeg, webp, avif, png with a palette) with maxBytes, got lossless',
      expect.stringMatching(
        /^line 8: renditions\[0\]\.gravity: Expected one of centre, .*; did you mean attention\?$/,
      ),
      'line 10: renditions[0].overlay.file: Expected the path of an image',
      'line 10: renditions[0].overlay.scale: Expected a number of 0.001 to 1, or 0.1% to 100%, got "120%"',
      'line 11: renditions[0].caption.place: Expected one of south, north, got "east"',
      'line 9: renditions[0].maxBites: Unknown key; did you mean maxBytes?',
      expect.stringMatching(
        /^line 12: renditions\[1\]: overlay.opacity: Expected a number of 0 to 1.*got "2"/,
      ),
      'line 13: renditions[2].effort: Expected webp, avif or png with a palette with effort, got jpeg',
      'line 13: renditions[2].palette: Expected png with palette, got jpeg',
    ]),
  );
  expect(await faultsOf(content)).toHaveLength(9);
});

it('has lines for JSON as well', async () => {
  const content = '{\n\t"theme": "sea",\n\t"platforms": [],\n\t"variations": ["a"]\n}\n';
  expect(await faultsOf(content, 'c.json')).toEqual([expect.stringMatching(/^line 3: platforms: /)]);
});

it('refuses two platforms or variations of one name', async () => {
  const content = 'theme: sea\nplatforms: [twitter_post, "twitter_post,webp"]\nvariations: [Calm, calm]\n';
  expect(await faultsOf(content)).toEqual([
    'line 2: platforms[1]: Expected each name once, got twitter_post twice',
    'line 3: variations[1]: Expected each name once, got calm twice',
  ]);
});

it('names the line of broken YAML', async () => {
  expect(await faultsOf('theme: sea\nplatforms: [a\nvariations: b\n')).toEqual(
    expect.arrayContaining([expect.stringMatching(/^line \d: /)]),
  );
});

it.each([
  ['c.yaml', '', '1 mistake in this campaign spec'],
  ['c.yaml', '- a\n', '1 mistake in this campaign spec'],
  ['c.txt', 'theme: a\n', 'Expected a campaign spec in a .yaml, .yml or .json file'],
])('refuses %s with %j', async (name, content, message) => {
  await expect(reading(name, content)).rejects.toThrow(message);
});

it('refuses a missing file', async () => {
  await expect(readCampaignSpec('/nowhere/c.yaml')).rejects.toThrow('got no file of that name');
});

it('reads the example', async () => {
  const spec = await readCampaignSpec(
    fileURLToPath(new URL('../../../../examples/summer-launch.yaml', import.meta.url)),
  );
  expect(spec).toMatchObject({ name: 'summer-launch', model: 'black-forest-labs/flux-schnell' });
  expect(spec.platforms.map(({ name }) => name)).toEqual([
    'instagram_post',
    'instagram_story',
    'facebook_ad',
    'twitter_post',
  ]);
  expect(spec.variations).toHaveLength(4);
});

it('lets the catalogue choose the model, and names the possible wishes', async () => {
  const spec = (model: string) => `theme: sea\nplatforms: [twitter_post]\nvariations: [a]\nmodel: ${model}\n`;
  expect(await reading('c.yaml', spec('{ useCase: editing, maxCostUsd: 0.04 }'))).toMatchObject({
    model: { useCase: 'editing', maxCostUsd: 0.04 },
  });
  expect(await faultsOf(spec('{ useCase: editng }'))).toEqual([
    'line 4: model.useCase: Expected one of general, draft, photo, illustration, text-in-image, editing, multi-image, got "editng"; did you mean editing?',
  ]);
  expect(await faultsOf(spec('flux'))).toEqual([
    'line 4: model: Expected owner/name, owner/name:version or deployments/owner/name, got "flux"',
  ]);
});
