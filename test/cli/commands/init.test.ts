import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { type Maker, makers } from '../../../src/cli/commands/makers.ts';
import type { InitAnswers } from '../../../src/cli/commands/setup/askInit.ts';
import { init } from '../../../src/cli/commands/setup/init.ts';
import { specSchemas } from '../../../src/pipelines/workflows/specSchemas.ts';
import { openPromptFile } from '../../../src/sources/promptFiles/promptFile.ts';
import type { RowItem } from '../../../src/sources/promptFiles/rows.ts';
import { FakeStream } from '../../helpers/fakeStream.ts';

async function inFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'rxposure-init-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const nothing: InitAnswers = { workflow: undefined, subject: undefined, name: undefined };
  const run = async (
    known: Partial<InitAnswers>,
    ask: (known: InitAnswers) => Promise<InitAnswers | null> = async (given) => given,
  ) => {
    const stdout = new FakeStream();
    const code = await init({ ...nothing, ...known }, { stdout }, ask, folder);
    return { code, text: stdout.text };
  };
  return { folder, run };
}

const workflows = Object.keys(makers) as Maker[];

it.each(workflows.filter((name) => name !== 'generate'))(
  'writes a spec of %s that it reads',
  async (name) => {
    const { folder, run } = await inFolder();
    // Characters that may break a template: quotes, a colon, a hash, letters beyond ASCII.
    const subject = `a "red" fox: #1, 'été' \\ 雪`;
    const { code, text } = await run({ workflow: name, name: 'mine', subject });
    expect(code).toBe(0);
    expect(text).toMatch(/^Wrote mine\.yaml/);
    expect(text).toContain(`npx tsx pipelines/${name}.ts mine.yaml --simulate --open\n`);
    const spec = parse(await readFile(join(folder, 'mine.yaml'), 'utf8'));
    const result = specSchemas[name as keyof typeof specSchemas].safeParse(spec);
    expect(result.error).toBeUndefined();
    expect(JSON.stringify(spec)).toContain(JSON.stringify(subject).slice(1, -1));
    for (const picture of JSON.stringify(spec).match(/images\/[\w-]+\.webp/g) ?? []) {
      expect(await readdir(join(folder, 'images'))).toContain(picture.slice('images/'.length));
    }
  },
);

it('writes a list of prompts', async () => {
  const { folder, run } = await inFolder();
  await run({ subject: 'an owl: asleep' });
  const rows: RowItem[] = [];
  for await (const row of (await openPromptFile(join(folder, 'prompts.yaml'))).rows()) rows.push(row);
  expect(rows).toMatchObject([
    { prompt: 'an owl: asleep' },
    { prompt: 'an owl: asleep, in winter' },
    { prompt: 'an owl: asleep, as a woodcut', fields: { aspect_ratio: '3:4', theme: 'print' } },
  ]);
});

it('asks for unknown values, and writes nothing if the user leaves', async () => {
  const { folder, run } = await inFolder();
  const left = await run({ workflow: 'grid' }, async () => null);
  expect(left).toEqual({ code: 130, text: 'Nothing was written.\n' });
  expect(await readdir(folder)).toEqual([]);
  await run({ workflow: 'grid' }, async (known) => ({ ...known, subject: 'an owl', name: 'owls' }));
  expect(parse(await readFile(join(folder, 'owls.yaml'), 'utf8'))).toMatchObject({
    name: 'owls',
    prompt: 'an owl, {colour}, {light}',
  });
});

it('replaces no file, and refuses a path as a name', async () => {
  const { run } = await inFolder();
  await run({ workflow: 'campaign' });
  await expect(run({ workflow: 'campaign' })).rejects.toThrow('my-campaign.yaml is there already.');
  await expect(run({ name: '../x' })).rejects.toThrow("Expected `--name` to be a name, got '../x'.");
});

it('reports a folder that takes no file, with advice', async () => {
  const { folder } = await inFolder();
  const none = { workflow: 'grid' as const, subject: 'a fox', name: 'fox' };
  const written = init(none, { stdout: new FakeStream() }, async (given) => given, join(folder, 'gone'));
  await expect(written).rejects.toMatchObject({
    message: expect.stringMatching(/^Cannot find .*fox\.yaml \(ENOENT\)\.$/),
    suggestion: expect.stringContaining('Run init in a folder'),
  });
});

it('leaves without an answer if standard input ends', async () => {
  const script = `import { askInit } from ${JSON.stringify(resolve('src/cli/commands/setup/askInit.ts'))};
process.stderr.write(String(await askInit({ workflow: 'grid' })));`;
  const asking = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  asking.child.stdin?.end();
  expect((await asking).stderr).toBe('null');
});
