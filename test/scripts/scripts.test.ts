import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Simulator, startCogSimulator, startSimulator } from '../../src/simulator/index.ts';

let folder = '';
let simulator: Simulator;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rxposure-'));
  simulator = await startSimulator({ render: 'fast', speed: 100 });
});
afterAll(async () => {
  await simulator.close();
  await rm(folder, { recursive: true, force: true });
});

interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const onTsx = ['--import', 'tsx'];

/**
 * Runs a script against the simulator of this file by default; on Node itself, which begins in half
 * the time, unless it is to be started as users do.
 */
function script(
  name: string,
  args: readonly string[],
  { env = {}, input = '', by = [] as readonly string[] } = {},
): Promise<Finished> {
  const service = {
    REPLICATE_API_TOKEN: simulator.token,
    REPLICATE_BASE_URL: simulator.baseUrl,
    XDG_CACHE_HOME: join(folder, 'cache'),
  };
  return new Promise((done) => {
    const child = execFile(
      process.execPath,
      [...by, resolve('pipelines', name), ...args],
      { env: { ...process.env, ...service, NO_COLOR: '1', ...env }, timeout: 50_000 },
      (error, stdout, stderr) => done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
    child.stdin?.end(input);
  });
}

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

describe('calibrate', () => {
  it('measures a model within its budget, and recommends a concurrency', async () => {
    const out = join(folder, 'calibrated');
    const { code, stdout } = await script('calibrate.ts', ['--out', out, '--budget', '0.01', '--json']);
    expect(code).toBe(0);
    const last = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    expect(last).toMatchObject({ type: 'calibration', images: 3, failed: 0, costUsd: 0.009 });
    const dear = await script('calibrate.ts', ['--out', join(folder, 'dear'), '--budget', '0.008']);
    expect(dear.code).toBe(2);
    expect(dear.stderr).toContain('Expected a budget of $0.009 for 3 runs');
  });
});

describe('a container built by Cog', () => {
  it('is run without an account', async () => {
    const cog = await startCogSimulator({ render: 'fast', speed: 100 });
    const prompts = await file('cog.txt', 'a cat\na dog\n');
    const out = join(folder, 'cog');
    const { code, stderr } = await script('generate.ts', [
      ...[prompts, '--provider', 'cog', '--base-url', cog.baseUrl, '--out', out, '--price', '0.001'],
    ]);
    expect(stderr).toContain('2 of 2 jobs saved');
    expect(code).toBe(0);
    await cog.close();
  });
});

describe('collect', () => {
  it('collects the predictions of a detached run', async () => {
    const prompts = await file('night.txt', 'an owl\na moth\n');
    const out = join(folder, 'night');
    const left = await script('generate.ts', [prompts, '--detach', '--out', out]);
    expect(left.code).toBe(0);
    const created = simulator.stats().created;
    const { code, stderr } = await script('collect.ts', [out]);
    expect(stderr).toContain('2 of 2 jobs saved');
    expect(code).toBe(0);
    expect(simulator.stats().created).toBe(created);
    expect(await script('collect.ts', [join(folder, 'none')])).toMatchObject({ code: 2 });
  });
});

describe('refine', () => {
  const example = resolve('examples/night-harbour.yaml');
  const local = { REPLICATE_API_TOKEN: '', REPLICATE_BASE_URL: '' };

  it('shows the highest cost of a refinement, by model', async () => {
    const before = simulator.stats().created;
    const { code, stdout } = await script('refine.ts', [example, '--dry-run']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/flux-schnell +10 +\$0\.03/);
    expect(stdout).toMatch(/flux-dev +12 +\$0\.30/);
    expect(stdout).toContain('at most 10 candidates, then 2 rounds of 3 x 2');
    expect(simulator.stats().created).toBe(before);
  });

  it('leaves a folder with history, lineage and gallery', async () => {
    const out = join(folder, 'night-harbour');
    const { code, stderr } = await script('refine.ts', [example, '--simulate=50', '--out', out], {
      env: local,
    });
    expect(stderr).toContain('22 of 22 jobs saved');
    expect(stderr).toMatch(/round 2: best is #\d+ with a score of 0\.\d{3}; kept #\d+, #\d+, #\d+/);
    expect(code).toBe(0);
    const names = await readdir(out);
    expect(names).toEqual(
      expect.arrayContaining(['gallery.html', 'lineage.png', 'lineage.svg', 'refinement.json']),
    );
    expect(await readdir(join(out, 'round-1'))).toHaveLength(2 * 6);
  });

  it('refuses a spec that cannot work', async () => {
    const text = 'prompt: a cat\ncandidates: 2\nkeep: 1\nchildren: 1\nrounds: 1\nscore: contrast\n';
    const spec = await file('cat.yaml', `${text}refineModel: black-forest-labs/flux-1.1-pro\n`);
    const { code, stderr } = await script('refine.ts', [spec]);
    expect(code).toBe(2);
    expect(stderr).toContain('Expected a model that takes a picture');
  });

  it('counts the ratings of a model in the plan', async () => {
    const text = 'prompt: a cat\ncandidates: 4\nkeep: 1\nchildren: 1\nrounds: 1\n';
    const spec = await file('rated.yaml', `${text}score: { model: yorickvp/llava-13b, priceUsd: 0.01 }\n`);
    const { code, stdout } = await script('refine.ts', [spec, '--dry-run', '--budget', '1']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ratings +5 by yorickvp\/llava-13b, \$0\.05 of the cost$/m);
    // 4 x 0.003, 0.025, 5 x 0.01.
    expect(stdout).toMatch(/^cost +\$0\.087 /m);
  });

  it.each([
    ['{ model: yorickvp/lava-13b }', 'There is no model yorickvp/lava-13b.'],
    [
      '{ model: google/imagen-4 }',
      'google/imagen-4 has no known input for an image, so it cannot rate images.',
    ],
    [
      '{ model: yorickvp/llava-13b }',
      '`--budget` needs a known price, and there is none for yorickvp/llava-13b.',
    ],
    [
      '{ model: yorickvp/llava-13b, priceUsd: 1, input: { top: 1 } }',
      'Expected an input of yorickvp/llava-13b',
    ],
  ])('explains why %s cannot rate', async (score, message) => {
    const text = 'prompt: a cat\ncandidates: 2\nkeep: 1\nchildren: 1\nrounds: 1\n';
    const spec = await file('rated.yaml', `${text}score: ${score}\n`);
    const { code, stderr } = await script('refine.ts', [spec, '--budget', '1']);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});

describe('generate', () => {
  it('turns a prompt file into files, and does so once', async () => {
    const prompts = await file(
      'mine.csv',
      'Prompt,aspect_ratio,mood\n"a cat, asleep",16:9,calm\na dog,1:1,\n',
    );
    const out = join(folder, 'mine');
    const args = [
      prompts,
      '--out',
      out,
      '--organize',
      '{mood}/{index:04}-{slug}',
      '--rendition',
      'tiny=8x8,png',
    ];
    const first = await script('generate.ts', args);
    expect(first).toMatchObject({ code: 0, stdout: '' });
    expect(first.stderr).toContain('2 of 2 jobs saved');
    expect((await readdir(join(out, 'calm'))).sort()).toEqual([
      '0001-a-cat-asleep--tiny.png',
      '0001-a-cat-asleep.json',
      '0001-a-cat-asleep.webp',
    ]);
    const { outcomes } = JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8'));
    expect(outcomes[0]).toMatchObject({
      input: { aspect_ratio: '16:9', prompt: 'a cat, asleep' },
      tags: { mood: 'calm' },
    });
    const madeBefore = simulator.stats().created;
    expect((await script('generate.ts', args)).stderr).toContain('2 by earlier runs');
    expect(simulator.stats().created).toBe(madeBefore);
  });

  it('reads standard input, and prints JSON on request', async () => {
    const { code, stdout } = await script('generate.ts', ['-', '--out', join(folder, 'piped'), '--json'], {
      input: 'a fox\na hare\n',
    });
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(code).toBe(0);
    expect(events.at(0)).toMatchObject({ type: 'run.started', total: 2 });
    expect(events.filter(({ type }) => type === 'image.saved')).toHaveLength(2);
    expect(events.at(-1)).toMatchObject({ type: 'run.completed', totals: { saved: 2 } });
    expect(stdout).not.toContain(simulator.token);
  });

  it('shows its plan and creates nothing', async () => {
    const prompts = await file('plan.txt', 'a cat\n');
    const madeBefore = simulator.stats().created;
    const { code, stdout } = await script('generate.ts', [
      prompts,
      '--count',
      '3',
      '--dry-run',
      '--out',
      join(folder, 'plan'),
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/jobs\s+3/);
    expect(stdout).toContain('$0.009');
    expect(simulator.stats().created).toBe(madeBefore);
    expect(await readdir(folder)).not.toContain('plan');
  });

  it('fetches a model schema once for all runs, unless --refresh-models is given', async () => {
    const prompts = await file('remember.txt', 'a cat\n');
    const cache = join(folder, 'own-cache');
    const plan = (...flags: string[]) =>
      script('generate.ts', [prompts, '--dry-run', ...flags], { env: { XDG_CACHE_HOME: cache } });
    const before = simulator.stats().requests.model;
    await plan();
    await plan('--json');
    expect(simulator.stats().requests.model).toBe(before + 1);
    await plan('--refresh-models');
    expect(simulator.stats().requests.model).toBe(before + 2);
    const [name = ''] = await readdir(join(cache, 'rxposure', 'models'));
    const kept = await readFile(join(cache, 'rxposure', 'models', name), 'utf8');
    expect(kept).toContain('black-forest-labs/flux-schnell');
    expect(kept).not.toContain(simulator.token);
  });

  it('warns of a column that looks like an input but is a tag', async () => {
    const prompts = await file('near.csv', 'prompt,aspect_rato\na cat,16:9\n');
    const { code, stderr, stdout } = await script('generate.ts', [prompts, '--dry-run']);
    expect(code).toBe(0);
    expect(stderr).toContain('Did you mean `aspect_ratio`?');
    expect(stdout).not.toContain('warning');
    const asJson = await script('generate.ts', [prompts, '--dry-run', '--json']);
    expect(JSON.parse(asJson.stdout.split('\n')[0] ?? '')).toMatchObject({ type: 'warning' });
  });

  it('rehearses faults on the simulator', async () => {
    const prompts = await file('safety.txt', Array.from({ length: 12 }, (_, n) => `a pear ${n}`).join('\n'));
    const args = [prompts, '--simulate=100', '--chaos', 'safety-refusals', '--out', join(folder, 'safety')];
    const { code, stderr } = await script('generate.ts', args);
    expect(stderr).toContain('NSFW content detected');
    expect(code).toBe(1);
  });

  it('helps', async () => {
    const { code, stdout } = await script('generate.ts', ['--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('--budget USD');
  });
});

// The others are started so by the examples.
it.each(['calibrate', 'collect', 'retry-failed', 'votes'])('%s starts as users start it', async (name) => {
  const { code, stdout } = await script(`${name}.ts`, ['--help'], { by: onTsx });
  expect(code).toBe(0);
  expect(stdout).toContain(`npx tsx pipelines/${name}.ts`);
});

describe('a mistake ends with 2, a clear line, and nothing created', () => {
  const png = Uint8Array.from([
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1,
  ]);
  it.each([
    ['a missing file', 'nothing.txt', null, [], /no file of that name/],
    ['an empty file', 'empty.txt', '', [], /empty file/],
    [
      'a broken JSON line',
      'broken.jsonl',
      '{"prompt":"a"}\n{oops\n',
      [],
      /broken\.jsonl:2: The line is not valid JSON/,
    ],
    ['no prompt column', 'columns.csv', 'name,colour\na,b\n', [], /column named prompt/],
    ['a wrong type', 'types.jsonl', '{"prompt":5}\n', [], /types\.jsonl:1: Expected `prompt` to be text/],
    [
      'a value that the model does not take',
      'ratio.csv',
      'prompt,aspect_ratio\na,7:9\n',
      [],
      /ratio\.csv:2: Expected `aspect_ratio`/,
    ],
    ['binary content', 'picture.txt', png, [], /Expected UTF-8 text/],
    [
      'an impossible flag value',
      'a.txt',
      'a\n',
      ['--concurrency', '0'],
      /`--concurrency` to be a whole number/,
    ],
    ['an unknown flag', 'a.txt', 'a\n', ['--modle', 'x/y'], /Did you mean --model/],
    [
      'a strategy that does not exist',
      'a.txt',
      'a\n',
      ['--strategy', 'waltz'],
      /one of sequential, parallel/,
    ],
    ['a cache that is a file', 'a.txt', 'a\n', ['--cache', '/dev/null/x'], /cache folder that can be read/],
    ['a fallback that does not exist', 'a.txt', 'a\n', ['--fallback', 'no/body'], /There is no model/],
    [
      'a chaos profile that does not exist',
      'a.txt',
      'a\n',
      ['--simulate', '--chaos', 'gale'],
      /`--chaos` to be one of resets, .*storm, got 'gale'/,
    ],
    ['chaos without the simulator', 'a.txt', 'a\n', ['--chaos', 'storm'], /works only with `--simulate`/],
    ['a model that does not exist', 'a.txt', 'a\n', ['--model', 'no/body'], /There is no model/],
    [
      'a folder that cannot be made',
      'a.txt',
      'a\n',
      ['--out', '/dev/null/run'],
      /^error: \/dev\/null is a file, so \/dev\/null\/run cannot be a folder\./,
    ],
    [
      'a strategy that cannot learn',
      'a.txt',
      'a\n',
      ['--strategy', 'waves', '--concurrency', 'auto'],
      /`--concurrency auto`/,
    ],
    ['a template with an unknown name', 'a.txt', 'a\n', ['--organize', '{platfrom}/x'], /placeholder/],
  ] as const)('%s', async (_name, name, content, args, message) => {
    const path = content === null ? join(folder, name) : await file(name, content);
    const madeBefore = simulator.stats().created;
    const { code, stderr } = await script('generate.ts', [path, '--out', join(folder, 'mistake'), ...args]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(code).toBe(2);
    expect(simulator.stats().created).toBe(madeBefore);
  });

  it('a port that is taken', async () => {
    const path = await file('a.txt', 'a\n');
    const { port } = new URL(simulator.baseUrl);
    const args = [path, '--out', join(folder, 'taken'), `--watch=${port}`];
    const { code, stderr } = await script('generate.ts', args);
    expect(stderr).toContain(`Cannot serve --watch on port ${port}`);
    expect(code).toBe(2);
  });

  it('no token', async () => {
    const path = await file('a.txt', 'a\n');
    const { code, stderr } = await script('generate.ts', [path], { env: { REPLICATE_API_TOKEN: '' } });
    expect(code).toBe(2);
    expect(stderr).toContain('REPLICATE_API_TOKEN');
    expect(stderr).toContain('--simulate');
  });
});

it('a wrong token ends with 3 and is not shown', async () => {
  const path = await file('a.txt', 'a\n');
  const { code, stderr } = await script('generate.ts', [path, '--out', join(folder, 'wrong')], {
    env: { REPLICATE_API_TOKEN: 'r8_wrongwrongwrong' },
  });
  expect(code).toBe(3);
  expect(stderr).toContain('401');
  expect(stderr).not.toContain('wrongwrong');
});

it('a run that runs out of credit ends with 3; with new credit the same command makes the missing images', async () => {
  const path = await file('dear.txt', Array.from({ length: 14 }, (_, n) => `cat ${n}\n`).join(''));
  const args = [path, '--out', join(folder, 'dear'), '--concurrency', '3'];
  const runWith = async (creditUsd: number) => {
    const own = await startSimulator({ render: 'fast', speed: 1_000, creditUsd });
    const finished = await script('generate.ts', args, { env: { REPLICATE_BASE_URL: own.baseUrl } });
    const { created } = own.stats();
    await own.close();
    return { ...finished, created };
  };
  const poor = await runWith(0.003 * 5); // also slowed down to 6 a minute, as all accounts below 5 US dollars
  expect(poor.code).toBe(3);
  expect(poor.stderr).toContain('402');
  expect(poor.created).toBeGreaterThanOrEqual(5);
  expect(poor.stderr).toContain(`${poor.created} of 14 jobs saved`);
  const rich = await runWith(100);
  expect(rich.code).toBe(0);
  expect(rich.stderr).toContain(`${poor.created} by earlier runs`);
  expect(poor.created + rich.created).toBe(14);
});

it('a job that fails stays alone and ends the run with 1', async () => {
  const own = await startSimulator({
    render: 'fast',
    speed: 100,
    faults: {
      onOutcome: ({ input }) => (String(input.prompt).includes('nude') ? 'NSFW content detected' : null),
    },
  });
  const path = await file('mixed.txt', 'a cat\na nude\na dog\n');
  const { code, stderr } = await script('generate.ts', [path, '--out', join(folder, 'mixed')], {
    env: { REPLICATE_BASE_URL: own.baseUrl },
  });
  await own.close();
  expect(code).toBe(1);
  expect(stderr).toContain('NSFW content detected');
  expect(stderr).toContain('2 of 3 jobs saved');
});

it('a campaign becomes folders by platform and variation, with a report', async () => {
  const out = join(folder, 'campaign');
  const { code, stderr } = await script('campaign.ts', ['examples/summer-launch.yaml', '--out', out]);
  expect(stderr).toContain('16 of 16 jobs saved');
  expect(code).toBe(0);
  expect((await readdir(out)).filter((name) => !name.includes('.')).sort()).toEqual([
    'facebook_ad',
    'instagram_post',
    'instagram_story',
    'twitter_post',
  ]);
  expect(JSON.parse(await readFile(join(out, 'campaign_report.json'), 'utf8'))).toMatchObject({
    total: 16,
    successful: 16,
    success_rate: 1,
    outputs_by_platform: { instagram_post: 4, instagram_story: 4, facebook_ad: 4, twitter_post: 4 },
  });
  const { outcomes } = JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8'));
  expect(outcomes[4].files[1]).toMatchObject({ name: 'instagram_story', width: 1080, height: 1920 });
  expect(outcomes[4].input.aspect_ratio).toBe('9:16');
});

describe('files as inputs', () => {
  it('come from beside the prompt file and from the working directory, and are shown as they were given', async () => {
    const picture = await sharp({ create: { width: 9, height: 9, channels: 3, background: '#c63' } })
      .png()
      .toBuffer();
    await file('ref.png', picture);
    const prompts = await file(
      'edits.jsonl',
      '{"prompt":"as a sketch","image_input":["ref.png"]}\n{"prompt":"at night"}\n',
    );
    const out = join(folder, 'edits');
    const other = relative(
      process.cwd(),
      await file('other.png', Buffer.concat([picture, Buffer.from('x')])),
    );
    const input = `image_input=${JSON.stringify([other])}`;
    const args = [prompts, '--model', 'google/nano-banana', '--input', input, '--out', out];
    const { code, stderr } = await script('generate.ts', args);
    expect(stderr).toContain('2 of 2 jobs saved');
    expect(code).toBe(0);
    const { outcomes } = JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8'));
    expect(outcomes[0].input).toEqual({ prompt: 'as a sketch', image_input: ['ref.png'] });
    expect(outcomes[1].input).toEqual({ prompt: 'at night', image_input: [other] });
    const plan = await script('generate.ts', [...args, '--out', join(folder, 'elsewhere'), '--dry-run']);
    expect(plan.stdout).toContain(`image_input=["ref.png"]`);
    await file('ref.png', Buffer.concat([picture, Buffer.from('changed')]));
    const changed = await script('generate.ts', args);
    expect(changed).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('2 of 2 jobs saved (1 by earlier runs)'),
    });
  });

  it('are checked before anything is created', async () => {
    const prompts = await file(
      'wrong.csv',
      `prompt,image_input\na,"[""missing.png""]"\nb,\nc,"[""wrong.csv""]"\n`,
    );
    const before = simulator.stats().created;
    const { code, stderr } = await script('generate.ts', [prompts, '--model', 'google/nano-banana']);
    expect(code).toBe(2);
    expect(stderr).toContain(
      `wrong.csv:2: \`image_input[0]\`: Expected a file at ${join(folder, 'missing.png')}, got none`,
    );
    expect(stderr).toContain(
      `wrong.csv:4: \`image_input[0]\`: Expected a picture at ${prompts}, got text/plain`,
    );
    expect(simulator.stats().created).toBe(before);
  });
});
