import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, expect, it } from 'vitest';
import { inputFiles, tidyFileInputs } from '../../../src/sources/modelInputs/inputFiles.ts';
import type { Json, ModelInput, ModelSchema } from '../../../src/types.ts';
import { tempFolder } from '../../helpers/tempFile.ts';

const uri = { type: 'string', format: 'uri' } as const;
const schema: ModelSchema = {
  required: [],
  properties: {
    prompt: { type: 'string' },
    image: uri,
    mask: { ...uri, nullable: true },
    image_input: { type: 'array', items: uri },
    style: { type: null, anyOf: [{ type: 'string', enum: ['none'] }, uri] },
    driving_video: uri,
    input_images: { ...uri, description: 'A zip file of pictures' },
  },
};

const svg = '<svg xmlns="http://www.w3.org/2000/svg"/>';
let folder = '';
beforeEach(async () => {
  folder = await tempFolder();
  for (const name of ['cat.svg', 'none', 'a:b.svg']) await writeFile(join(folder, name), svg);
  await writeFile(join(folder, 'notes.txt'), 'not a picture');
});

const find = async (input: ModelInput) =>
  Object.entries(await inputFiles(input, { schema, folder })).map(
    ([path, { source }]) => `${path} ${relative(folder, String(source))}`,
  );

it.each<[string, Json, string[]]>([
  ['image', 'cat.svg', ['image cat.svg']],
  ['image', './cat.svg', ['image cat.svg']],
  [
    'image_input',
    ['cat.svg', 'https://a/b.png', './cat.svg'],
    ['image_input[0] cat.svg', 'image_input[2] cat.svg'],
  ],
  ['image', 'https://files.example/cat.png', []],
  ['image', 'data:image/png;base64,AA==', []],
  ['mask', null, []],
  ['prompt', 'cat.svg', []],
  ['style', 'none', []], // One of the choices, though there is such a file.
  ['style', 'cat.svg', ['style cat.svg']],
  ['driving_video', 'notes.txt', ['driving_video notes.txt']], // The types that such an input takes are unknown.
  ['input_images', 'notes.txt', ['input_images notes.txt']],
  ['constructor', 'cat.svg', []],
])('finds the files in %s: %j', async (name, value, expected) => {
  expect(await find({ [name]: value })).toEqual(expected);
});

it('takes file: URLs, and paths from the working directory', async () => {
  expect(await find({ image: pathToFileURL(join(folder, 'cat.svg')).href })).toEqual(['image cat.svg']);
  expect(await inputFiles({ image: 'package.json' }, { schema: null })).toEqual({});
  await expect(inputFiles({ image: 'package.json' }, { schema })).rejects.toThrow(
    `\`image\`: Expected a picture at ${join(process.cwd(), 'package.json')}, got text/plain`,
  );
});

it('names every file that is wrong', async () => {
  const wrong = inputFiles({ image: 'dog.png', image_input: ['cat.svg', 'notes.txt'] }, { schema, folder });
  await expect(wrong).rejects.toMatchObject({
    name: 'UsageError',
    message: [
      `\`image\`: Expected a file at ${join(folder, 'dog.png')}, got none`,
      `\`image_input[1]\`: Expected a picture at ${join(folder, 'notes.txt')}, got text/plain`,
    ].join('; '),
  });
});

it.each(['NFC', 'NFD'] as const)('finds a file whose folder and name are stored in %s', async (form) => {
  const on = (name: string) => name.normalize(form);
  await mkdir(join(folder, on('Motörräder')));
  await writeFile(join(folder, on('Motörräder'), on('blaue-Düse.svg')), svg);
  for (const written of ['NFC', 'NFD']) {
    const image = 'Motörräder/blaue-Düse.svg'.normalize(written);
    const [found] = await find({ image });
    expect(found).toBe(`image ${join(on('Motörräder'), on('blaue-Düse.svg'))}`);
  }
  await expect(find({ image: 'Motörräder/rote-Düse.svg' })).rejects.toThrow('rote-Düse.svg');
});

it('finds files whose path has blanks around it', async () => {
  expect(await find({ image: ' cat.svg\t', image_input: ['\u00a0cat.svg '] })).toEqual([
    'image cat.svg',
    'image_input[0] cat.svg',
  ]);
});

it('takes blanks from URLs and paths, encodes those within URLs, and leaves other texts', () => {
  const input = {
    prompt: ' a cat ',
    image: ' https://a.example/one two.png\n',
    image_input: ['cat.svg ', ' https://a.example/b.png'],
    style: 'none',
  };
  expect(tidyFileInputs(input, schema)).toEqual({
    prompt: ' a cat ',
    image: 'https://a.example/one%20two.png',
    image_input: ['cat.svg', 'https://a.example/b.png'],
    style: 'none',
  });
  expect(tidyFileInputs(input, null)).toEqual(input);
});
