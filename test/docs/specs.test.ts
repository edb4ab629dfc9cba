import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const run = promisify(execFile);

/** The `yaml` and `csv` blocks of a page, in their order. */
interface ShownFile {
  /** The command that takes the block, and its flags. */
  readonly command: string;
  /** Keys that the page leaves out, as a fragment shows only some. Default: none. */
  readonly rest?: string;
}

const prompt = 'prompt: a fox\nscore: sharpness\n';
const pages: Readonly<Record<string, readonly ShownFile[]>> = {
  'workflows/grid': [{ command: 'grid' }],
  'workflows/compare': [{ command: 'compare' }, { command: 'compare', rest: 'prompts: [a fox]\n' }],
  'workflows/compose': [{ command: 'compose' }],
  'workflows/refinement': [{ command: 'refine' }],
  'workflows/styles': [{ command: 'styles' }],
  'workflows/variations': [{ command: 'variations' }],
  campaign: [{ command: 'campaign' }],
  chaos: [],
  renditions: [{ command: 'refine', rest: prompt }],
  scoring: [{ command: 'refine', rest: 'prompt: a fox\n' }],
  index: [{ command: 'generate' }],
};
const contents = await Promise.all(
  Object.keys(pages).map(async (page) => [page, await readFile(`docs/${page}.md`, 'utf8')] as const),
);
const shown = contents.flatMap(([page, text]) =>
  [...text.matchAll(/```(yaml|csv)\n([\s\S]*?)```/g)].map(([, type = '', content = ''], index) => {
    const { command, rest = '' } = pages[page]?.[index] ?? { command: `none: ${page} has a new block` };
    return { name: `${basename(page)}-${index}.${type}`, command, content: rest + content };
  }),
);

/** Commands over the examples of the package, as a project that has installed it runs them. */
const typed = contents.flatMap(([page, text]) =>
  [...text.matchAll(/^npx rxposure (.* node_modules\/rxposure\/.*?)(?: +#.*)?$/gm)].map(
    ([, words = '']) => [page, words] as const,
  ),
);

const dryRuns = [
  ...shown.map(({ name, command }) => `${command} ${name}`),
  ...typed.map(([, words]) => words.replace(/ --(?:simulate|dry-run)\S*/g, '')),
];
let ended: { code: number; stdout: string; stderr: string }[] = [];
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rxposure-specs-'));
  await cp('examples', join(folder, 'node_modules/rxposure/examples'), { recursive: true });
  await cp('examples/images', join(folder, 'images'), { recursive: true });
  await mkdir(join(folder, 'photos'));
  await copyFile('docs/images/grid.webp', join(folder, 'logo.png'));
  for (const { name, content } of shown) await writeFile(join(folder, name), content);
  const commands = dryRuns.map((line) => [...line.split(' '), '--simulate', '--dry-run', '--json']);
  const { stdout } = await run(
    process.execPath,
    [resolve('test/helpers/runCommands.ts'), JSON.stringify(commands)],
    { cwd: folder, env: { ...process.env, NO_COLOR: '1', REPLICATE_API_TOKEN: '' }, maxBuffer: 2 ** 24 },
  );
  ended = JSON.parse(stdout);
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

it.each(dryRuns.map((line, index) => [line, index] as const))('%s runs as it is shown', (_line, index) => {
  expect(ended[index]).toMatchObject({ code: 0, stderr: '' });
});

it('shows a command for npm users on each page of a workflow', () => {
  const workflows = Object.keys(pages).filter((page) => /^(?:workflows\/|campaign|chaos)/.test(page));
  expect([...new Set(typed.map(([page]) => page))].sort()).toEqual(workflows.sort());
});

it('shows no script of a clone in a block for the shell', async () => {
  const paths = (await readdir('docs', { recursive: true })).filter(
    (path) => path.endsWith('.md') && !path.startsWith('reference'),
  );
  const blocks = await Promise.all(
    paths.map(async (path) => (await readFile(`docs/${path}`, 'utf8')).match(/```sh\n[\s\S]*?```/g) ?? []),
  );
  expect(blocks.flat().filter((block) => block.includes('npx tsx'))).toEqual([]);
});

it('shows specs whose prompts end in no separator', () => {
  const lines = ended.flatMap(({ stdout }) => stdout.trim().split('\n')).filter((line) => line !== '');
  const prompts = lines.map((line) => JSON.parse(line).prompt).filter((text) => text !== undefined);
  expect(prompts.length).toBeGreaterThan(50);
  expect(prompts.filter((text) => /[,;:] *$/.test(text))).toEqual([]);
});

it('shows commands for the completion that work in a home without folders', async () => {
  const page = await readFile('docs/cli.md', 'utf8');
  const [, block = ''] = /```sh\n((?:(?!```)[\s\S])*rxposure completion bash[\s\S]*?)```/.exec(page) ?? [];
  const home = await mkdtemp(join(folder, 'home-'));
  await run('bash', ['-ec', `npx() { echo "$@"; }\n${block}`], { env: { ...process.env, HOME: home } });
  const paths = ['.local/share/bash-completion/completions/rxposure', '.zfunc/_rxposure'];
  for (const path of [...paths, '.config/fish/completions/rxposure.fish'])
    expect(await readFile(join(home, path), 'utf8')).toMatch(/^rxposure completion \w+\n$/);
});
