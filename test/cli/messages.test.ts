import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exitCodes } from '../../src/cli/script/exit.ts';

const run = promisify(execFile);

const files: Readonly<Record<string, string>> = {
  'shop.csv': 'name,colour\nfox,red\n',
  'three.txt': 'a fox\nan owl\na hare\n',
  'commented.txt': 'a fox\n# animals of the night\nan owl\n',
  'strength.yaml': 'reference: fox.webp\nprompt: a fox\nvariations: [dawn, dusk]\nstrength: 0.6, 0.9\n',
  'theme.yaml': 'theme: {product}, x\nplatforms: [instagram_post]\nvariations: [dawn]\n',
  'prompt.yaml': 'reference: fox.webp\nprompt: {variation}\nvariations: [dawn, dusk]\n',
  'styles.yaml': 'prompts: [a fox]\nstyles:\n  noir: a.webp\n  pop: b.webp\n',
  'list.yaml': 'prompts: a fox, an owl\nmodels: [qwen/qwen-image]\n',
};

/** Command lines, each with the two lines of its response. */
const mistakes: readonly (readonly [string, string, string])[] = [
  [
    'variations strength.yaml --simulate',
    'strength.yaml: 1 mistake in this spec of variations:\n  line 4: strength: Expected a number or a list, got "0.6, 0.9"; a list stands in brackets: [0.6, 0.9]',
    'Correct the spec and run the command again; nothing was created.',
  ],
  [
    'compare list.yaml --simulate',
    'list.yaml: 1 mistake in this comparison spec:\n  line 1: prompts: Expected a list, got "a fox, an owl"; a list stands in brackets: [a fox, an owl]',
    'Correct the spec and run the command again; nothing was created.',
  ],
  [
    'campaign theme.yaml --simulate',
    'theme.yaml: 1 mistake in this campaign spec:\n  line 1: Unexpected scalar at node end: put a text with braces in quotes: theme: "{product}, x"',
    'Correct the spec and run the command again; nothing was created.',
  ],
  [
    'variations prompt.yaml --simulate',
    'prompt.yaml: 1 mistake in this spec of variations:\n  line 2: prompt: Expected a text, got keys and values; put a text with braces in quotes: "{variation}"',
    'Correct the spec and run the command again; nothing was created.',
  ],
  // The token, which is missing too, is no help as long as the command is the wrong one.
  [
    'campaign three.txt',
    'three.txt: Expected a campaign spec, got a prompt file',
    'Did you mean `npx tsx pipelines/generate.ts three.txt`?',
  ],
  [
    'generate three.txt --simulate 5',
    'Expected `--simulate=5`, got `--simulate 5`',
    'The value of `--simulate` follows an equals sign: write `--simulate=5`.',
  ],
  [
    'generate --simulate 5 three.txt',
    'Expected `--simulate=5`, got `--simulate 5`',
    'The value of `--simulate` follows an equals sign: write `--simulate=5`.',
  ],
  [
    'generate --simulate 5',
    'Expected `--simulate=5`, got `--simulate 5`',
    'The value of `--simulate` follows an equals sign: write `--simulate=5`.',
  ],
  [
    'generate three.txt -simulate',
    'Expected a known flag, got `-simulate`',
    'Flags begin with two dashes: write `--simulate`.',
  ],
  [
    'generate three.txt --simulate --model flux-dev',
    "Expected `--model` to be OWNER/NAME, OWNER/NAME:VERSION (64 hex digits) or deployments/OWNER/NAME, got 'flux-dev'",
    'Did you mean black-forest-labs/flux-dev?',
  ],
  [
    'generate three.txt --simulate --model mine',
    "Expected `--model` to be OWNER/NAME, OWNER/NAME:VERSION (64 hex digits) or deployments/OWNER/NAME, got 'mine'",
    'Write it as on its page: https://replicate.com/explore lists models.',
  ],
  [
    'styles styles.yaml --simulate',
    'styles.yaml: 1 mistake in this spec of styles:\n  line 3: styles: Expected a list, got keys and values; write it as a list, such as - {name: noir, picture: "a.webp"}',
    'Correct the spec and run the command again; nothing was created.',
  ],
  ['calibrate nope --simulate', "Expected no input, got 'nope'", 'This command takes no file: see --help.'],
  // The token is missing, too.
  ...['collect', 'retry'].map(
    (name) =>
      [
        `${name} mine/nigth`,
        'mine/nigth: Expected the folder of a run, got no folder of that name',
        'Did you mean mine/night?',
      ] as const,
  ),
  ['compare nope.yaml', 'nope.yaml: Expected a comparison spec, got no file of that name', 'Check the name.'],
  ['campaign nope.yaml', 'nope.yaml: Expected a campaign spec, got no file of that name', 'Check the name.'],
  [
    'generate nope.csv',
    'nope.csv: Expected a prompt file, got no file of that name',
    'Check the name, or pass - to read prompts from standard input.',
  ],
  ['runs nope', 'nope: Expected a folder, got no folder of that name', 'Check the name.'],
  ['runs three.txt', 'three.txt: Expected a folder, got a file', 'Give the folder that has the run folders.'],
  [
    'fleet',
    'Expected a prompt file or a spec, got nothing',
    'As in `npx tsx pipelines/rxposure.ts fleet --local 3 prompts.csv --simulate=10`.',
  ],
  ['votes', 'Expected FOLDER FILE, got nothing', 'See --help for examples.'],
  ['votes mine/night', "Expected FOLDER FILE, got 1 input: 'mine/night'", 'See --help for examples.'],
  ['open mine empty', "Expected FOLDER, got 2 inputs: 'mine', 'empty'", 'See --help for examples.'],
  [
    'collect mine --simulate',
    'mine: Expected the folder of a run, got a folder without run.json',
    'Did you mean mine/night?',
  ],
  [
    'collect mine/nigth --simulate',
    'mine/nigth: Expected the folder of a run, got no folder of that name',
    'Did you mean mine/night?',
  ],
  [
    'retry empty --simulate',
    'empty: Expected the folder of a run, got an empty folder',
    'Give the folder that the run named: its --out, or out/ and the name of its input.',
  ],
  // It has no --out, with which others choose another folder.
  [
    'retry paid --simulate',
    'FOLDER/paid has images of Replicate, and this run uses the rxposure simulator.',
    'Remove --simulate to continue it: services are never mixed.',
  ],
  [
    'generate three.txt --simulate --only 5',
    '`--only 5` selects no job: the jobs are 1 to 3.',
    'Give numbers of jobs as --dry-run and the file names show them.',
  ],
  [
    'generate three.txt --simulate --rendition thumb=320x320,webp,max=200',
    'No image can have rendition thumb with at most 200 bytes: one of a single colour takes N bytes as webp.',
    'Allow more bytes, or choose a smaller size. Did you mean max=200kB?',
  ],
  [
    'generate three.txt --simulate --no-provenance --rendition square=1080x1080,max=1kB',
    'No image can have rendition square with at most 1000 bytes: one of a single colour takes N bytes as jpeg.',
    'Allow more bytes, or choose a smaller size.',
  ],
  [
    'generate three.txt --simulate --model black-forest-labs/flux-schnel',
    'The simulator does not play the model black-forest-labs/flux-schnel.',
    'Did you mean black-forest-labs/flux-schnell? It plays these 12: black-forest-labs/flux-schnell, black-forest-labs/flux-dev, black-forest-labs/flux-1.1-pro, stability-ai/sdxl, google/nano-banana, qwen/qwen-image, qwen/qwen-image-edit, qwen/qwen-image-edit-plus, google/imagen-4, bytedance/seedream-4, ideogram-ai/ideogram-v3-turbo, yorickvp/llava-13b.',
  ],
  [
    'generate shop.csv --simulate --prompt {nmae}/{colour}',
    'shop.csv: There is no column for {nmae} of the prompt; its columns are name, colour',
    'Did you mean {name}?',
  ],
  [
    'generate --simulate --prompt a-{name}',
    "There is no table with a column for {name} in 'a-{name}'.",
    'Name the file that has it, before --prompt; write {{ and }} for literal braces.',
  ],
  [
    'generate shop.csv --simulate',
    'shop.csv: Expected a column named prompt in the header, got name, colour',
    "Put the column names on the first line, and the prompts in a column named prompt, or make them of the columns: --prompt 'photo of {name}'.",
  ],
  [
    'generate commented.txt --simulate',
    'commented.txt: 1 row is wrong\n  commented.txt:2: Expected a prompt, got a line that begins with #: a .txt file has no comments. Delete the line; if it is a prompt, begin it with \\#',
    'Correct these rows and run the command again; nothing was created.',
  ],
];

let folder = '';
let ended: { code: number; stdout: string; stderr: string }[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rxposure-messages-'));
  await mkdir(join(folder, 'mine/night'), { recursive: true });
  await mkdir(join(folder, 'empty'));
  await mkdir(join(folder, 'paid'));
  await writeFile(join(folder, 'paid/run.json'), '{"service":"replicate","input":null}');
  await writeFile(join(folder, 'mine/night/run.json'), '{"service":"simulator","input":null}');
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  const words = JSON.stringify(mistakes.map(([typed]) => typed.split(' ')));
  const { stdout } = await run(process.execPath, [resolve('test/helpers/runCommands.ts'), words], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1', REPLICATE_API_TOKEN: '' },
  });
  // The number depends on the version of the encoder.
  ended = JSON.parse(stdout.replaceAll(/takes \d+ bytes/g, 'takes N bytes').replaceAll(folder, 'FOLDER'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it.each(mistakes.map(([typed], index) => [typed, index] as const))(
  '%s: names the fault, its location, and a remedy',
  (_typed, index) => {
    const [, error, hint] = mistakes[index] ?? [];
    expect(ended[index]).toEqual({
      code: exitCodes.usage.code,
      stdout: '',
      stderr: `error: ${error}\nhint: ${hint}\n`,
    });
  },
);

it('leaves no run folder behind', async () => {
  expect((await readdir(folder)).sort()).toEqual([...Object.keys(files), 'empty', 'mine', 'paid'].sort());
});

it('names the missing package in a clone without an install', async () => {
  const clone = join(folder, 'clone');
  for (const name of ['src', 'pipelines', 'package.json']) {
    await cp(name, join(clone, name), { recursive: true });
  }
  const started = run(process.execPath, ['pipelines/generate.ts', 'three.txt'], { cwd: clone });
  await expect(started).rejects.toMatchObject({
    code: exitCodes.usage.code,
    stderr: expect.stringMatching(
      /^error: The package [\w@/-]+ is not installed\.\nhint: Run `npm install` in .*clone, then this command again\.\n$/,
    ),
  });
});
